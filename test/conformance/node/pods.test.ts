// A pod's generation: counts the changes of its spec, and its status tells which of them has been seen.
import type { Pod } from '../../../pkg/api/types-pod.ts'
import { pods } from '../../../pkg/api/types-pod.ts'
import { client, http, podSecurity, uniqueName, useNamespace } from '../framework.ts'
import { createRunning, images, timeouts, toolboxPod, updatePod, waitForPod, waitRunning } from '../pods.ts'

const namespace = useNamespace('pods', podSecurity('baseline'))
const read = (pod: Pod): Promise<Pod> => client.get(pods, { namespace: namespace.name, name: pod.metadata.name ?? '' })

const waitObserved = (pod: Pod, generation: number, timeoutMs: number): Promise<Pod> =>
  waitForPod(pod, ({ status }) => status?.observedGeneration === generation, `has seen generation ${generation}`, timeoutMs)

const withSpec = (change: Partial<Pod['spec']>) => (pod: Pod): Pod => ({ ...pod, spec: { ...pod.spec, ...change } })
const withImage = (list: 'containers' | 'initContainers', image: string) => (pod: Pod): Pod =>
  ({ ...pod, spec: { ...pod.spec, [list]: (pod.spec[list] ?? []).map((container, index) => (index === 0 ? { ...container, image } : container)) } })

test('[sig-node] Pods Extended (pod generation) Pod Generation pod generation should start at 1 and increment per update [MinimumKubeletVersion:1.34] [Conformance]', async () => {
  const pod = await createRunning(toolboxPod(namespace.name, uniqueName('pod-generation'), undefined, {
    initContainers: [{ name: 'init-container', image: images.busybox }],
  }))
  expect(pod.metadata.generation).toBe(1)
  let generation = 1
  for (const { change, counts } of [
    { change: (it: Pod): Pod => it, counts: false },
    { change: withSpec({ tolerations: [{ key: uniqueName('foo'), operator: 'Equal', value: 'bar', effect: 'NoSchedule' }] }), counts: true },
    { change: withSpec({ activeDeadlineSeconds: 5000 }), counts: true },
    { change: withImage('containers', images.nginx), counts: true },
    { change: withImage('initContainers', images.toolbox), counts: true },
    { change: (it: Pod): Pod => ({ ...it, metadata: { ...it.metadata, annotations: { key: 'value' } } }), counts: false },
    { change: (it: Pod): Pod => ({ ...it, metadata: { ...it.metadata, generation: 1 } }), counts: false },
  ]) {
    await updatePod(pod, change)
    if (counts) generation++
    expect((await read(pod)).metadata.generation).toBe(generation)
    await waitObserved(pod, generation, 20_000)
  }
})

test('[sig-node] Pods Extended (pod generation) Pod Generation custom-set generation on new pods and graceful delete [Conformance]', async () => {
  const made = toolboxPod(namespace.name, uniqueName('pod-generation'))
  const pod = await createRunning({ ...made, metadata: { ...made.metadata, labels: { time: String(process.hrtime.bigint()) }, generation: 100 } })
  expect(pod.metadata.generation).toBe(1)
  // Otherwise it might go at once instead of gracefully.
  await waitRunning(pod)
  const { status } = await http('DELETE', `/api/v1/namespaces/${namespace.name}/pods/${pod.metadata.name}?gracePeriodSeconds=60`)
  expect(status).toBe(200)
  expect((await read(pod)).metadata.generation).toBe(2)
})

test('[sig-node] Pods Extended (pod generation) Pod Generation issue 500 podspec updates and verify generation and observedGeneration eventually converge [MinimumKubeletVersion:1.34] [Conformance]', async () => {
  const made = toolboxPod(namespace.name, uniqueName('pod-generation'), undefined, { activeDeadlineSeconds: 5000 })
  const pod = await createRunning({ ...made, metadata: { ...made.metadata, labels: { time: String(process.hrtime.bigint()) } } })
  for (let count = 0; count < 499; count++) {
    await updatePod(pod, (it) => withSpec({ activeDeadlineSeconds: (it.spec.activeDeadlineSeconds ?? 0) - 1 })(it))
  }
  await waitObserved(pod, 500, timeouts.podStart)
  expect((await read(pod)).metadata.generation).toBe(500)
})
