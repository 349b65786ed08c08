// What the API server says of a pod's quality of service (part of node/pods.go).
import { pods } from '../../../pkg/api/types-pod.ts'
import { client, uniqueName, useNamespace } from '../framework.ts'
import { createPod, images, podOf } from '../pods.ts'

const namespace = useNamespace('pods')

test('[sig-node] Pods Extended Pods Set QOS Class should be set on Pods with matching resource requests and limits for memory and cpu [Conformance]', async () => {
  const name = uniqueName('pod-qos-class')
  const resources = { cpu: '100m', memory: '100Mi' }
  await createPod(podOf(namespace.name, name, {
    containers: [{ name: 'agnhost', image: images.toolbox, args: ['pause'], resources: { limits: resources, requests: resources } }],
  }, { labels: { name } }))
  expect((await client.get(pods, { namespace: namespace.name, name })).status?.qosClass).toBe('Guaranteed')
})
