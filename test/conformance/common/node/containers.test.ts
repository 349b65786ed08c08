// Containers: whose command and arguments they run, the image's or the pod's.
import { eventually, podSecurity, uniqueName, useNamespace } from '../../framework.ts'
import { createPod, logsOf, outputOf, toolboxPod, waitRunning } from '../../pods.ts'

const namespace = useNamespace('containers', podSecurity('baseline'))

const testPod = (args?: readonly string[], command?: readonly string[]) => {
  const pod = toolboxPod(namespace.name, uniqueName('client-containers'), args, { terminationGracePeriodSeconds: 1, restartPolicy: 'Never' })
  return command ? { ...pod, spec: { ...pod.spec, containers: pod.spec.containers.map((container) => ({ ...container, command: [...command] })) } } : pod
}

test('[sig-node] Containers should use the image defaults if command and args are blank [NodeConformance] [Conformance]', async () => {
  const pod = await waitRunning(await createPod(testPod()))
  await eventually(async () => (await logsOf(pod)).includes('Paused'), 'the image\'s own command runs', 3000)
})

test('[sig-node] Containers should be able to override the image\'s default arguments (container cmd) [NodeConformance] [Conformance]', async () => {
  expect(await outputOf(testPod(['entrypoint-tester', 'override', 'arguments']))).toContain('[/usr/local/bin/toolbox entrypoint-tester override arguments]')
})

test('[sig-node] Containers should be able to override the image\'s default command (container entrypoint) [NodeConformance] [Conformance]', async () => {
  expect(await outputOf(testPod(['entrypoint-tester'], ['toolbox-2']))).toContain('[/usr/local/bin/toolbox-2 entrypoint-tester]')
})

test('[sig-node] Containers should be able to override the image\'s default command and arguments [NodeConformance] [Conformance]', async () => {
  expect(await outputOf(testPod(['entrypoint-tester', 'override', 'arguments'], ['toolbox-2'])))
    .toContain('[/usr/local/bin/toolbox-2 entrypoint-tester override arguments]')
})
