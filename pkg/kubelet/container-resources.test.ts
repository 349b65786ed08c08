import { containerLimits, oomScoreAdjust, podCgroup, podRequests, qosClass } from './container-resources.ts'
import { makePod } from './fixture.suite.ts'
import { sandboxSizes } from './sandbox-sizes.ts'
import { admitPod } from './pod-admission.ts'

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
    const limits = (cpuLimit?: string, cpuRequest?: string) => containerLimits(makePod(), { resources: { limits: cpuLimit ? { cpu: cpuLimit } : {}, requests: cpuRequest ? { cpu: cpuRequest } : {} } }, 1)
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
  const admit = (pod: ReturnType<typeof makePod>, others: ReturnType<typeof makePod>[] = []): string | undefined =>
    admitPod({ pod, others, node, allocatable, appArmor: false, strictGroups: false, unsafeSysctls: ['kernel.sem', 'net.core.*'] })?.message
  it.each([
    ['fits', guaranteed, [guaranteed], undefined],
    ['cpu', withResources({}, { cpu: '1500m' }), [guaranteed], "Pod was rejected: Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 2000"],
    ['pods', makePod(), [makePod(), makePod()], "Pod was rejected: Node didn't have enough resource: pods, requested: 1, used: 2, capacity: 2"],
    ['selector', makePod({ nodeSelector: { zone: 'b' } }), [], "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"],
    ['AppArmor', makePod({ containers: [{ name: 'c', securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } }] }), [], 'Pod was rejected: Cannot enforce AppArmor: AppArmor is not enabled on the host'],
    ['no AppArmor', makePod({ securityContext: { appArmorProfile: { type: 'Localhost', localhostProfile: 'p' } }, containers: [{ name: 'c', securityContext: { appArmorProfile: { type: 'Unconfined' } } }] }), [], undefined],
    ['allowed sysctls', makePod({ securityContext: { sysctls: [{ name: 'kernel.sem', value: '1' }, { name: 'net.core.somaxconn', value: '1' }] } }), [], undefined],
    ['allowed, but the host\'s', makePod({ hostNetwork: true, securityContext: { sysctls: [{ name: 'net.core.somaxconn', value: '1' }] } }), [], 'Pod was rejected: forbidden sysctl: "net.core.somaxconn" not allowlisted'],
    ['sysctl', makePod({ securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }), [], 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted'],
  ])('%s', (_name, pod, others, expected) => expect(admit(pod, others)).toBe(expected))
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
