// In-place resize: what the API shows, what the status tells, what the kernel enforces in the containers, and back again.
import type { ContainerStatus, Pod, ResourceRequirements } from '../../../../pkg/api/types-pod.ts'
import { pods } from '../../../../pkg/api/types-pod.ts'
import { parseQuantity } from '../../../../pkg/api/quantity.ts'
import { client, eventually, http, uniqueName, useNamespace } from '../../framework.ts'
import { conditionOf, createRunning, execIn, images, isReady, podOf, waitForPod, waitGone } from '../../pods.ts'

const namespace = useNamespace('pod-resize-tests')

/** CPU and memory, requests then limits; '' where there is none. */
type Size = readonly [cpuRequest: string, cpuLimit: string, memoryRequest: string, memoryLimit: string]

const cpu = { original: '20m', reduced: '15m', increased: '25m', increasedLimit: '35m' }
const memory = { original: '35Mi', reduced: '30Mi', increased: '40Mi', increasedLimit: '50Mi' }

const resourcesOf = ([cpuRequest, cpuLimit, memoryRequest, memoryLimit]: Size): ResourceRequirements => {
  const list = (cpuText: string, memoryText: string): Record<string, string> => ({ ...(cpuText ? { cpu: cpuText } : {}), ...(memoryText ? { memory: memoryText } : {}) })
  const [requests, limits] = [list(cpuRequest, memoryRequest), list(cpuLimit, memoryLimit)]
  return { ...(Object.keys(requests).length > 0 ? { requests } : {}), ...(Object.keys(limits).length > 0 ? { limits } : {}) }
}

/** Guaranteed; each further container gets a little more, so that no two are alike. */
const guaranteed = (sizes: readonly (readonly [cpu: string, memory: string])[]): Size[] => sizes.map(([cpuText, memoryText], index) => {
  const [milli, mebi] = [`${parseInt(cpuText) + 2 * index}m`, `${parseInt(memoryText) + 2 * index}Mi`]
  return [milli, milli, mebi, mebi]
})

const resizablePod = (name: string, sizes: readonly Size[]): Pod => podOf(namespace.name, name, {
  os: { name: 'linux' }, restartPolicy: 'OnFailure', terminationGracePeriodSeconds: 0,
  securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
  containers: sizes.map((size, index) => ({
    name: `c${index + 1}`, image: images.busybox, command: ['/bin/sh'], args: ['-c', 'grep Cpus_allowed_list /proc/self/status | cut -f2 && sleep 1d'], resources: resourcesOf(size),
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  })),
})

/** Equal amounts under equal names, as the suite compares quantities. */
const amounts = ({ requests = {}, limits = {} }: ResourceRequirements): Record<string, bigint> => Object.fromEntries(
  [['requests', requests], ['limits', limits]].flatMap(([list, found]) => Object.entries(found as Record<string, string>).map(([name, text]) => [`${list as string}.${name}`, parseQuantity(text).nanos])),
)
const sizeOf = (found: readonly { resources?: ResourceRequirements }[]): Record<string, bigint>[] => found.map(({ resources }) => amounts(resources ?? {}))
const wanted = (sizes: readonly Size[]): Record<string, bigint>[] => sizes.map((size) => amounts(resourcesOf(size)))
const statuses = (pod: Pod): readonly ContainerStatus[] => pod.status?.containerStatuses ?? []
const same = (a: unknown, b: unknown): boolean => text(a) === text(b)
const text = (value: unknown): string => JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? `${each}` : typeof each === 'object' && each !== null && !Array.isArray(each) ? Object.fromEntries(Object.entries(each).sort()) : each))

const milli = (quantity: string): number => Number(parseQuantity(quantity || '0').nanos / 1_000_000n)

const files = {
  v1: ['memory/memory.limit_in_bytes', 'cpu/cpu.cfs_quota_us', 'cpu/cpu.shares'],
  v2: ['memory.max', 'cpu.max', 'cpu.weight'],
} as const
let version: 'v1' | 'v2' | undefined

const checkCgroups = async (pod: Pod, sizes: readonly Size[]): Promise<void> => {
  version ??= (await execIn(pod, ['sh', '-c', 'test -f /sys/fs/cgroup/cgroup.controllers && echo v2 || echo v1'])).trim() as 'v1' | 'v2'
  const v2 = version === 'v2'
  const paths = files[version].map((file) => `/sys/fs/cgroup/${file}`)
  await Promise.all(sizes.map(async ([cpuRequest, cpuLimit, , memoryLimit], index) => {
    const [limit, max, weight] = (await execIn(pod, ['cat', ...paths], `c${index + 1}`)).trim().split('\n')
    if (memoryLimit) expect(limit).toBe(`${parseQuantity(memoryLimit).nanos / 1_000_000_000n}`)
    const quota = cpuLimit ? `${Math.max(1000, milli(cpuLimit) * 100)}` : v2 ? 'max' : '-1'
    expect(max).toBe(v2 ? `${quota} 100000` : quota)
    const shares = Math.max(2, Math.floor((milli(cpuRequest || cpuLimit) * 1024) / 1000))
    // Two formulas are in use for version 2.
    const exponent = (Math.log2(shares) ** 2 + 125 * Math.log2(shares)) / 612 - 7 / 34
    expect(v2 ? [`${1 + Math.floor(((shares - 2) * 9999) / 262_142)}`, `${Math.ceil(10 ** exponent)}`] : [`${shares}`]).toContain(weight)
  }))
}

async function createSized(sizes: readonly Size[]): Promise<Pod> {
  const pod = await createRunning(resizablePod(uniqueName('resize-test'), sizes))
  expect(sizeOf(pod.spec.containers)).toEqual(wanted(sizes))
  expect(pod.spec.containers.map(({ resizePolicy }) => resizePolicy)).toEqual(sizes.map(() => undefined))
  expect(sizeOf(statuses(pod))).toEqual(wanted(sizes))
  await checkCgroups(pod, sizes)
  return pod
}

