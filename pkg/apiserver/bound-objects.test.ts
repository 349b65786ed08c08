// What service account tokens fall with.
import type { KubeObject } from '../api/object.ts'
import { boundFault } from './bound-objects.ts'

const nowMs = Date.parse('2026-01-01T00:10:00Z')
const [justGone, longGone] = ['2026-01-01T00:09:30Z', '2026-01-01T00:08:00Z']
const bound = (name: string): { name: string; uid: string } => ({ name, uid: `${name}-1` })

describe('tokens fall with what they are bound to', () => {
  const invalidated = 'service account token has been invalidated'
  const [secret, pod, node] = [bound('secret'), bound('pod'), bound('node')]
  it.each<[string, object, Record<string, Partial<KubeObject['metadata']> | undefined>, string | undefined]>([
    ['all there', { secret }, {}, undefined],
    ['account gone', {}, { serviceaccounts: undefined }, 'serviceaccounts "account" not found'],
    ['another account', {}, { serviceaccounts: { uid: 'other' } }, 'service account UID (other) does not match claim (account-1)'],
    ['account that should have gone long ago', {}, { serviceaccounts: { deletionTimestamp: longGone } }, 'service account a/account has been deleted'],
    ['account that should have gone just now', {}, { serviceaccounts: { deletionTimestamp: justGone } }, undefined],
    ['secret gone', { secret }, { secrets: undefined }, invalidated],
    ['another secret', { secret }, { secrets: { uid: 'other' } }, 'secret UID (other) does not match service account secret ref claim (secret-1)'],
    ['pod that should have gone long ago', { pod }, { pods: { deletionTimestamp: longGone } }, invalidated],
    ['another pod', { pod }, { pods: { uid: 'other' } }, 'pod UID (other) does not match service account pod ref claim (pod-1)'],
    ['node gone', { node }, { nodes: undefined }, invalidated],
    ['node of a pod gone', { pod, node }, { nodes: undefined }, undefined],
    ['another node', { node }, { nodes: { uid: 'other' } }, 'node UID (other) does not match service account node ref claim (node-1)'],
  ])('%s', (_, claims, objects, expected) => {
    const find = (plural: string, _namespace: string | undefined, name: string): KubeObject | undefined =>
      (plural in objects && objects[plural] === undefined ? undefined : { metadata: { name, uid: `${name}-1`, ...objects[plural] } })
    expect(boundFault({ namespace: 'a', serviceaccount: bound('account'), ...claims }, find, nowMs)).toBe(expected)
  })
})
