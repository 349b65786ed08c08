// What service account tokens are bound to: account, secret, pod, node. A token is no good when one of them is gone, another one, or should have gone.
import type { KubeObject } from '../api/object.ts'
import { parseTime } from '../api/times.ts'
import type { KubernetesClaims, ObjectName } from '../pki/service-account-tokens.ts'

export type FindObject = (plural: string, namespace: string | undefined, name: string) => KubeObject | undefined

/** Objects may be used so much longer than they should be there. */
const leewayMs = 60_000
const invalidated = 'service account token has been invalidated'

/** Why the token is no good; undefined when all that it is bound to is there. Pure. */
export function boundFault({ namespace, serviceaccount, secret, pod, node }: KubernetesClaims, find: FindObject, nowMs: number): string | undefined {
  const isOver = ({ metadata: { deletionTimestamp } }: KubeObject): boolean => deletionTimestamp !== undefined && (parseTime(deletionTimestamp)?.ms ?? 0) < nowMs - leewayMs
  const gone = (plural: string, at: string | undefined, { name, uid }: ObjectName, [found, claim]: readonly [string, string]): string | undefined => {
    const object = find(plural, at, name)
    if (!object) return invalidated
    if (object.metadata.uid !== uid) return `${found} UID (${object.metadata.uid}) does not match ${claim} (${uid})`
    return isOver(object) ? invalidated : undefined
  }
  const account = find('serviceaccounts', namespace, serviceaccount.name)
  if (!account) return `serviceaccounts ${JSON.stringify(serviceaccount.name)} not found`
  if (account.metadata.uid !== serviceaccount.uid) return `service account UID (${account.metadata.uid}) does not match claim (${serviceaccount.uid})`
  if (isOver(account)) return `service account ${namespace}/${serviceaccount.name} has been deleted`
  return (secret && gone('secrets', namespace, secret, ['secret', 'service account secret ref claim']))
    ?? (pod && gone('pods', namespace, pod, ['pod', 'service account pod ref claim']))
    // A pod's token falls with its pod; the node is only told along with it.
    ?? (node && !pod ? gone('nodes', undefined, { name: '', uid: '', ...node }, ['node', 'service account node ref claim']) : undefined)
}
