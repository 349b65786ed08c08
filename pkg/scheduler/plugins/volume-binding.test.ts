// Volumes of pods on their way to a node: what is taken back, by whomever and however soon, is noticed.
import type { Client } from '../../client/client.ts'
import type { Informer } from '../../client/informer.ts'
import type { KubeObject } from '../../api/object.ts'
import type { StorageClass } from '../../api/types-config.ts'
import type { PersistentVolumeClaim } from '../../api/types-volume.ts'
import { ManualClock } from '../../util/clock.ts'
import { testInfo, testNode, testNodeInfo, testSnapshot } from '../fixture.suite.ts'
import type { ClusterChange } from '../plugin.ts'
import { SchedulingQueue } from '../queue.ts'
import { VolumeBinding } from './volume-binding.ts'
import { volumeRestrictions } from './volume-restrictions.ts'

const chosenBy = 'volume.kubernetes.io/selected-node'
const claim = (resourceVersion: string, annotations: Record<string, string> = {}): PersistentVolumeClaim => ({
  apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace: 'default', name: 'data', uid: 'c', resourceVersion, annotations },
  spec: { storageClassName: 'late', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }, status: { phase: 'Pending' },
})
const info = testInfo('web', { spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] } })
const node = testNodeInfo(testNode('a'))

/** An informer that shows what it is told to, batch by batch. */
class ShownClaims {
  shown: PersistentVolumeClaim
  readonly #waiting = new Set<{ holds: () => boolean; resolve: () => void }>()

  constructor(shown: PersistentVolumeClaim) {
    this.shown = shown
  }

  get = (): PersistentVolumeClaim => this.shown
  until(holds: () => boolean): Promise<void> {
    return holds() ? Promise.resolve() : new Promise((resolve) => void this.#waiting.add({ holds, resolve }))
  }

  show(next: PersistentVolumeClaim): void {
    this.shown = next
    for (const waiter of this.#waiting) if (waiter.holds()) waiter.resolve()
  }
}

function setUp(): { claims: ShownClaims; plugin: VolumeBinding } {
  const claims = new ShownClaims(claim('1'))
  const storageClass: StorageClass = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'late' }, provisioner: 'test', volumeBindingMode: 'WaitForFirstConsumer' }
  const none = { get: () => undefined, list: () => [] } as unknown as Informer<KubeObject>
  const client = { patch: async () => claim('2', { [chosenBy]: 'a' }) } as unknown as Client
  const plugin = new VolumeBinding({
    client, clock: new ManualClock(), claims: claims as unknown as Informer<PersistentVolumeClaim>, volumes: none as never, drivers: none as never, capacities: none as never,
    storageClasses: { get: () => storageClass } as unknown as Informer<StorageClass>,
  })
  return { claims, plugin }
}

it.each([
  ['after it was seen', [claim('2', { [chosenBy]: 'a' }), claim('3')]],
  ['in one with it', [claim('3')]],
  ['for another node', [claim('4', { [chosenBy]: 'b' })]],
])('fails when the provisioner takes the choice of the node back: %s', async (_, shown) => {
  const { claims, plugin } = setUp()
  plugin.reserve(info, node)
  const bound = plugin.preBind(info, 'a', new AbortController().signal)
  const failed = expect(bound).rejects.toThrow('provisioning failed for PVC "data"')
  await new Promise(setImmediate)
  for (const next of shown) claims.show(next)
  await failed
})

it('waits while the informer does not show the choice yet', async () => {
  const { claims, plugin } = setUp()
  plugin.reserve(info, node)
  const bound = plugin.preBind(info, 'a', new AbortController().signal)
  await new Promise(setImmediate)
  claims.show(claim('1', { other: 'news' }))
  const chosen = claim('3', { [chosenBy]: 'a', 'pv.kubernetes.io/bind-completed': 'yes' })
  claims.show({ ...chosen, spec: { ...chosen.spec, volumeName: 'v' }, status: { phase: 'Bound' } })
  await bound
})

describe('who was refused for want of volumes', () => {
  const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'theirs' } }]
  const claimNamed = (name: string, namespace = info.namespace) => ({ metadata: { namespace, name } })
  it.each<[string, ClusterChange, string]>([
    ['comes back when volumes were kept for a pod that did not come', { kind: 'pod-gone', object: testInfo('other', { spec: { volumes } }).pod }, 'active'],
    ['stays when a pod without volumes goes', { kind: 'pod-gone', object: testInfo('other').pod }, 'unschedulable'],
    ['comes back for a new volume', { kind: 'volume', action: 'Add', object: claimNamed('x') }, 'active'],
    ['stays when a volume goes', { kind: 'volume', action: 'Delete', object: claimNamed('x') }, 'unschedulable'],
    ['comes back for its claim', { kind: 'claim', action: 'Update', object: claimNamed('data') }, 'active'],
    ['stays for the claim of another', { kind: 'claim', action: 'Add', object: claimNamed('other') }, 'unschedulable'],
  ])('%s', (_, change, place) => {
    const { plugin } = setUp()
    const clock = new ManualClock()
    const queue = new SchedulingQueue({ clock, plugins: [plugin], onReady: () => undefined })
    queue.add(info)
    queue.pop()
    queue.reject(info.uid, new Set([plugin.name]))
    clock.step(1000)
    queue.notify(change)
    expect(queue.placeOf(info.uid)).toBe(place)
  })
})

describe('VolumeRestrictions', () => {
  const claims = { get: ({ name }: { name: string }) => (name === 'data' ? claim('1') : undefined) }
  const restrictions = volumeRestrictions(claims as unknown as Informer<PersistentVolumeClaim>)
  const user = (claimName: string) => testInfo('p', { spec: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }] } })

  it('refuses claims that are not there', () => {
    expect(restrictions.preFilter?.(user('missing'), testSnapshot([]))).toMatchObject({ reasons: ['persistentvolumeclaim "missing" not found'] })
    expect(restrictions.preFilter?.(user('data'), testSnapshot([]))).toBeUndefined()
  })

  it.each<[string, ClusterChange, boolean]>([
    ['its claim comes', { kind: 'claim', action: 'Add', object: { metadata: { namespace: info.namespace, name: 'missing' } } }, true],
    ['its claim changes', { kind: 'claim', action: 'Update', object: { metadata: { namespace: info.namespace, name: 'missing' } } }, false],
    ['a claim of that name comes elsewhere', { kind: 'claim', action: 'Add', object: { metadata: { namespace: 'elsewhere', name: 'missing' } } }, false],
    ['another user of the claim goes', { kind: 'pod-gone', object: user('missing').pod }, true],
    ['some pod goes', { kind: 'pod-gone', object: testInfo('other').pod }, false],
    ['a node comes', { kind: 'node-added', object: { metadata: {} } }, true],
  ])('is asked when %s', (_, change, expected) => expect(restrictions.mayHelp?.(user('missing'), change)).toBe(expected))
})
