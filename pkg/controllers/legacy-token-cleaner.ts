// Tokens in Secrets that a ServiceAccount names and nobody used for a year: called invalid first, removed a year later. And since when use is noted.
import { configMaps, secrets, serviceAccounts, type ConfigMap, type Secret, type ServiceAccount } from '../api/types-config.ts'
import type { Pod } from '../api/types-pod.ts'
import { pods } from '../api/types-pod.ts'
import { isAlreadyExists } from '../api/status-error.ts'
import type { Index, Informers } from '../client/informer.ts'
import { controller, type Controller } from '../controller/controller.ts'
import { removeObject } from '../controller/removal.ts'

export const trackingPlace = { namespace: 'kube-system', name: 'kube-apiserver-legacy-service-account-token-tracking' }
const type = 'kubernetes.io/service-account-token'
const lastUsedLabel = 'kubernetes.io/legacy-token-last-used'
const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since'
const dayMs = 24 * 3600 * 1000
const unusedMs = 365 * dayMs

const bySecret: Index<Pod> = {
  name: 'secret in a volume',
  values: ({ metadata, spec }) => (spec.volumes ?? []).flatMap(({ secret }) => (secret?.secretName ? [`${metadata.namespace}/${secret.secretName}`] : [])),
}

export const trackingConfigMap = (nowMs: number): ConfigMap => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: trackingPlace, data: { since: dateOf(nowMs) } })

const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

/** Milliseconds of `2006-01-02`; undefined for what is no date. */
function dayOf(text: string | undefined): number | undefined {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text ?? '') ? Date.parse(`${text}T00:00:00Z`) : NaN
  return Number.isNaN(ms) || dateOf(ms) !== text ? undefined : ms
}

export interface TokenFacts {
  /** Since when use is noted; undefined: it is not. */
  readonly since: string | undefined
  readonly account: ServiceAccount | undefined
  readonly mounted: boolean
  readonly nowMs: number
}

/** Pure: what is to be done about a token secret. */
export function staleTokenPlan({ type: stated, metadata: { name, labels = {} } }: Secret, { since, account, mounted, nowMs }: TokenFacts): 'keep' | 'invalidate' | 'remove' {
  const noted = dayOf(since)
  if (stated !== type || noted === undefined || mounted || !account?.secrets?.some((one) => one.name === name)) return 'keep'
  if (nowMs - Math.max(dayOf(labels[lastUsedLabel]) ?? noted, noted) < unusedMs) return 'keep'
  const invalidSince = labels[invalidSinceLabel]
  if (dayOf(invalidSince) === undefined) return 'invalidate'
  return nowMs - dayOf(invalidSince)! < unusedMs ? 'keep' : 'remove'
}

const sinceOf = (informers: Informers): string | undefined => informers.for(configMaps).get(trackingPlace)?.data?.['since']

export const legacyTokenControllers: readonly Controller[] = [
  controller<Secret>({
    name: 'legacy-service-account-token-cleaner',
    for: secrets,
    async reconcile(key, secret, { client, informers, clock }) {
      if (secret?.type !== type || secret.metadata.deletionTimestamp) return
      const { namespace = '', name = '', uid, annotations = {} } = secret.metadata
      const account = informers.for(serviceAccounts).get({ namespace, name: annotations['kubernetes.io/service-account.name'] ?? '' })
      const mounted = informers.for(pods).byIndex(bySecret, `${namespace}/${name}`).length > 0
      const plan = staleTokenPlan(secret, { since: sinceOf(informers), account, mounted, nowMs: clock.now() })
      if (plan === 'invalidate') await client.patch(secrets, key, { type: 'merge', body: { metadata: { uid, labels: { [invalidSinceLabel]: dateOf(clock.now()) } } } })
      if (plan === 'remove') {
        await removeObject(client, secrets, secret, { preconditions: { resourceVersion: secret.metadata.resourceVersion } })
      }
      return { requeueAfterMs: dayMs }
    },
  }),
  controller<ConfigMap>({
    name: 'legacy-service-account-token-tracking',
    for: configMaps,
    async reconcile(key, found, { client, clock }) {
      if (key.namespace !== trackingPlace.namespace || key.name !== trackingPlace.name) return
      if (found && dayOf(found.data?.['since']) !== undefined) return
      const wanted = trackingConfigMap(clock.now())
      if (found) await client.update(configMaps, { ...found, data: { ...wanted.data } })
      else {
        await client.create(configMaps, wanted).catch((error: unknown) => {
          if (!isAlreadyExists(error)) throw error
        })
      }
    },
  }),
]
