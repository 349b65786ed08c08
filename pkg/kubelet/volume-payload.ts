// The files of configMap, secret, downwardAPI and projected volumes. `payloadFiles` fetches what it needs; the rest is pure.
import { isNotFound } from '../api/status-error.ts'
import type { KubeObject, Resource } from '../api/object.ts'
import type { TokenRequest } from '../api/types-auth.ts'
import type { ConfigMap, Secret } from '../api/types-config.ts'
import { configMaps, secrets, serviceAccounts } from '../api/types-config.ts'
import type { DownwardAPIVolumeFile, KeyToPath, ServiceAccountTokenProjection, Volume, VolumeProjection } from '../api/types-volume.ts'
import type { Pod } from '../api/types-pod.ts'
import type { PayloadFile } from './atomic-writer.ts'
import { fieldValue, resourceValue } from './downward.ts'
import type { ObjectRef, VolumeContext } from './volume.ts'

export interface BuiltPayload {
  readonly files: Map<string, PayloadFile>
  readonly refreshAtMs?: number
}

const usualMode = 0o644

/** A volume of one of these types is a projected volume with one source. */
export function projections(volume: Volume): { sources: readonly VolumeProjection[]; defaultMode: number } | undefined {
  const { configMap, secret, downwardAPI, projected } = volume
  if (configMap) return { sources: [{ configMap }], defaultMode: configMap.defaultMode ?? usualMode }
  if (secret) {
    const { secretName = '', items, optional } = secret
    return { sources: [{ secret: { name: secretName, ...(items ? { items } : {}), ...(optional === undefined ? {} : { optional }) } }], defaultMode: secret.defaultMode ?? usualMode }
  }
  if (downwardAPI) return { sources: [{ downwardAPI }], defaultMode: downwardAPI.defaultMode ?? usualMode }
  if (projected) return { sources: projected.sources, defaultMode: projected.defaultMode ?? usualMode }
  return undefined
}

export function payloadSources(pod: Pod, volume: Volume): ObjectRef[] {
  const namespace = pod.metadata.namespace ?? ''
  return (projections(volume)?.sources ?? []).flatMap((source) => [
    ...(source.configMap?.name ? [{ resource: configMaps, name: source.configMap.name, namespace }] : []),
    ...(source.secret?.name ? [{ resource: secrets, name: source.secret.name, namespace }] : []),
  ])
}

export async function payloadFiles(context: VolumeContext, tokens: TokenSource): Promise<BuiltPayload> {
  const files = new Map<string, PayloadFile>()
  const wanted = projections(context.volume)
  let refreshAtMs = Infinity
  for (const source of wanted?.sources ?? []) {
    const mode = wanted?.defaultMode ?? usualMode
    if (source.configMap) addAll(files, configMapFiles(await found(context, configMaps, source.configMap), source.configMap.items, { mode, optional: source.configMap.optional ?? false }))
    if (source.secret) addAll(files, secretFiles(await found(context, secrets, source.secret), source.secret.items, { mode, optional: source.secret.optional ?? false }))
    if (source.downwardAPI) addAll(files, downwardFiles(context, source.downwardAPI.items ?? [], mode))
    if (source.serviceAccountToken) {
      const token = await tokens.token(context.pod, source.serviceAccountToken)
      files.set(source.serviceAccountToken.path, { data: Buffer.from(token.token), mode: tokenMode(context.pod, mode) })
      refreshAtMs = Math.min(refreshAtMs, token.refreshAtMs)
    }
    if (source.clusterTrustBundle || source.podCertificate) throw new Error('projected volumes of trust bundles and pod certificates are not supported')
  }
  return { files, ...(Number.isFinite(refreshAtMs) ? { refreshAtMs } : {}) }
}

const addAll = (files: Map<string, PayloadFile>, more: ReadonlyMap<string, PayloadFile>): void => more.forEach((file, path) => files.set(path, file))

async function found<T extends KubeObject>(context: VolumeContext, resource: Resource<T>, ref: { name?: string; optional?: boolean }): Promise<T | undefined> {
  const { name = '' } = ref
  try {
    return await context.client.get(resource, { namespace: context.pod.metadata.namespace ?? '', name })
  } catch (error) {
    if (!isNotFound(error)) throw error
    if (ref.optional) return undefined
    throw new Error(`${resource.kind.toLowerCase()} "${name}" not found`, { cause: error })
  }
}

interface PickOptions {
  readonly mode: number
  readonly optional: boolean
}