const waitActuated = (pod: Pod, sizes: readonly Size[]): Promise<Pod> => waitForPod(pod, (found) => {
  if (conditionOf(found, 'PodResizePending')?.reason === 'Infeasible') throw new Error(`the resize is infeasible: ${JSON.stringify(found.status)}`)
  return same(sizeOf(statuses(found)), wanted(sizes)) && !conditionOf(found, 'PodResizePending') && !conditionOf(found, 'PodResizeInProgress') && isReady(found)
}, 'is resized')

async function resizeTo(pod: Pod, sizes: readonly Size[]): Promise<void> {
  const { namespace: inNamespace, name = '' } = pod.metadata
  const containers = sizes.map((size, index) => ({ name: `c${index + 1}`, resources: resourcesOf(size) }))
  const patched = await client.patch(pods, { namespace: inNamespace, name }, { type: 'strategic', body: { spec: { containers } } }, { subresource: 'resize' })
  expect(sizeOf(patched.spec.containers)).toEqual(wanted(sizes))
  const before = statuses(patched).map(({ restartCount }) => restartCount)
  const resized = await waitActuated(pod, sizes)
  await checkCgroups(resized, sizes)
  expect(statuses(resized).map(({ restartCount }) => restartCount)).toEqual(before)
}

async function patchAndRollBack(original: readonly Size[], expected: readonly Size[], { rollBack = true } = {}): Promise<void> {
  const pod = await createSized(original)
  await resizeTo(pod, expected)
  if (rollBack) await resizeTo(pod, original)
  await client.delete(pods, { namespace: namespace.name, name: pod.metadata.name ?? '' })
  await waitGone(pod)
}

const three = guaranteed([[cpu.original, memory.original], [cpu.original, memory.original], [cpu.original, memory.original]])

test('[sig-node] Pod InPlace Resize Container guaranteed pods with multiple containers 3 containers - increase cpu & mem on c1, c2, decrease cpu & mem on c3 - net increase [MinimumKubeletVersion:1.34] [Conformance]', () =>
  patchAndRollBack(three, guaranteed([[cpu.increased, memory.increased], [cpu.increased, memory.increased], [cpu.reduced, memory.reduced]])))

test('[sig-node] Pod InPlace Resize Container guaranteed pods with multiple containers 3 containers - increase cpu & mem on c1, decrease cpu & mem on c2, c3 - net decrease [MinimumKubeletVersion:1.34] [Conformance]', () =>
  patchAndRollBack(three, guaranteed([[cpu.increased, memory.increased], [cpu.reduced, memory.reduced], [cpu.reduced, memory.reduced]])))

test('[sig-node] Pod InPlace Resize Container guaranteed pods with multiple containers 3 containers - increase: CPU (c1,c3), memory (c2, c3) ; decrease: CPU (c2) [MinimumKubeletVersion:1.34] [Conformance]', () =>
  patchAndRollBack(three, guaranteed([[cpu.increased, memory.original], [cpu.reduced, memory.increased], [cpu.increased, memory.increased]])))

test('[sig-node] Pod InPlace Resize Container burstable pods - extended 6 containers - various operations performed (including adding limits and requests) [MinimumKubeletVersion:1.34] [Conformance]', () =>
  patchAndRollBack([
    [cpu.original, '', '', ''], ['', '', memory.original, ''], [cpu.original, '', memory.original, ''], [cpu.original, '', '', ''], ['', '', memory.original, ''],
  ], [
    [cpu.increased, cpu.increasedLimit, '', ''], ['', '', memory.reduced, memory.increasedLimit], [cpu.original, '', memory.reduced, ''], [cpu.reduced, '', memory.original, ''], [cpu.original, '', memory.increased, ''],
  ], { rollBack: false }))

test('[sig-node] Pod InPlace Resize Container burstable pods - extended resize with equivalents [MinimumKubeletVersion:1.34] [Conformance]', () =>
  patchAndRollBack([['2m', '10m', '', '']], [['1m', '5m', '', '']]))

test('[sig-node] Pod InPlace Resize Container resize pod via the replace endpoint [MinimumKubeletVersion:1.34] [Conformance]', async () => {
  const desired: Size[] = [[cpu.increased, '', memory.increased, '']]
  const pod = await createSized([[cpu.original, '', memory.original, '']])
  expect(pod.metadata.generation).toBe(1)
  const key = { namespace: namespace.name, name: pod.metadata.name ?? '' }
  for (;;) {
    const current = await client.get(pods, key)
    const [container] = current.spec.containers
    const { status } = await http('PUT', `/api/v1/namespaces/${key.namespace}/pods/${key.name}/resize`, {
      body: { ...current, spec: { ...current.spec, containers: [{ ...container, resources: resourcesOf(desired[0]!) }] } },
    })
    if (status === 409) continue
    expect(status).toBe(200)
    break
  }
  const updated = await client.get(pods, key)
  expect(sizeOf(updated.spec.containers)).toEqual(wanted(desired))
  expect(updated.metadata.generation).toBe(2)
  await waitActuated(pod, desired)
  // The status may be written between the two reads; once they agree, they agree in everything.
  await eventually(async () => {
    const [fromPod, fromResize] = [await client.get(pods, key), (await http('GET', `/api/v1/namespaces/${key.namespace}/pods/${key.name}/resize`)).json() as unknown as Pod]
    if (fromPod.metadata.resourceVersion !== fromResize.metadata.resourceVersion) return false
    expect(fromResize).toEqual(fromPod)
    return true
  }, 'the pod is the same from its resize subresource')
})
