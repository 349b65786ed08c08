// ServiceAccount tokens: given out by `serviceaccounts/token`, and taken as credentials while all that they are bound to exists.
import { invalid, invalidObject } from '../api/field-error.ts'
import type { KubeObject } from '../api/object.ts'
import type { ApiRequest, ApiResponse, UserInfo } from '../api/request.ts'
import { badRequest, conflict, isNotFound } from '../api/status-error.ts'
import type { Secret, ServiceAccount } from '../api/types-config.ts'
import type { BoundObjectReference, TokenRequest } from '../api/types-auth.ts'
import { InvalidTokenError, type KubernetesClaims, type ServiceAccountTokens, usernameOf, type VerifiedToken } from '../pki/service-account-tokens.ts'
import { bootstrapUser } from '../registry/bootstrap.ts'
import type { Definition } from '../registry/definition.ts'
import type { Registry } from '../registry/registry.ts'
import type { Clock } from '../util/clock.ts'
import type { AuthenticationNotes, TokenUser } from './authenticator.ts'
import type { SpecialRequest } from './handle.ts'
import { boundFault } from './bound-objects.ts'
import { dateText, lastUsedLabel, secretTokenUse } from './secret-tokens.ts'

export interface AccountTokensOptions {
  readonly registry: Registry
  readonly tokens: ServiceAccountTokens
  /** Audiences of the API server itself. */
  readonly audiences: readonly string[]
  readonly clock: Clock
  readonly log: (text: string) => void
}

const defaultSeconds = 3600
const shortestSeconds = 600
const longestSeconds = 2 ** 32
/** What the volume of each pod asks for: such tokens live on for old clients that never read the file again. */
const volumeSeconds = 3607
const yearSeconds = 365 * 24 * 3600

type BoundKind = 'pod' | 'secret' | 'node'

export class AccountTokens {
  readonly #registry: Registry
  readonly #tokens: ServiceAccountTokens
  readonly #audiences: readonly string[]
  readonly #clock: Clock
  readonly #log: (text: string) => void

  constructor({ registry, tokens, audiences, clock, log }: AccountTokensOptions) {
    this.#registry = registry
    this.#tokens = tokens
    this.#audiences = audiences
    this.#clock = clock
    this.#log = log
  }

