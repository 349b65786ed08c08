// Security contexts of containers: user, privileges, root file system.
import { eventually, uniqueName, useNamespace } from '../../framework.ts'
import type { PodSpec } from '../../pods.ts'
import { createPod, images, logsOf, podOf, waitForPod, waitSucceeded } from '../../pods.ts'

const namespace = useNamespace('security-context-test')
type SecurityContext = NonNullable<PodSpec['containers'][number]['securityContext']>

const testPod = (prefix: string, command: string[], securityContext: SecurityContext, image: string = images.busybox) => {
  const name = uniqueName(prefix)
  return podOf(namespace.name, name, { restartPolicy: 'Never', containers: [{ name, image, command, securityContext }] })
}

test('[sig-node] Security Context When creating a container with runAsUser should run the container with uid 65534 [LinuxOnly] [NodeConformance] [Conformance]', async () => {
  await waitSucceeded(await createPod(testPod('busybox-user-65534', ['sh', '-c', 'test $(id -u) -eq 65534'], { runAsUser: 65534 })))
})

test('[sig-node] Security Context When creating a pod with readOnlyRootFilesystem should run the container with writable rootfs when readOnlyRootFilesystem=false [NodeConformance] [Conformance]', async () => {
  const pod = await createPod(testPod('busybox-readonly-false', ['sh', '-c', 'touch checkfile'], { readOnlyRootFilesystem: false }))
  const end = await waitForPod(pod, ({ status }) => status?.phase === 'Succeeded' || status?.phase === 'Failed', 'has ended')
  expect(end.status?.phase).toBe('Succeeded')
})

test('[sig-node] Security Context When creating a pod with privileged should run the container as unprivileged when false [LinuxOnly] [NodeConformance] [Conformance]', async () => {
  const pod = await waitSucceeded(await createPod(testPod('busybox-privileged-false', ['sh', '-c', 'ip link add dummy0 type dummy || true'], { privileged: false })))
  await eventually(async () => (await logsOf(pod)).includes('Operation not permitted'), 'the log says that it is not permitted')
})

test('[sig-node] Security Context when creating containers with AllowPrivilegeEscalation should not allow privilege escalation when false [LinuxOnly] [NodeConformance] [Conformance]', async () => {
  const command = ['sh', '-c', 'echo "Effective uid: $(id-as-root -u)"']
  const pod = await waitSucceeded(await createPod(testPod('alpine-nnp-false', command, { runAsUser: 1000, allowPrivilegeEscalation: false }, images.toolbox)))
  expect(await logsOf(pod)).toContain('Effective uid: 1000')
  // Without it, the same program is root: otherwise the test could not fail.
  const other = await waitSucceeded(await createPod(testPod('alpine-nnp-nil', command, { runAsUser: 1000 }, images.toolbox)))
  expect(await logsOf(other)).toContain('Effective uid: 0')
})
