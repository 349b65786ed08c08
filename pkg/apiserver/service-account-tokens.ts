// ServiceAccount tokens: given out by `serviceaccounts/token`, and taken as credentials while all that they are bound to exists.
import { randomUUID } from 'node:crypto'
import { invalid, invalidObject } from '../api/field-error.ts'
import type { KubeObject } from '../api/object.ts'
import type { ApiRequest, ApiResponse, UserInfo } from '../api/request.ts'
import { badRequest, conflict, forbidden, isNotFound } from '../api/status-error.ts'
import type { BoundObjectReference, TokenRequest } from '../api/types-auth.ts'
import type { Definition } from '../registry/definition.ts'
import type { Registry } from '../registry/registry.ts'
import type { Clock } from '../util/clock.ts'
import type { TokenUser } from './authenticator.ts'
import type { SpecialRequest } from './handle.ts'
import type { AccountClaims, TokenSigner } from './token-signer.ts'

export type { TokenSigner } from './token-signer.ts'

export interface ServiceAccountTokensOptions {
  readonly registry: Registry
  readonly signer: TokenSigner
  readonly clock: Clock
}

const defaultSeconds = 3600
const shortestSeconds = 600
const longestSeconds = 2 ** 32
/** What the volume of each pod asks for: such tokens live on for old clients that never read the file again. */
const volumeSeconds = 3607
const yearSeconds = 365 * 24 * 3600
/** Clocks differ. */
const leewaySeconds = 10
const cacheLimit = 2048

type BoundKind = 'pod' | 'secret' | 'node'

export class ServiceAccountTokens {
  readonly #registry: Registry
  readonly #signer: TokenSigner
  readonly #clock: Clock
  /** Tokens whose signature was found good. */
  readonly #verified = new Map<string, AccountClaims>()

  constructor({ registry, signer, clock }: ServiceAccountTokensOptions) {
    this.#registry = registry
    this.#signer = signer
    this.#clock = clock
  }