  requests(): [string, SpecialRequest][] {
    return [['create /serviceaccounts/token', (request, accounts) => this.#issue(request, accounts)]]
  }

  /** Undefined for a token of others; throws InvalidTokenError with the reason when it is no good. */
  authenticate(token: string, audiences: readonly string[] = this.#audiences): TokenUser | undefined {
    if (!this.#tokens.isOurs(token)) return undefined
    const verified = this.#tokens.verify(token, audiences)
    const notes = verified.id === undefined ? this.#secretNotes(token, verified.kubernetes) : this.#boundNotes(verified)
    return { user: userOf(verified), audiences: verified.audiences, ...notes }
  }

  #secretNotes(token: string, { namespace, secret: named, serviceaccount }: KubernetesClaims): AuthenticationNotes {
    const secret = this.#find('secrets', namespace, named?.name ?? '') as Secret | undefined
    const account = this.#find('serviceaccounts', namespace, serviceaccount.name) as ServiceAccount | undefined
    const today = dateText(this.#clock.now())
    const { fault, marks, ...notes } = secretTokenUse(token, { secret, account, claimed: { namespace, ...serviceaccount }, today })
    if (secret && marks) this.#mark(secret, today)
    if (fault) throw new InvalidTokenError(fault)
    return { ...notes, annotations: { 'authentication.k8s.io/legacy-token': usernameOf(namespace, serviceaccount.name), ...notes.annotations } }
  }

  /** Tokens of volumes are good for longer than they should be used. */
  #boundNotes({ username, kubernetes }: VerifiedToken): AuthenticationNotes {
    const fault = boundFault(kubernetes, (plural, namespace, name) => this.#find(plural, namespace, name), this.#clock.now())
    if (fault) throw new InvalidTokenError(fault)
    const { warnafter } = kubernetes
    const seconds = Math.floor(this.#clock.now() / 1000)
    return warnafter === undefined || seconds <= warnafter ? {} : { annotations: { 'authentication.k8s.io/stale-token': `subject: ${username}, seconds after warning threshold: ${seconds - warnafter}` } }
  }

  /** Nobody waits for it. */
  #mark({ metadata: { namespace, name = '', uid } }: Secret, today: string): void {
    const body = { metadata: { uid, labels: { [lastUsedLabel]: today } } }
    const definition = this.#registry.definition('', 'v1', 'secrets')
    if (definition) {
      this.#registry.patch(definition, { user: bootstrapUser, options: { fieldManager: 'kube-apiserver' }, namespace, name, patch: { type: 'merge', body } })
        .catch((error: Error) => this.#log(`the use of the token of secret ${namespace}/${name} could not be noted: ${error.message}`))
    }
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
    const body = { ...request.object, kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', metadata: request.object?.metadata ?? {} }
    const asked = await this.#registry.admit(accounts, { ...request, namespace, name, subresource: 'token', object: body }, (given) => this.#complete(given as unknown as TokenRequest, account)) as unknown as TokenRequest
    const { audiences, expirationSeconds: seconds = defaultSeconds, boundObjectRef } = asked.spec
    const bound = this.#bound(account, boundObjectRef)
    const extended = seconds === volumeSeconds && bound['pod'] !== undefined && this.#audiences.some((audience) => audiences.includes(audience))
    const { token, id } = request.options.dryRun?.length ? { token: '', id: undefined } : this.#tokens.sign({
      namespace, serviceAccount: { name, uid: account.metadata.uid ?? '' }, audiences, ...bound,
      expirationSeconds: extended ? yearSeconds : seconds, ...(extended ? { warnAfterSeconds: seconds } : {}),
    })
    if (id) request.annotate?.('authentication.kubernetes.io/issued-credential-id', `JTI=${id}`)
    const nowSeconds = Math.floor(this.#clock.now() / 1000)
    const object: TokenRequest = { ...asked, status: { token, expirationTimestamp: timeText(nowSeconds + seconds) } }
    return { type: 'object', code: 201, object }
  }

  /** Fails where the request says what cannot be; fills in what it does not say. */
  #complete(asked: TokenRequest, account: KubeObject): void {
    checkAsked(asked, account)
    const { name, namespace, uid } = account.metadata
    asked.spec ??= { audiences: [] }
    asked.spec.expirationSeconds ??= defaultSeconds
    if (!asked.spec.audiences?.length) asked.spec.audiences = [...this.#audiences]
    asked.metadata = { ...asked.metadata, name, namespace, uid, creationTimestamp: timeText(Math.floor(this.#clock.now() / 1000)) } as KubeObject['metadata']
    delete (asked as { status?: unknown }).status
    checkSeconds(asked.spec.expirationSeconds)
  }

  /** The claims of the object that the token is bound to, after it was found to be the one that is meant. */
  #bound(account: KubeObject, ref: BoundObjectReference | undefined): Partial<Record<BoundKind, { name: string; uid: string }>> {
    if (!ref) return {}
    const { namespace, name: accountName = '' } = account.metadata
    const kinds: Record<string, string> = { Pod: 'pods', Secret: 'secrets', Node: 'nodes' }
    const plural = Object.hasOwn(kinds, ref.kind ?? '') ? kinds[ref.kind ?? ''] : undefined
    const [version = '', group = ''] = (ref.apiVersion ?? '').split('/').reverse()
    if (!plural || group !== '') throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${ref.kind ?? ''}`)
    if (!ref.name) throw badRequest('Name parameter required.')
    const definition = this.#registry.definition('', 'v1', plural)!
    const object = this.#registry.get(definition, { ...(plural === 'nodes' ? {} : { namespace }), name: ref.name }) as KubeObject & { spec?: { serviceAccountName?: string; nodeName?: string } }
    const { name = '', uid = '' } = object.metadata
    if (plural === 'pods' && (object.spec?.serviceAccountName ?? 'default') !== accountName) {
      throw badRequest(`cannot bind token for serviceaccount ${JSON.stringify(accountName)} to pod running with different serviceaccount name.`)
    }
    if (ref.uid && ref.uid !== uid) throw conflict({ group, plural: ref.kind ?? '' }, name, `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`)
    if (plural === 'secrets') return { secret: { name, uid } }
    if (plural === 'nodes') return { node: { name, uid } }
    const { nodeName } = object.spec ?? {}
    // Its name is told also when the node is not there.
    const node = nodeName ? { name: nodeName, uid: this.#find('nodes', undefined, nodeName)?.metadata.uid ?? '' } : undefined
    return { pod: { name, uid }, ...(node ? { node } : {}) }
  }
}

/** What the request says of the account must be so. */
function checkAsked({ metadata = {} }: TokenRequest, { metadata: { name = '', namespace, uid } }: KubeObject): void {
  const kind = { group: 'authentication.k8s.io', kind: 'TokenRequest' }
  if (metadata.name && metadata.name !== name) throw invalidObject(kind, name, [invalid('metadata.name', metadata.name, 'must match the service account name if specified')])
  if (metadata.namespace && metadata.namespace !== namespace) throw invalidObject(kind, name, [invalid('metadata.namespace', metadata.namespace, 'must match the service account namespace if specified')])
  if (metadata.uid && metadata.uid !== uid) throw conflict({ group: kind.group, plural: kind.kind }, name, `the UID in the token request (${metadata.uid}) does not match the UID of the service account (${uid})`)
}

const timeText = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`

function checkSeconds(seconds: number): void {
  const wrong = seconds < shortestSeconds ? 'may not specify a duration less than 10 minutes'
    : seconds > longestSeconds ? 'may not specify a duration larger than 2^32 seconds' : undefined
  if (wrong) throw invalidObject({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', [invalid('spec.expirationSeconds', seconds, wrong)])
}

function userOf({ username, kubernetes, id }: VerifiedToken): UserInfo {
  const { namespace, serviceaccount, pod, node } = kubernetes
  const extra: Record<string, string[]> = {}
  if (id) extra['authentication.kubernetes.io/credential-id'] = [`JTI=${id}`]
  if (pod) Object.assign(extra, { 'authentication.kubernetes.io/pod-name': [pod.name], 'authentication.kubernetes.io/pod-uid': [pod.uid] })
  if (node?.name) Object.assign(extra, { 'authentication.kubernetes.io/node-name': [node.name], 'authentication.kubernetes.io/node-uid': [node.uid ?? ''] })
  return {
    username, uid: serviceaccount.uid, groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  }
}
