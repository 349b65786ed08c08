// User and group of containers, from the pod and from the container.
import { uniqueName, useNamespace } from '../framework.ts'
import type { PodSpec } from '../pods.ts'
import { images, outputOf, podOf } from '../pods.ts'

const namespace = useNamespace('security-context')

const idOutput = (podContext: PodSpec['securityContext'], containerContext?: PodSpec['securityContext']): Promise<string> =>
  outputOf(podOf(namespace.name, uniqueName('security-context'), {
    restartPolicy: 'Never', securityContext: podContext ?? {},
    containers: [{ name: 'test-container', image: images.busybox, command: ['sh', '-c', 'id'], ...(containerContext ? { securityContext: containerContext } : {}) }],
  }))

test('[sig-node] Security Context should support pod.Spec.SecurityContext.RunAsUser And pod.Spec.SecurityContext.RunAsGroup [LinuxOnly] [Conformance]', async () => {
  const output = await idOutput({ runAsUser: 1001, runAsGroup: 2002 })
  expect(output).toContain('uid=1001')
  expect(output).toContain('gid=2002')
})

test('[sig-node] Security Context should support container.SecurityContext.RunAsUser And container.SecurityContext.RunAsGroup [LinuxOnly] [Conformance]', async () => {
  const output = await idOutput({ runAsUser: 1001, runAsGroup: 2001 }, { runAsUser: 1002, runAsGroup: 2002 })
  expect(output).toContain('uid=1002')
  expect(output).toContain('gid=2002')
})
