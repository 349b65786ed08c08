// Pods with claims for devices: when they may be tried, where they may go, and what is said.
import type { KubeObject } from '../../api/object.ts'
import type { ResourceClaim } from '../../api/types-device.ts'
import type { Pod } from '../../api/types-pod.ts'
import type { Client } from '../../client/client.ts'
import type { Informer } from '../../client/informer.ts'
import { ManualClock } from '../../util/clock.ts'
import { decide } from '../cycle.ts'
import { testInfo, testNode, testSnapshot } from '../fixture.suite.ts'
import { SchedulingQueue } from '../queue.ts'
import { defaultPreemption } from './default-preemption.ts'
import { dynamicResources } from './dynamic-resources.ts'

const claims = new Map<string, ResourceClaim>()
const written: ResourceClaim[] = []
const plugin = dynamicResources({
  client: { get: async (_: unknown, { name }: { name: string }) => claims.get(name), update: async (_: unknown, claim: ResourceClaim) => void written.push(claim) } as unknown as Client,
  claims: { get: ({ name }: { name: string }) => claims.get(name) } as unknown as Informer<ResourceClaim>,
  classes: { get: ({ name }: { name: string }) => (name === 'gpu' ? { metadata: { name } } : undefined) } as unknown as Informer<KubeObject>,
})
const claim = (name: string, more: Partial<ResourceClaim> = {}, metadata: KubeObject['metadata'] = {}): ResourceClaim =>
  ({ metadata: { namespace: 'default', name, uid: name, ...metadata }, spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'gpu' } }] } }, ...more })
const set = (...list: ResourceClaim[]): void => list.forEach((one) => claims.set(one.metadata.name ?? '', one))
const named = testInfo('p', { spec: { resourceClaims: [{ name: 'd', resourceClaimName: 'one' }] } })
const templated = (status?: Pod['status']) => testInfo('p', { spec: { resourceClaims: [{ name: 'd', resourceClaimTemplateName: 't' }] }, ...(status ? { status } : {}) })

beforeEach(() => {
  claims.clear()
  written.length = 0
})

describe('pods come in', () => {
  const made = (resourceClaimName?: string): Pod['status'] => ({ resourceClaimStatuses: [{ name: 'd', ...(resourceClaimName ? { resourceClaimName } : {}) }] })
  const owned = { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: named.uid, controller: true }] }
  it.each<[string, ReturnType<typeof testInfo>, ResourceClaim[], boolean]>([
    ['without claims', testInfo('p'), [], true],
    ['not without the claim', named, [], false],
    ['with the claim', named, [claim('one')], true],
    ['not with a claim that goes', named, [claim('one', {}, { deletionTimestamp: '2026-01-01T00:00:00Z' })], false],
    ['not before it is made from the template', templated(), [claim('one', {}, owned)], false],
    ['with one that was made for it', templated(made('one')), [claim('one', {}, owned)], true],
    ['not with one that was made for another', templated(made('one')), [claim('one')], false],
    ['where none is needed', templated(made()), [], true],
  ])('%s', (_, info, there, expected) => {
    set(...there)
    expect(plugin.mayEnter?.(info)).toBe(expected)
  })

  it('when the claim comes, at once and only then', () => {
    const queue = new SchedulingQueue({ clock: new ManualClock(), plugins: [plugin], onReady: () => undefined })
    queue.add(named)
    expect(queue.placeOf(named.uid)).toBe('unschedulable')
    queue.notify({ kind: 'resource-claim', action: 'Add', object: claim('other') })
    queue.notify({ kind: 'resource-claim', action: 'Add', object: claim('one') })
    expect(queue.placeOf(named.uid)).toBe('unschedulable')
    set(claim('one'))
    queue.notify({ kind: 'node-added', object: { metadata: {} } })
    expect(queue.placeOf(named.uid)).toBe('active')
  })

  it('not for ever looked at when nothing changes', () => {
    const clock = new ManualClock()
    const told: string[][] = []
    const queue = new SchedulingQueue({ clock, plugins: [plugin], onReady: () => undefined, incoming: (...what) => void told.push(what) })
    queue.add(named)
    clock.step(3_600_000)
    expect([queue.placeOf(named.uid), told]).toEqual(['unschedulable', [['unschedulable', 'UnschedulablePodAdd']]])
    queue.stop()
  })
})

describe('pods go', () => {
  const outcome = () => {
    const decision = decide(named, testSnapshot([testNode('a'), testNode('b')]), { plugins: [plugin, defaultPreemption({ budgets: () => [], random: () => 0 })], random: () => 0 })
    return decision.node ?? decision.message
  }
  const notHelpful = 'preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.'
  it.each<[string, ResourceClaim, string]>([
    ['where the devices are', claim('one', { status: { allocation: { nodeSelector: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] }] } } } }), 'b'],
    ['nowhere when they are elsewhere', claim('one', { status: { allocation: { nodeSelector: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['c'] }] }] } } } }),
      `0/2 nodes are available: 2 resourceclaim not available on the node. still not schedulable, ${notHelpful}`],
    ['nowhere while nobody has given devices', claim('one'), `0/2 nodes are available: 2 cannot allocate all claims. still not schedulable, ${notHelpful}`],
    ['nowhere without the class', claim('one', { spec: { devices: { requests: [{ name: 'r', firstAvailable: [{ name: 's', deviceClassName: 'fpga' }] }] } } }),
      `0/2 nodes are available: request r/s: device class fpga does not exist. no new claims to deallocate, ${notHelpful}`],
  ])('%s', (_, there, expected) => {
    set(there)
    expect(outcome()).toBe(expected)
  })

  it('with their claims reserved', async () => {
    set(claim('one', { status: { allocation: {}, reservedFor: [{ resource: 'pods', name: 'q', uid: 'q' }] } }))
    await plugin.preBind?.(named, 'a', new AbortController().signal)
    expect(written.map(({ status }) => status?.reservedFor)).toEqual([[{ resource: 'pods', name: 'q', uid: 'q' }, { resource: 'pods', name: 'p', uid: named.uid }]])
  })
})
