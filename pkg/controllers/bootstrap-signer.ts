// The bootstrap signer: signs the ConfigMap cluster-info with each bootstrap token, so that a new node that knows a token can trust it.
import { createHmac } from 'node:crypto'
import { equalJson } from '../api/json.ts'
import { configMaps, secrets, type ConfigMap, type Secret } from '../api/types-config.ts'
import type { Index } from '../client/informer.ts'
import { controller, watches } from '../controller/controller.ts'
import { endOfToken, isBootstrapToken } from './token-cleaner.ts'

const place = { namespace: 'kube-public', name: 'cluster-info' }
const signaturePrefix = 'jws-kubeconfig-'
const namePrefix = 'bootstrap-token-'
const byKind: Index<Secret> = { name: 'bootstrap token', values: (secret) => (isBootstrapToken(secret) ? ['yes'] : []) }

/** A JWS over `content`, with HS256 and without the content itself. */
export function detachedSignature(content: string, id: string, secret: string): string {
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: id })).toString('base64url')
  const signed = `${header}.${Buffer.from(content).toString('base64url')}`
  return `${header}..${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

/** Pure: the token that may sign now; undefined when the secret states none. */
export function signingToken(stated: Secret, now: number): { id: string; secret: string } | undefined {
  const text = (name: string): string => Buffer.from(stated.data?.[name] ?? '', 'base64').toString()
  const id = text('token-id')
  const secret = text('token-secret')
  if (!isBootstrapToken(stated) || stated.metadata.deletionTimestamp || id === '' || secret === '' || stated.metadata.name !== `${namePrefix}${id}`) return undefined
  if (text('usage-bootstrap-signing') !== 'true') return undefined
  // A time that can't be read is over.
  if (text('expiration') !== '' && (endOfToken(stated) ?? 0) <= now) return undefined
  return { id, secret }
}

/** Pure: the data of cluster-info with the signatures of these tokens and no others. */
export function signedData(data: Readonly<Record<string, string>>, tokens: readonly { id: string; secret: string }[]): Record<string, string> {
  const { kubeconfig } = data
  const rest = Object.fromEntries(Object.entries(data).filter(([key]) => !key.startsWith(signaturePrefix)))
  if (kubeconfig === undefined) return { ...data }
  return { ...rest, ...Object.fromEntries(tokens.map(({ id, secret }) => [`${signaturePrefix}${id}`, detachedSignature(kubeconfig, id, secret)])) }
}

export default controller<ConfigMap>({
  name: 'bootstrap-signer',
  for: configMaps,
  watches: [watches<Secret>(secrets, (secret) => (isBootstrapToken(secret) ? [place] : []))],
  async reconcile({ namespace, name }, found, { client, informers, clock }) {
    if (!found || namespace !== place.namespace || name !== place.name) return
    const now = clock.now()
    const tokens = informers.for(secrets).byIndex(byKind, 'yes').flatMap((secret) => signingToken(secret, now) ?? [])
    const data = signedData(found.data ?? {}, tokens)
    if (!equalJson(data, found.data ?? {})) await client.update(configMaps, { ...found, data })
  },
})
