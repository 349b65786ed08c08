import type { Taint } from '../api/types-node.ts'
import { containerLimits, oomScoreAdjust, podCgroup, podRequests, qosClass } from './container-resources.ts'
import { makePod } from './fixture.suite.ts'
import { sandboxSizes } from './sandbox-sizes.ts'
import { admitPod } from './pod-admission.ts'
import { podsToPreempt } from './preemption.ts'

const withResources = (limits: Record<string, string>, requests: Record<string, string>, more = {}): ReturnType<typeof makePod> => makePod({ containers: [{ name: 'c', resources: { limits, requests } }], ...more })
const guaranteed = withResources({ cpu: '1', memory: '1Gi' }, { cpu: '1', memory: '1Gi' })
const burstable = withResources({ memory: '1Gi' }, { memory: '512Mi' })

describe('resources', () => {
  it.each([['Guaranteed', guaranteed, -997, '/kubepods/podu'], ['Burstable', burstable, 500, '/kubepods/burstable/podu'], ['BestEffort', makePod(), 1000, '/kubepods/besteffort/podu']])('%s', (qos, pod, adjust, cgroup) => {
    expect(qosClass(pod)).toBe(qos)
    expect(oomScoreAdjust(pod, 512 * 2 ** 20, 2 ** 30)).toBe(adjust)
    expect(podCgroup(pod, 'cgroupfs')).toBe(cgroup)
  })

  it('keeps a burstable pod between the others', () => {
    expect([oomScoreAdjust(burstable, 0, 2 ** 30), oomScoreAdjust(burstable, 2 ** 30, 2 ** 30)]).toEqual([999, 3])
  })

  it('names slices for systemd', () => {
    expect(podCgroup({ ...burstable, metadata: { uid: 'a-b' } }, 'systemd')).toBe('kubepods-burstable-poda_b.slice')
  })

  it('turns requests into shares and limits into quotas', () => {
    const limits = (cpuLimit?: string, cpuRequest?: string) => containerLimits(makePod(), { name: 'c', resources: { limits: cpuLimit ? { cpu: cpuLimit } : {}, requests: cpuRequest ? { cpu: cpuRequest } : {} } }, 1)
    expect(limits()).toMatchObject({ cpuShares: 2, cpuQuota: 0, cpuPeriod: 100_000, memoryBytes: 0 })
    expect(limits('500m')).toMatchObject({ cpuShares: 512, cpuQuota: 50_000 })
    expect(limits('1m', '100m')).toMatchObject({ cpuShares: 102, cpuQuota: 1000 })
  })

  it('asks for the larger of start and running', () => {
    const cpu = (text: string): object => ({ resources: { requests: { cpu: text } } })
    const pod = makePod({
      initContainers: [{ name: 's', restartPolicy: 'Always', ...cpu('1') }, { name: 'i', ...cpu('3') }], containers: [{ name: 'a', ...cpu('1') }, { name: 'b', ...cpu('500m') }], overhead: { cpu: '10m' },
    })
    expect(podRequests(pod).cpuMilli).toBe(4010)
  })
})

