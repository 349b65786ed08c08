import type { KubeObject } from '../api/object.ts'
import type { PodDisruptionBudget } from '../api/types-config.ts'
import type { ResourceClaim } from '../api/types-device.ts'
import type { Pod } from '../api/types-pod.ts'
import type { Client } from '../client/client.ts'
import type { Informer } from '../client/informer.ts'
import { decide, enoughNodes, type CycleOptions } from './cycle.ts'
import { testInfo, testNode, testPod, testSnapshot, verdicts, scoresOf, type PodParts } from './fixture.suite.ts'
import { dynamicResources } from './plugins/dynamic-resources.ts'
import { defaultPreemption } from './plugins/default-preemption.ts'
import { interPodAffinity } from './plugins/inter-pod-affinity.ts'
import { nodeAffinity } from './plugins/node-affinity.ts'
import { nodeResourcesFit } from './plugins/node-resources-fit.ts'
import { nodeUnschedulable } from './plugins/node-unschedulable.ts'
import { podTopologySpread } from './plugins/pod-topology-spread.ts'
import { byImportance, leastHarm } from './plugins/victims.ts'

const none = { get: () => undefined }
const options = (budgets: readonly PodDisruptionBudget[] = [], random = () => 0): CycleOptions => ({
  plugins: [
    nodeUnschedulable, nodeAffinity, nodeResourcesFit, podTopologySpread(() => undefined), interPodAffinity(() => ({ team: 'x' })),
    dynamicResources({ client: {} as Client, claims: none as unknown as Informer<ResourceClaim>, classes: none as unknown as Informer<KubeObject> }),
    defaultPreemption({ budgets: () => budgets, random }),
  ],
  random,
})
const zone = (name: string, value: string) => testNode(name, { labels: { zone: value } })

describe('decide', () => {
  it('says so when there are no nodes', () => {
    expect(decide(testInfo('p'), testSnapshot([]), options())).toMatchObject({ message: 'no nodes available to schedule pods' })
  })

  it('breaks ties by chance, and by nothing else', () => {
    const nodes = testSnapshot(['a', 'b', 'c', 'd'].map((name) => testNode(name)))
    expect([0, 0.3, 0.6, 0.99].map((chance) => decide(testInfo('p'), nodes, options([], () => chance)))).toEqual(['a', 'b', 'c', 'd'].map((node) => ({ node })))
  })

  it('counts every reason of every node, sorted as text', () => {
    const nodes = testSnapshot([...Array.from({ length: 10 }, (_, index) => testNode(`n${index}`, { allocatable: { cpu: '1' } })), testNode('x', { unschedulable: true }), testNode('y', { allocatable: { memory: '1Mi' } })])
    const decision = decide(testInfo('p', { requests: { cpu: '2', memory: '1Gi' } }), nodes, options())
    expect(decision).toMatchObject({
      message: '0/12 nodes are available: 1 Insufficient memory, 1 node(s) were unschedulable, 10 Insufficient cpu. no new claims to deallocate, preemption: 0/12 nodes are available: 12 Preemption is not helpful for scheduling.',
      rejectors: new Set(['NodeResourcesFit', 'NodeUnschedulable']),
    })
  })

  it('names the plugin that asked for certain nodes', () => {
    const spec = { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] }] } } } }
    const nodes = testSnapshot([testNode('a'), testNode('b', { allocatable: { cpu: '0' } })])
    expect(decide(testInfo('p', { spec, requests: { cpu: '1' } }), nodes, options())).toMatchObject({
      message: "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't satisfy plugin(s) [NodeAffinity]. no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
    })
  })

  it('looks at a part of a large cluster only', () => expect([50, 100, 1000, 5000, 20_000].map(enoughNodes)).toEqual([50, 100, 420, 500, 1000]))
})

