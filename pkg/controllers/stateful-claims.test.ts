// Whom the claims of a StatefulSet belong to.
import type { OwnerReference } from '../api/object.ts'
import type { Pod } from '../api/types-pod.ts'
import type { PersistentVolumeClaim } from '../api/types-volume.ts'
import type { StatefulSet } from '../api/types-workload.ts'
import { isStale, ownersOfClaim } from './stateful-claims.ts'

const set = (whenDeleted: string, whenScaled: string, replicas = 2): StatefulSet => ({
  apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'db', uid: 'set-uid' },
  spec: { replicas, serviceName: 'db', selector: {}, template: { spec: { containers: [] } }, persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled } },
}) as StatefulSet
const pod = (ordinal: number): Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: `db-${ordinal}`, uid: `pod-${ordinal}` }, spec: { containers: [] } })
const reference = (kind: string, name: string, uid: string, controller = true): OwnerReference =>
  ({ apiVersion: kind === 'Pod' ? 'v1' : 'apps/v1', kind, name, uid, ...(controller ? { controller, blockOwnerDeletion: true } : {}) })
const claim = (...ownerReferences: OwnerReference[]): PersistentVolumeClaim => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data-db-1', ownerReferences }, spec: {} })
const ofSet = reference('StatefulSet', 'db', 'set-uid')
const ofPod = (ordinal: number) => reference('Pod', `db-${ordinal}`, `pod-${ordinal}`)
const other = reference('Thing', 'x', 'x-uid', false)

it.each<[string, StatefulSet, number, PersistentVolumeClaim, string[] | undefined]>([
  ['kept: nobody', set('Retain', 'Retain'), 1, claim(), undefined],
  ['kept: whoever had it loses it', set('Retain', 'Retain'), 1, claim(ofSet, other), ['x-uid']],
  ['with the set', set('Delete', 'Retain'), 1, claim(other), ['x-uid', 'set-uid']],
  ['with the set, and is so', set('Delete', 'Retain'), 5, claim(ofSet), undefined],
  ['with the pod: not while it belongs to the set', set('Retain', 'Delete'), 1, claim(), undefined],
  ['with the pod that is scaled away', set('Retain', 'Delete'), 2, claim(), ['pod-2']],
  ['both: the set while it belongs to it', set('Delete', 'Delete'), 1, claim(ofPod(1)), ['set-uid']],
  ['both: the pod when it is scaled away', set('Delete', 'Delete'), 2, claim(ofSet), ['pod-2']],
  ['a reference that does not control is made to', set('Delete', 'Retain'), 1, claim(reference('StatefulSet', 'db', 'set-uid', false)), ['set-uid']],
  ['somebody else controls it', set('Delete', 'Delete'), 2, claim(reference('Thing', 'x', 'x-uid')), undefined],
])('%s', (_, owner, ordinal, held, wanted) => {
  expect(ownersOfClaim(held, owner, pod(ordinal))?.map(({ uid }) => uid)).toEqual(wanted)
})

it('tells a claim that goes with the pod before', () => {
  expect(isStale(claim(ofPod(1)), 'db-1')).toBe(true)
  expect(isStale(claim(ofPod(1), ofSet), 'db-2')).toBe(false)
  expect(isStale(claim(ofSet), 'db-1')).toBe(false)
})
