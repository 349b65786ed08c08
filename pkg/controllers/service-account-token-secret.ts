// Token secrets: fills Secrets of type kubernetes.io/service-account-token, and removes them with their account.
import { keyOf } from '../api/object.ts'
import { isNotFound } from '../api/status-error.ts'
import { secrets, serviceAccounts, type Secret } from '../api/types-config.ts'
import type { Index } from '../client/informer.ts'
import { controller, watches, type Controller } from '../controller/controller.ts'
import { removeObject } from '../controller/removal.ts'

export interface TokenSecretOptions {
  /** PEM of the cluster's CA. */
  readonly certificate: string
  /** A token that is good as long as the secret and the account are. */
  readonly sign: (request: { namespace: string; serviceAccount: { name: string; uid: string }; secretName: string }) => string
}

const type = 'kubernetes.io/service-account-token'
const nameAnnotation = 'kubernetes.io/service-account.name'
const uidAnnotation = 'kubernetes.io/service-account.uid'
const byAccount: Index<Secret> = {
  name: 'service account of a token',
  values: (secret) => (secret.type === type ? [`${secret.metadata.namespace}/${secret.metadata.annotations?.[nameAnnotation] ?? ''}`] : []),
}

export interface TokenFacts {
  readonly uid: string
  readonly certificate: string
  /** Called only when the secret has no token. */
  readonly sign: () => string
}

/** The secret as it should be; the same object when it is so already. What else is in it stays. */
export function filledSecret(secret: Secret, { uid, certificate, sign }: TokenFacts): Secret {
  const encode = (text: string): string => Buffer.from(text).toString('base64')
  const wanted: Record<string, string> = { 'ca.crt': encode(certificate), namespace: encode(secret.metadata.namespace ?? '') }
  const { data = {}, metadata } = secret
  const named = metadata.annotations?.[uidAnnotation] === uid
  const missing = Object.entries(wanted).filter(([key, value]) => data[key] !== value)
  if (named && missing.length === 0 && data['token']) return secret
  const token = data['token'] || encode(sign())
  return { ...secret, metadata: { ...metadata, annotations: { ...metadata.annotations, [uidAnnotation]: uid } }, data: { ...data, ...wanted, token } }
}

export function tokenSecretController({ certificate, sign }: TokenSecretOptions): Controller {
  return controller<Secret>({
    name: 'serviceaccount-token',
    for: secrets,
    watches: [watches(serviceAccounts, ({ metadata }, { informers }) => informers.for(secrets).byIndex(byAccount, `${metadata.namespace}/${metadata.name}`).map(keyOf))],
    async reconcile(key, secret, { client, informers }) {
      if (secret?.type !== type || secret.metadata.deletionTimestamp) return
      const { annotations = {} } = secret.metadata
      const namespace = secret.metadata.namespace ?? ''
      const name = annotations[nameAnnotation] ?? ''
      const account = informers.for(serviceAccounts).get({ namespace, name }) ?? await client.get(serviceAccounts, { namespace, name }).catch((error: unknown) => {
        if (isNotFound(error)) return undefined
        throw error
      })
      const uid = account?.metadata.uid
      if (uid === undefined || (annotations[uidAnnotation] ?? uid) !== uid) {
        await removeObject(client, secrets, secret)
        return
      }
      const filled = filledSecret(secret, { uid, certificate, sign: () => sign({ namespace, serviceAccount: { name, uid }, secretName: key.name }) })
      if (filled !== secret) await client.update(secrets, filled)
    },
  })
}
