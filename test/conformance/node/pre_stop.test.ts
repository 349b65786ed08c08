// The hook before a container's end.
import { pods } from '../../../pkg/api/types-pod.ts'
import { client, eventually, http, podSecurity, useNamespace } from '../framework.ts'
import { createPod, images, podOf, waitRunning } from '../pods.ts'

const namespace = useNamespace('prestop', podSecurity('baseline'))

test('[sig-node] PreStop should call prestop when killing a pod [Conformance]', async () => {
  const server = await waitRunning(await createPod(podOf(namespace.name, 'server', {
    containers: [{ name: 'agnhost-container', image: images.toolbox, args: ['nettest'], ports: [{ containerPort: 8080 }] }],
  })))
  const address = `http://${server.status?.podIP}:8080/write`
  const tester = await waitRunning(await createPod(podOf(namespace.name, 'tester', {
    containers: [{
      name: 'tester', image: images.busybox, command: ['sleep', '600'],
      lifecycle: { preStop: { exec: { command: ['wget', '-O-', '--post-data={"Source": "prestop"}', address] } } },
    }],
  })))
  const read = () => http('GET', `/api/v1/namespaces/${namespace.name}/pods/server/proxy/read`)
  // Our server begins more slowly than the original's.
  await eventually(async () => (await read()).status === 200, 'the server listens')
  await client.delete(pods, { namespace: namespace.name, name: tester.metadata.name ?? '' })
  await eventually(async () => {
    const { status, text } = await read()
    return status === 200 && (JSON.parse(text) as { Received: Record<string, number> }).Received['prestop'] !== undefined
  }, 'the server was told', 60_000)
})
