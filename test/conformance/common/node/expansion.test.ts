// `$(NAME)` in variables, commands and the paths inside volumes.
import type { Container, Pod } from '../../../../pkg/api/types-pod.ts'
import { pods } from '../../../../pkg/api/types-pod.ts'
import { client, uniqueName, useNamespace } from '../../framework.ts'
import { createPod, deletePod, execIn, expectOutput, images, podOf, waitForPod, waitWaiting } from '../../pods.ts'

const namespace = useNamespace('var-expansion')
const startMs = 120_000

const expandingPod = (container: Partial<Container>, { annotations, name = uniqueName('var-expansion') }: { annotations?: Record<string, string>; name?: string } = {}): Pod => podOf(namespace.name, name, {
  containers: [{ name: 'dapi-container', image: images.busybox, ...container }],
  restartPolicy: 'Never',
  volumes: container.volumeMounts ? [{ name: 'workdir1', emptyDir: {} }] : [],
}, { labels: { name }, ...(annotations ? { annotations } : {}) })

const running = (pod: Pod): Promise<Pod> => waitForPod(pod, ({ status }) => status?.phase === 'Running', 'is running', startMs)
const annotate = (pod: Pod, annotations: Record<string, string>): Promise<unknown> =>
  client.patch(pods, { namespace: namespace.name, name: pod.metadata.name ?? '' }, { type: 'merge', body: { metadata: { annotations } } })

const outputs: Record<string, { container: Partial<Container>; expected: string[] }> = {
  '[sig-node] Variable Expansion should allow composing env vars into new env vars [NodeConformance] [Conformance]': {
    container: {
      command: ['sh', '-c', 'env'],
      env: [{ name: 'FOO', value: 'foo-value' }, { name: 'BAR', value: 'bar-value' }, { name: 'FOOBAR', value: '$(FOO);;$(BAR)' }],
    },
    expected: ['FOO=foo-value', 'BAR=bar-value', 'FOOBAR=foo-value;;bar-value'],
  },
  "[sig-node] Variable Expansion should allow substituting values in a container's command [NodeConformance] [Conformance]": {
    container: { command: ['sh', '-c', 'TEST_VAR=wrong echo "$(TEST_VAR)"'], env: [{ name: 'TEST_VAR', value: 'test-value' }] },
    expected: ['test-value'],
  },
  "[sig-node] Variable Expansion should allow substituting values in a container's args [NodeConformance] [Conformance]": {
    container: { command: ['sh', '-c'], args: ['TEST_VAR=wrong echo "$(TEST_VAR)"'], env: [{ name: 'TEST_VAR', value: 'test-value' }] },
    expected: ['test-value'],
  },
}

for (const [name, { container, expected }] of Object.entries(outputs)) test(name, () => expectOutput(expandingPod(container), expected))

test('[sig-node] Variable Expansion should allow substituting values in a volume subpath [Conformance]', async () => {
  const name = uniqueName('var-expansion')
  await expectOutput(expandingPod({
    command: ['sh', '-c', `test -d /testcontainer/${name};echo $?`],
    env: [{ name: 'POD_NAME', value: name }],
    volumeMounts: [{ name: 'workdir1', mountPath: '/logscontainer', subPathExpr: '$(POD_NAME)' }, { name: 'workdir1', mountPath: '/testcontainer' }],
  }, { name }), ['0'])
})

const refused: Record<string, string> = {
  '[sig-node] Variable Expansion should fail substituting values in a volume subpath with backticks [Conformance]': '..',
  '[sig-node] Variable Expansion should fail substituting values in a volume subpath with absolute path [Conformance]': '/tmp',
}

for (const [name, value] of Object.entries(refused)) {
  test(name, async () => {
    const pod = await createPod(expandingPod({
      env: [{ name: 'POD_NAME', value }],
      volumeMounts: [{ name: 'workdir1', mountPath: '/logscontainer', subPathExpr: '$(POD_NAME)' }],
    }))
    await waitWaiting(pod, 'CreateContainerConfigError', startMs)
    await deletePod(pod)
  })
}

/** Mounts a directory whose name depends on the pod's annotation. */
const annotatedPod = (annotations: Record<string, string>): Pod => expandingPod({
  command: ['sh', '-c', 'tail -f /dev/null'],
  env: [{ name: 'POD_NAME', value: 'foo' }, { name: 'ANNOTATION', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: "metadata.annotations['mysubpath']" } } }],
  volumeMounts: [{ name: 'workdir1', mountPath: '/subpath_mount', subPathExpr: '$(ANNOTATION)/$(POD_NAME)' }, { name: 'workdir1', mountPath: '/volume_mount' }],
}, { annotations })

test('[sig-node] Variable Expansion should verify that a failing subpath expansion can be modified during the lifecycle of a container [Slow] [Conformance]', async () => {
  const pod = await createPod(annotatedPod({ notmysubpath: 'mypath' }))
  await waitWaiting(pod, 'CreateContainerConfigError', startMs)
  await annotate(pod, { mysubpath: 'mypath' })
  await running(pod)
  await deletePod(pod)
})

test('[sig-node] Variable Expansion should succeed in writing subpaths in container [Conformance]', async () => {
  const pod = await createPod(annotatedPod({ mysubpath: 'mypath' }))
  await running(pod)
  await execIn(pod, ['/bin/sh', '-c', 'touch /volume_mount/mypath/foo/test.log'])
  await execIn(pod, ['/bin/sh', '-c', 'test -f /subpath_mount/test.log'])
  await annotate(pod, { mysubpath: 'mynewpath' })
  await running(pod)
  await deletePod(pod)
})