describe('DefaultPreemption', () => {
  const holding = (name: string, cpu: string, priority: number, more: PodParts = {}): Pod => testPod(name, { requests: { cpu }, ...more, spec: { priority } })
  const vip = testInfo('vip', { requests: { cpu: '2' }, spec: { priority: 100 } })
  const outcome = (snapshot: ReturnType<typeof testSnapshot>, budgets: readonly PodDisruptionBudget[] = [], pod = vip) => {
    const decision = decide(pod, snapshot, options(budgets))
    if (decision.node !== undefined) return decision.node
    const { nominate, victims = [] } = decision.remedy
    return nominate ? `${nominate}: ${victims.map((each) => each.pod.metadata.name).join(' ')}` : decision.message
  }
  const budget = (name: string, disruptionsAllowed: number): PodDisruptionBudget => ({
    metadata: { namespace: 'default', name }, spec: { selector: { matchLabels: { app: name } } },
    status: { currentHealthy: 1, desiredHealthy: 1, expectedPods: 1, disruptionsAllowed },
  })

  it('takes as few, and as unimportant, as it can', () => {
    expect(outcome(testSnapshot([testNode('a')], { a: [holding('x', '2', 10), holding('y', '2', 20)] }))).toBe('a: x')
    expect(outcome(testSnapshot([testNode('a')], { a: [holding('x', '1', 10), holding('y', '1', 20), holding('z', '2', 30)] }))).toBe('a: y x')
  })

  it('takes no pod of the same priority', () => {
    expect(outcome(testSnapshot([testNode('a')], { a: [holding('x', '3', 100)] }))).toBe(
      '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.')
  })

  it('says what is still missing when all less important pods would go', () => {
    expect(outcome(testSnapshot([testNode('a')], { a: [holding('x', '3', 100), holding('y', '1', 1)] }))).toBe(
      '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Insufficient cpu.')
  })

  it('never preempts when it must not', () => {
    const meek = testInfo('meek', { requests: { cpu: '2' }, spec: { priority: 100, preemptionPolicy: 'Never' } })
    expect(outcome(testSnapshot([testNode('a')], { a: [holding('x', '3', 1)] }), [], meek)).toBe('0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.')
  })

  it('waits for victims that are on their way out', () => {
    const leaving = holding('x', '3', 1, { deleted: true, status: { conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }] } })
    const snapshot = testSnapshot([testNode('a'), testNode('b')], { a: [leaving], b: [holding('y', '3', 1)] })
    snapshot.nominate(vip, 'a')
    expect(outcome(snapshot)).toBe('0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to a terminating pod on the nominated node.')
  })

  it('spares pods of budgets, if it can', () => {
    const pods = { a: [holding('x', '2', 1, { labels: { app: 'x' } }), holding('y', '2', 50)] }
    expect(outcome(testSnapshot([testNode('a')], pods), [budget('x', 0)])).toBe('a: y')
    expect(outcome(testSnapshot([testNode('a')], pods), [budget('x', 1)])).toBe('a: x')
    expect(outcome(testSnapshot([testNode('a'), testNode('b')], { ...pods, b: [holding('z', '3', 60)] }), [budget('x', 0)])).toBe('a: y')
  })

  it('gives promised room to nobody less important', () => {
    const snapshot = testSnapshot([testNode('a')])
    snapshot.nominate(testInfo('vip', { requests: { cpu: '3' }, spec: { priority: 100 } }), 'a')
    expect(outcome(snapshot, [], testInfo('small', { requests: { cpu: '2' }, spec: { priority: 50 } }))).toContain('1 Insufficient cpu')
    expect(outcome(snapshot, [], testInfo('large', { requests: { cpu: '2' }, spec: { priority: 200 } }))).toBe('a')
  })

  it('chooses the node where it hurts least', () => {
    const victim = (priority: number, startTime: string) => testInfo(`v${priority}${startTime}`, { spec: { priority }, status: { startTime } })
    const candidate = (node: string, violations: number, ...victims: ReturnType<typeof victim>[]) => ({ node, violations, victims: victims.sort(byImportance) })
    const [one, two] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'] as const
    const cases: [string, ReturnType<typeof candidate>[]][] = [
      ['budgets', [candidate('no', 1, victim(1, one)), candidate('yes', 0, victim(9, one))]],
      ['the highest priority', [candidate('no', 0, victim(9, one)), candidate('yes', 0, victim(8, one), victim(8, one))]],
      ['the sum', [candidate('no', 0, victim(9, one), victim(5, one)), candidate('yes', 0, victim(9, one), victim(4, one))]],
      ['the number', [candidate('no', 0, victim(0, one), victim(-1, two)), candidate('yes', 0, victim(0, one))]],
      ['how long they ran', [candidate('no', 0, victim(9, one)), candidate('yes', 0, victim(9, two))]],
    ]
    for (const [what, candidates] of cases) expect([what, leastHarm(candidates)?.node]).toEqual([what, 'yes'])
  })
})

