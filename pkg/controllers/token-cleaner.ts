// Removes bootstrap tokens when their time is over.
import { parseTime } from '../api/times.ts'
import { secrets, type Secret } from '../api/types-config.ts'
import { controller } from '../controller/controller.ts'
import { removeObject } from '../controller/removal.ts'

export const isBootstrapToken = ({ type, metadata }: Secret): boolean => type === 'bootstrap.kubernetes.io/token' && metadata.namespace === 'kube-system'

/** When the token ends, in milliseconds; undefined when it lasts or is none. A time that can't be read is the cleaner's no matter. */
export function endOfToken(secret: Secret): number | undefined {
  const expiration = secret.data?.['expiration']
  return isBootstrapToken(secret) && expiration ? parseTime(Buffer.from(expiration, 'base64').toString())?.ms : undefined
}

export default controller<Secret>({
  name: 'token-cleaner',
  for: secrets,
  async reconcile(_, secret, { client, clock }) {
    const endMs = secret && !secret.metadata.deletionTimestamp ? endOfToken(secret) : undefined
    if (!secret || endMs === undefined) return
    const leftMs = endMs - clock.now()
    if (leftMs > 0) return { requeueAfterMs: leftMs }
    await removeObject(client, secrets, secret)
  },
})