export function configMapFiles(map: ConfigMap | undefined, items: readonly KeyToPath[] | undefined, options: PickOptions): Map<string, PayloadFile> {
  const entries = new Map([
    ...Object.entries(map?.data ?? {}).map(([key, value]) => [key, Buffer.from(value)] as const),
    ...Object.entries(map?.binaryData ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')] as const),
  ])
  return picked(entries, items, { ...options, missing: (key) => `configmap references non-existent config key: ${key}` })
}

export function secretFiles(secret: Secret | undefined, items: readonly KeyToPath[] | undefined, options: PickOptions): Map<string, PayloadFile> {
  const entries = new Map(Object.entries(secret?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')]))
  return picked(entries, items, { ...options, missing: (key) => `references non-existent secret key: ${key}` })
}

function picked(entries: ReadonlyMap<string, Uint8Array>, items: readonly KeyToPath[] | undefined, options: PickOptions & { missing: (key: string) => string }): Map<string, PayloadFile> {
  if (!items || items.length === 0) return new Map([...entries].map(([key, data]) => [key, { data, mode: options.mode }]))
  const files = new Map<string, PayloadFile>()
  for (const item of items) {
    const data = entries.get(item.key)
    if (data) files.set(item.path, { data, mode: item.mode ?? options.mode })
    else if (!options.optional) throw new Error(options.missing(item.key))
  }
  return files
}

function downwardFiles(context: VolumeContext, items: readonly DownwardAPIVolumeFile[], mode: number): Map<string, PayloadFile> {
  const files = new Map<string, PayloadFile>()
  for (const item of items) {
    const text = item.fieldRef ? fieldValue(context.pod, item.fieldRef.fieldPath, context.addresses)
      : item.resourceFieldRef ? resourceValue(context.pod, item.resourceFieldRef, { allocatable: context.allocatable }) : ''
    files.set(item.path, { data: Buffer.from(text), mode: item.mode ?? mode })
  }
  return files
}

/** A token is for its pod's processes alone where the pod says who they are. */
function tokenMode(pod: Pod, mode: number): number {
  const shared = pod.spec.securityContext
  return shared?.fsGroup !== undefined || tokenOwner(pod) !== undefined ? 0o600 : mode
}

/** The user that all containers run as, if they all run as one. */
export function tokenOwner(pod: Pod): number | undefined {
  const users = new Set([...(pod.spec.initContainers ?? []), ...pod.spec.containers].map((each) => each.securityContext?.runAsUser ?? pod.spec.securityContext?.runAsUser))
  return users.size === 1 ? [...users][0] : undefined
}

export interface TokenSource {
  token(pod: Pod, wanted: ServiceAccountTokenProjection): Promise<HeldToken>
}

export interface HeldToken {
  readonly token: string
  readonly expirationTimestamp: string
  readonly refreshAtMs: number
}

const usualTokenSeconds = 3600

/** Keeps each pod's tokens until four fifths of their life are over. */
export class RequestedTokens implements TokenSource {
  readonly #context: Pick<VolumeContext, 'client' | 'clock'>
  readonly #tokens = new Map<string, HeldToken>()

  constructor(context: Pick<VolumeContext, 'client' | 'clock'>) {
    this.#context = context
  }

  async token(pod: Pod, wanted: ServiceAccountTokenProjection): Promise<HeldToken> {
    const { client, clock } = this.#context
    const key = `${pod.metadata.uid}/${wanted.audience ?? ''}/${wanted.expirationSeconds ?? usualTokenSeconds}`
    const known = this.#tokens.get(key)
    if (known && known.refreshAtMs > clock.now()) return known
    const namespace = pod.metadata.namespace ?? ''
    const request: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {},
      spec: {
        audiences: wanted.audience ? [wanted.audience] : [],
        expirationSeconds: wanted.expirationSeconds ?? usualTokenSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name ?? '', uid: pod.metadata.uid ?? '' },
      },
    }
    const account = pod.spec.serviceAccountName || 'default'
    const answer = await client.createSubresource<TokenRequest>(serviceAccounts, { namespace, name: account }, 'token', request)
    if (!answer.status) throw new Error(`the token request for ${namespace}/${account} was answered without a token`)
    const lifeMs = Date.parse(answer.status.expirationTimestamp) - clock.now()
    const made = { token: answer.status.token, expirationTimestamp: answer.status.expirationTimestamp, refreshAtMs: clock.now() + Math.max(1000, lifeMs * 0.8) }
    this.#tokens.set(key, made)
    return made
  }

  forget(uid: string): void {
    for (const key of this.#tokens.keys()) if (key.startsWith(`${uid}/`)) this.#tokens.delete(key)
  }
}