describe('InterPodAffinity', () => {
  const plugin = interPodAffinity((name) => (name === 'friends' ? { team: 'x' } : undefined))
  const term = (app: string, more: object = {}) => ({ topologyKey: 'zone', labelSelector: { matchLabels: { app } }, ...more })
  const near = (...terms: object[]) => ({ affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } } }) as PodParts['spec']
  const far = (...terms: object[]) => ({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } } }) as PodParts['spec']
  const nodes = [zone('a', '1'), zone('b', '1'), zone('c', '2'), testNode('d')]
  const noNear = "node(s) didn't match pod affinity rules"
  const noFar = "node(s) didn't match pod anti-affinity rules"
  const guarded = "node(s) didn't satisfy existing pods anti-affinity rules"
  const web = testPod('web', { labels: { app: 'web' } })
  const theirs = testPod('theirs', { labels: { app: 'web' }, namespace: 'friends' })
  it.each<[string, Pod, PodParts, string[]]>([
    ['near in the same zone', web, { spec: near(term('web')) }, ['ok', 'ok', noNear, noNear]],
    ['near to nobody', web, { spec: near(term('db')) }, [noNear, noNear, noNear, noNear]],
    ['near to its own kind, as the first', web, { spec: near(term('db')), labels: { app: 'db' } }, ['ok', 'ok', 'ok', noNear]],
    ['far', web, { spec: far(term('web')) }, [noFar, noFar, 'ok', 'ok']],
    ['not in its namespace', theirs, { spec: far(term('web')) }, ['ok', 'ok', 'ok', 'ok']],
    ['in a named namespace', theirs, { spec: far(term('web', { namespaces: ['friends'] })) }, [noFar, noFar, 'ok', 'ok']],
    ['in a selected namespace', theirs, { spec: far(term('web', { namespaceSelector: { matchLabels: { team: 'x' } } })) }, [noFar, noFar, 'ok', 'ok']],
    ['of the same version only', web, { spec: far(term('web', { labelSelector: { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'v', operator: 'In', values: ['2'] }] } })), labels: { v: '2' } }, ['ok', 'ok', 'ok', 'ok']],
    ['kept away by others', testPod('guard', { spec: far(term('web')) }), { labels: { app: 'web' } }, [guarded, guarded, 'ok', 'ok']],
  ])('%s', (_what, existing, parts, expected) => {
    expect(Object.values(verdicts(plugin, testInfo('p', parts), testSnapshot(nodes, { a: [existing] })))).toEqual(expected)
  })

  it('goes where its wishes, and those of others, come true', () => {
    const spec = { affinity: { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 10, podAffinityTerm: term('web') }] } } }
    expect(scoresOf(plugin, testInfo('p', { spec }), testSnapshot(nodes, { c: [web] }))).toEqual({ a: 0, b: 0, c: 100, d: 0 })
    expect(scoresOf(plugin, testInfo('p', { labels: { app: 'db' } }), testSnapshot(nodes, { a: [testPod('fan', { spec: near(term('db')) })] }))).toEqual({ a: 100, b: 100, c: 0, d: 0 })
  })
})

describe('PodTopologySpread', () => {
  const plugin = podTopologySpread(({ pod }) => (pod.metadata.labels?.group ? { matchLabels: { app: 'web' } } : undefined))
  const spread = (more: object = {}): PodParts => ({
    labels: { app: 'web' },
    spec: { topologySpreadConstraints: [{ topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'web' } }, ...more }] },
  })
  const nodes = [zone('a', '1'), zone('b', '2'), testNode('c')]
  const uneven = "node(s) didn't match pod topology spread constraints"
  const unlabelled = `${uneven} (missing required label)`
  const web = (name: string, deleted = false) => testPod(name, { labels: { app: 'web' }, deleted })
  it.each<[string, PodParts, Pod[], string[]]>([
    ['where there are fewer', spread(), [web('x')], [uneven, 'ok', unlabelled]],
    ['within the skew', spread({ maxSkew: 2 }), [web('x')], ['ok', 'ok', unlabelled]],
    ['pods that go do not count', spread(), [web('x', true)], ['ok', 'ok', unlabelled]],
    ['too few domains', spread({ minDomains: 3 }), [web('x')], [uneven, 'ok', unlabelled]],
    ['domains that it may not use do not count', { ...spread(), spec: { ...spread().spec, nodeSelector: { zone: '1' } } }, [web('x')], ['ok', 'ok', unlabelled]],
  ])('%s', (_what, parts, existing, expected) => {
    expect(Object.values(verdicts(plugin, testInfo('p', parts), testSnapshot(nodes, { a: existing })))).toEqual(expected)
  })

  it('prefers even when it need not be, also for members of a service', () => {
    const snapshot = testSnapshot(nodes, { a: [web('x'), web('y')] })
    expect(scoresOf(plugin, testInfo('p', spread({ whenUnsatisfiable: 'ScheduleAnyway' })), snapshot)).toEqual({ a: 0, b: 100, c: 0 })
    const { a = 0, b = 0 } = scoresOf(plugin, testInfo('p', { labels: { group: 'yes' } }), snapshot)
    expect(a).toBeLessThan(b)
  })
})