  requests(): [string, SpecialRequest][] {
    return [['create /serviceaccounts/token', (request, accounts) => this.#issue(request, accounts)]]
  }

  async authenticate(token: string, audiences: readonly string[] = [this.#signer.issuer]): Promise<TokenUser | undefined> {
    const claims = await this.#claimsOf(token)
    if (!claims) return undefined
    const nowSeconds = this.#clock.now() / 1000
    if (claims.exp + leewaySeconds < nowSeconds || claims.nbf - leewaySeconds > nowSeconds) return undefined
    const matching = audiences.filter((audience) => claims.aud.includes(audience))
    if (matching.length === 0 || !this.#stillThere(claims['kubernetes.io'])) return undefined
    return { user: userOf(claims), audiences: matching }
  }

  async #claimsOf(token: string): Promise<AccountClaims | undefined> {
    const known = this.#verified.get(token)
    if (known) return known
    if (token.split('.').length !== 3) return undefined
    const claims = await this.#signer.verify(token)
    if (!claims?.['kubernetes.io']?.serviceaccount) return undefined
    if (this.#verified.size >= cacheLimit) this.#verified.clear()
    this.#verified.set(token, claims)
    return claims
  }

  #stillThere({ namespace, serviceaccount, pod, secret, node }: AccountClaims['kubernetes.io']): boolean {
    const same = (plural: string, at: string | undefined, wanted: { name: string; uid: string } | undefined): boolean =>
      !wanted || this.#find(plural, at, wanted.name)?.metadata.uid === wanted.uid
    // A pod-bound token falls with its pod; the node is only told along with it.
    return same('serviceaccounts', namespace, serviceaccount) && same('pods', namespace, pod)
      && same('secrets', namespace, secret) && (pod !== undefined || same('nodes', undefined, node))
  }

  #find(plural: string, namespace: string | undefined, name: string): KubeObject | undefined {
    const definition = this.#registry.definition('', 'v1', plural)
    if (!definition) return undefined
    try {
      return this.#registry.get(definition, { namespace, name })
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  async #issue(request: ApiRequest, accounts: Definition): Promise<ApiResponse> {
    const { namespace = '', name = '' } = request
    const account = this.#registry.get(accounts, { namespace, name })
    const asked = request.object as TokenRequest
    if (asked.metadata?.name && asked.metadata.name !== name) throw badRequest(`the name of the object (${asked.metadata.name}) does not match the name on the URL (${name})`)
    const seconds = asked.spec?.expirationSeconds ?? defaultSeconds
    checkSeconds(seconds)
    const audiences = asked.spec?.audiences?.length ? asked.spec.audiences : [this.#signer.issuer]
    const bound = this.#bound(accounts, account, asked.spec?.boundObjectRef)
    const nowSeconds = Math.floor(this.#clock.now() / 1000)
    const extended = seconds === volumeSeconds && bound['pod'] !== undefined && audiences.includes(this.#signer.issuer)
    const token = request.options.dryRun?.length ? '' : await this.#signer.sign({
      sub: `system:serviceaccount:${namespace}:${name}`, aud: audiences, jti: randomUUID(),
      iat: nowSeconds, nbf: nowSeconds, exp: nowSeconds + (extended ? yearSeconds : seconds),
      'kubernetes.io': {
        namespace, serviceaccount: { name, uid: account.metadata.uid ?? '' }, ...bound,
        ...(extended ? { warnafter: nowSeconds + seconds } : {}),
      },
    })
    const object: TokenRequest = {
      kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1',
      metadata: { name, namespace, creationTimestamp: timeText(nowSeconds) },
      spec: { ...asked.spec, audiences, expirationSeconds: seconds },
      status: { token, expirationTimestamp: timeText(nowSeconds + seconds) },
    }
    return { type: 'object', code: 201, object }
  }

  /** The claims of the object that the token is bound to, after it was found to be the one that is meant. */
  #bound(accounts: Definition, account: KubeObject, ref: BoundObjectReference | undefined): Partial<Record<BoundKind, { name: string; uid: string }>> {
    if (!ref) return {}
    const { namespace, name: accountName = '' } = account.metadata
    const kinds: Record<string, string> = { Pod: 'pods', Secret: 'secrets', Node: 'nodes' }
    const plural = kinds[ref.kind ?? '']
    if (!plural || !ref.name) throw badRequest(`cannot bind token to object of type v1, Kind=${ref.kind ?? ''}`)
    const definition = this.#registry.definition('', 'v1', plural)!
    const object = this.#registry.get(definition, { ...(plural === 'nodes' ? {} : { namespace }), name: ref.name }) as KubeObject & { spec?: { serviceAccountName?: string; nodeName?: string } }
    const { name = '', uid = '' } = object.metadata
    if (ref.uid && ref.uid !== uid) throw conflict(definition.resource, name, `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`)
    if (plural === 'secrets') return { secret: { name, uid } }
    if (plural === 'nodes') return { node: { name, uid } }
    if ((object.spec?.serviceAccountName ?? 'default') !== accountName) {
      throw forbidden(accounts.resource, accountName, `cannot bind token for serviceaccount ${JSON.stringify(accountName)} to pod running with different serviceaccount name.`)
    }
    const node = object.spec?.nodeName ? this.#find('nodes', undefined, object.spec.nodeName) : undefined
    return { pod: { name, uid }, ...(node ? { node: { name: node.metadata.name ?? '', uid: node.metadata.uid ?? '' } } : {}) }
  }
}

const timeText = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`

function checkSeconds(seconds: number): void {
  const wrong = seconds < shortestSeconds ? 'may not specify a duration less than 10 minutes'
    : seconds > longestSeconds ? 'may not specify a duration larger than 2^32 seconds' : undefined
  if (wrong) throw invalidObject({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', [invalid('spec.expirationSeconds', seconds, wrong)])
}

function userOf(claims: AccountClaims): UserInfo {
  const { namespace, serviceaccount, pod, node } = claims['kubernetes.io']
  const extra: Record<string, string[]> = {}
  if (claims.jti) extra['authentication.kubernetes.io/credential-id'] = [`JTI=${claims.jti}`]
  if (pod) Object.assign(extra, { 'authentication.kubernetes.io/pod-name': [pod.name], 'authentication.kubernetes.io/pod-uid': [pod.uid] })
  if (node) Object.assign(extra, { 'authentication.kubernetes.io/node-name': [node.name], 'authentication.kubernetes.io/node-uid': [node.uid] })
  return {
    username: `system:serviceaccount:${namespace}:${serviceaccount.name}`, uid: serviceaccount.uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  }
}