describe('admitPod', () => {
  const node = { metadata: { name: 'n', labels: { zone: 'a' } } }
  const allocatable = { cpu: '2', memory: '2Gi', pods: '2' }
  const admit = (pod: ReturnType<typeof makePod>, others: ReturnType<typeof makePod>[] = [], taints: Taint[] = []): string | undefined =>
    admitPod({ pod, others, node, taints, allocatable, appArmor: false, strictGroups: false, unsafeSysctls: ['kernel.sem', 'net.core.*'] }).verdict?.message
  it.each<[string, ReturnType<typeof makePod>, ReturnType<typeof makePod>[], string | undefined, Taint[]?]>([
    ['fits', guaranteed, [guaranteed], undefined],
    ['cpu', withResources({}, { cpu: '1500m' }), [guaranteed], "Pod was rejected: Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 2000"],
    ['pods', makePod(), [makePod(), makePod()], "Pod was rejected: Node didn't have enough resource: pods, requested: 1, used: 2, capacity: 2"],
    ['selector', makePod({ nodeSelector: { zone: 'b' } }), [], "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"],
    ['room first', withResources({}, { cpu: '3' }, { nodeSelector: { zone: 'b' } }), [], "Pod was rejected: Node didn't have enough resource: cpu, requested: 3000, used: 0, capacity: 2000"],
    ['the pod\'s own resources', makePod({ resources: { requests: { cpu: '3' } } }), [], "Pod was rejected: Node didn't have enough resource: cpu, requested: 3000, used: 0, capacity: 2000"],
    ['a taint', makePod(), [], "Pod was rejected: Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate", [{ key: 'k', value: 'v', effect: 'NoExecute' }]],
    ['a taint that is tolerated', makePod({ tolerations: [{ key: 'k', value: 'v' }] }), [], undefined, [{ key: 'k', value: 'v', effect: 'NoExecute' }]],
    ['a static pod in spite of a taint', makePod({}, { annotations: { 'kubernetes.io/config.source': 'file' } }), [], undefined, [{ key: 'k', effect: 'NoExecute' }]],
    ['a taint for the scheduler', makePod(), [], undefined, [{ key: 'k', effect: 'NoSchedule' }]],
    ['another system', makePod({ os: { name: 'windows' } }), [], 'Pod was rejected: Failed to admit pod as the OS field doesn\'t match node OS'],
    ['labelled for another system', makePod({}, { labels: { 'kubernetes.io/os': 'windows' } }), [], 'Pod was rejected: Failed to admit pod as the `kubernetes.io/os` label doesn\'t match node label'],
    ['critical, but elsewhere', withResources({}, { cpu: '3' }, { priority: 2_000_000_000, nodeSelector: { zone: 'b' } }), [], "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"],
    ['critical, and nobody can go', withResources({}, { cpu: '3' }, { priority: 2_000_000_000 }), [guaranteed], 'Pod was rejected: Unexpected error while attempting to recover from admission failure: preemption: error finding a set of pods to preempt: no set of running pods found to reclaim resources: [(res: cpu, q: 2000), ]'],
    ['AppArmor', makePod({ containers: [{ name: 'c', securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } }] }), [], 'Pod was rejected: Cannot enforce AppArmor: AppArmor is not enabled on the host'],
    ['no AppArmor', makePod({ securityContext: { appArmorProfile: { type: 'Localhost', localhostProfile: 'p' } }, containers: [{ name: 'c', securityContext: { appArmorProfile: { type: 'Unconfined' } } }] }), [], undefined],
    ['allowed sysctls', makePod({ securityContext: { sysctls: [{ name: 'kernel.sem', value: '1' }, { name: 'net.core.somaxconn', value: '1' }] } }), [], undefined],
    ['allowed, but the host\'s', makePod({ hostNetwork: true, securityContext: { sysctls: [{ name: 'net.core.somaxconn', value: '1' }] } }), [], 'Pod was rejected: forbidden sysctl: "net.core.somaxconn" not allowlisted'],
    ['sysctl', makePod({ securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }), [], 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted'],
  ])('%s', (...[, pod, others, expected, taints]) => expect(admit(pod, others, taints)).toBe(expected))
})

describe('what makes room for a critical pod', () => {
  const critical = withResources({}, { cpu: '1', memory: '1Gi' }, { priority: 2_000_000_000 })
  const named = (name: string, cpu: string, memory: string, limits = false): ReturnType<typeof makePod> =>
    makePod({ priority: 1, containers: [{ name: 'c', resources: { requests: { cpu, memory }, ...(limits ? { limits: { cpu, memory } } : {}) } }] }, { name, uid: name })
  const pods = [named('guaranteed', '1', '1Gi', true), named('big', '1500m', '1Gi'), named('fitting', '1', '512Mi'), named('small', '250m', '128Mi'), makePod({}, { name: 'best-effort', uid: 'b' })]
  it.each<[string, Parameters<typeof podsToPreempt>[2], string[] | undefined]>([
    ['one that fits', [{ name: 'cpu', amount: 1000 }], ['fitting']],
    ['the smallest that does', [{ name: 'cpu', amount: 200 }], ['small']],
    ['the guaranteed last', [{ name: 'cpu', amount: 3000 }], ['big', 'fitting', 'guaranteed']],
    ['what asks for nothing, for a place', [{ name: 'pods', amount: 1 }], ['best-effort']],
    ['more than there is', [{ name: 'memory', amount: 2 ** 40 }], undefined],
  ])('%s', (_what, needs, expected) => expect(podsToPreempt(critical, pods, needs)?.map(({ metadata }) => metadata.name)).toEqual(expected))

  it('is asked of lower ones only', () => {
    const peers = [named('a', '1', '1Gi'), withResources({}, { cpu: '1' }, { priority: 2_000_000_001 })]
    expect(podsToPreempt(critical, peers, [{ name: 'cpu', amount: 1500 }])).toBeUndefined()
    expect(admitPod({ pod: critical, others: [guaranteed, guaranteed], node: { metadata: { name: 'n' } }, allocatable: { cpu: '2', memory: '4Gi', pods: '9' }, appArmor: false, strictGroups: false }).preempt).toEqual([guaranteed])
  })
})

describe('limits of a pod as a whole', () => {
  const pod = makePod({ resources: { limits: { cpu: '2', memory: '1Gi' }, requests: { cpu: '1', memory: '512Mi' } }, initContainers: [{ name: 's', restartPolicy: 'Always' }], containers: [{ name: 'own', resources: { limits: { cpu: '500m', memory: '100Mi' }, requests: { memory: '100Mi' } } }, { name: 'none' }] })
  const limits = (name: string) => containerLimits(pod, [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find((each) => each.name === name) ?? { name }, 2 ** 30)
  it('hold for containers without their own, which share what is asked for beyond the others', () => {
    expect(qosClass(pod)).toBe('Burstable')
    expect(podRequests(pod)).toEqual({ cpuMilli: 1000, memoryBytes: 512 * 2 ** 20 })
    expect(limits('own')).toMatchObject({ cpuQuota: 50_000, memoryBytes: 100 * 2 ** 20, oomScoreAdjust: 1000 - Math.floor(1000 * (100 + (512 - 100) / 3) / 1024) })
    expect(limits('none')).toMatchObject({ cpuQuota: 200_000, cpuShares: 2048, memoryBytes: 2 ** 30, oomScoreAdjust: 1000 - Math.floor(1000 * (412 / 3) / 1024) })
    expect(limits('s').oomScoreAdjust).toBe(limits('none').oomScoreAdjust)
  })

  it('leave a sidecar no earlier to be killed than what it serves', () => {
    const served = makePod({ initContainers: [{ name: 's', restartPolicy: 'Always' }], containers: [{ name: 'c', resources: { requests: { memory: '512Mi' } } }] })
    expect(containerLimits(served, { name: 's' }, 2 ** 30).oomScoreAdjust).toBe(500)
  })

  it('spare only what the node itself needs', () => {
    const important = (priorityClassName: string): number => oomScoreAdjust({ ...burstable, spec: { ...burstable.spec, priority: 2_000_000_000, priorityClassName } }, 0, 2 ** 30)
    expect([important('system-node-critical'), important('system-cluster-critical')]).toEqual([-997, 999])
  })
})

describe('what a sandbox is told of its pod', () => {
  const none = { cpuShares: 2, cpuQuota: 0, cpuPeriod: 100_000, memoryBytes: 0 }
  const with_ = (limits: Record<string, string>, requests?: Record<string, string>) => ({ name: 'c', resources: { limits, ...(requests ? { requests } : {}) } })
  it.each<[string, Parameters<typeof makePod>[0], ReturnType<typeof sandboxSizes>]>([
    ['nothing is asked for', {}, { pod: none }],
    ['the limits that there are', { containers: [with_({ cpu: '500m', memory: '1Mi' }, { cpu: '250m' }), { name: 'd' }] }, { pod: { ...none, cpuShares: 256, cpuQuota: 50_000, memoryBytes: 1 << 20 } }],
    ['without the overhead', { overhead: { cpu: '100m', memory: '2Mi' }, containers: [with_({ cpu: '1' })] }, {
      pod: { ...none, cpuShares: 1024, cpuQuota: 100_000 }, overhead: { ...none, cpuShares: 102, cpuQuota: 10_000, memoryBytes: 2 << 20 },
    }],
    ['the pod\'s own before its containers\'', { resources: { limits: { cpu: '2', memory: '8Mi' } }, containers: [with_({ cpu: '1', memory: '1Mi' })] }, { pod: { ...none, cpuShares: 2048, cpuQuota: 200_000, memoryBytes: 8 << 20 } }],
  ])('%s', (_what, spec, sizes) => expect(sandboxSizes(makePod(spec))).toEqual(sizes))
})
