// Service account tokens: signed and verified JWTs, and the documents by which others can verify them.
import { createHash, createPrivateKey, createPublicKey, type KeyObject, randomUUID, sign, verify } from 'node:crypto'
import type { Clock } from '../util/clock.ts'

export interface ObjectName {
  readonly name: string
  readonly uid: string
}

export interface TokenRequest {
  readonly namespace: string
  readonly serviceAccount: ObjectName
  /** What the token lives and dies with, at most one; checking that it still exists is the verifier's caller's part. */
  readonly pod?: ObjectName
  readonly secret?: ObjectName
  /** With a pod: the node it is on. Alone: the token is bound to the node. */
  readonly node?: ObjectName
  /** The issuer's own when left out. */
  readonly audiences?: readonly string[]
  readonly expirationSeconds: number
  /** Use of the token after this time is to be warned about. */
  readonly warnAfterSeconds?: number
}

/** The private part of the claims. */
export interface KubernetesClaims {
  readonly namespace: string
  readonly serviceaccount: ObjectName
  readonly pod?: ObjectName
  readonly secret?: ObjectName
  readonly node?: Partial<ObjectName>
  readonly warnafter?: number
}

export interface VerifiedToken {
  readonly username: string
  readonly kubernetes: KubernetesClaims
  /** Which of the wanted audiences the token is for. */
  readonly audiences: readonly string[]
  /** Absent in tokens from secrets, which have no id of their own. */
  readonly id?: string
  readonly expiresAtMs?: number
  readonly issuedAtMs?: number
}

/** The token is not one of ours, or not for now, or not for this audience. */
export class InvalidTokenError extends Error {
  override name = 'InvalidTokenError'
}

export interface ServiceAccountTokensOptions {
  /** `iss` of new tokens: the URL under which discovery is found. */
  readonly issuer: string
  /** RSA private key, PEM. */
  readonly key: string
  /** Keys (PEM) whose tokens are still good. */
  readonly olderKeys?: readonly string[]
  /** Audiences of tokens that name none, and accepted where the verifier names none; the issuer when left out. */
  readonly audiences?: readonly string[]
  readonly clock: Clock
}

type Claims = Readonly<Record<string, unknown>>

const legacyIssuer = 'kubernetes/serviceaccount'
const legacyClaim = 'kubernetes.io/serviceaccount/'
/** What clocks may differ by. */
const leewaySeconds = 60
const cachedTokens = 4096
const badSignature = 'go-jose/go-jose: error in cryptographic primitive'

/** Synchronous: signing takes about a millisecond, verifying a tenth of it, and a few microseconds once a token was seen. */
export class ServiceAccountTokens {
  readonly #issuer: string
  readonly #audiences: readonly string[]
  readonly #clock: Clock
  readonly #key: KeyObject
  readonly #keyId: string
  readonly #publicKeys = new Map<string, KeyObject>()
  /** Claims of tokens with a good signature, by the token's hash; the least recently used one goes first. */
  readonly #verified = new Map<string, Claims>()

  constructor(options: ServiceAccountTokensOptions) {
    this.#issuer = options.issuer
    this.#audiences = options.audiences ?? [options.issuer]
    this.#clock = options.clock
    this.#key = createPrivateKey(options.key)
    const own = createPublicKey(options.key)
    this.#keyId = keyId(own)
    this.#publicKeys.set(this.#keyId, own)
    for (const older of (options.olderKeys ?? []).map((pem) => createPublicKey(pem))) this.#publicKeys.set(keyId(older), older)
  }

  /** A new token, its id, and when it ends. */
  sign(request: TokenRequest): { token: string; id: string; expiresAtMs: number } {
    const now = Math.floor(this.#clock.now() / 1000)
    const expires = now + request.expirationSeconds
    const id = randomUUID()
    const token = this.#signed({
      aud: request.audiences ?? this.#audiences,
      exp: expires,
      iat: now,
      iss: this.#issuer,
      jti: id,
      'kubernetes.io': {
        namespace: request.namespace,
        node: request.node && bare(request.node),
        pod: request.pod && bare(request.pod),
        secret: request.secret && bare(request.secret),
        serviceaccount: bare(request.serviceAccount),
        warnafter: request.warnAfterSeconds === undefined ? undefined : now + request.warnAfterSeconds,
      },
      nbf: now,
      sub: usernameOf(request.namespace, request.serviceAccount.name),
    })
    return { token, id, expiresAtMs: expires * 1000 }
  }

  /** The token of a Secret of type kubernetes.io/service-account-token: good as long as the secret is. */
  signForSecret(request: { namespace: string; serviceAccount: ObjectName; secretName: string }): string {
    return this.#signed({
      iss: legacyIssuer,
      [`${legacyClaim}namespace`]: request.namespace,
      [`${legacyClaim}secret.name`]: request.secretName,
      [`${legacyClaim}service-account.name`]: request.serviceAccount.name,
      [`${legacyClaim}service-account.uid`]: request.serviceAccount.uid,
      sub: usernameOf(request.namespace, request.serviceAccount.name),
    })
  }

  /** Whether the token claims to be from this issuer, so that others need not be asked about it. Proves nothing. */
  isOurs(token: string): boolean {
    const issuer = parsePart(token.split('.')[1])?.['iss']
    return issuer === this.#issuer || issuer === legacyIssuer
  }

  /** Throws InvalidTokenError unless the token is ours, valid now and for one of the audiences. */
  verify(token: string, audiences: readonly string[] = this.#audiences): VerifiedToken {
    const claims = this.#signedClaims(token)
    if (claims['iss'] === legacyIssuer) return legacyToken(claims, audiences, this.#audiences)
    if (claims['iss'] !== this.#issuer) throw new InvalidTokenError(`token issuer ${JSON.stringify(claims['iss'])} is invalid`)
    const common = commonAudiences([claims['aud']].flat() as string[], audiences)
    const now = this.#clock.now() / 1000
    const expires = claims['exp']
    const notBefore = claims['nbf']
    if (typeof expires !== 'number' || now - leewaySeconds >= expires) throw new InvalidTokenError('service account token has expired')
    if (typeof notBefore === 'number' && now + leewaySeconds < notBefore) throw new InvalidTokenError('service account token is not valid yet')
    const issued = claims['iat']
    if (typeof issued === 'number' && now + leewaySeconds < issued) throw new InvalidTokenError('service account token is issued in the future')
    const kubernetes = claims['kubernetes.io'] as KubernetesClaims | undefined
    const username = kubernetes?.serviceaccount && usernameOf(kubernetes.namespace, kubernetes.serviceaccount.name)
    if (!kubernetes || !username || claims['sub'] !== username) throw new InvalidTokenError('subject and claims of the service account token differ')
    return {
      username,
      kubernetes,
      audiences: common,
      id: claims['jti'] as string,
      expiresAtMs: expires * 1000,
      issuedAtMs: (claims['iat'] as number) * 1000,
    }
  }

  /** /openid/v1/jwks */
  jwks(): { keys: Record<string, unknown>[] } {
    return { keys: [...this.#publicKeys].map(([kid, key]) => ({ use: 'sig', kty: 'RSA', kid, alg: 'RS256', ...publicNumbers(key) })) }
  }

  /** /.well-known/openid-configuration */
  discovery(jwksUri: string): Record<string, unknown> {
    return {
      issuer: this.#issuer,
      jwks_uri: jwksUri,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    }
  }

  #signed(claims: Claims): string {
    const text = `${part({ alg: 'RS256', kid: this.#keyId })}.${part(claims)}`
    return `${text}.${sign('sha256', Buffer.from(text), this.#key).toString('base64url')}`
  }

  #signedClaims(token: string): Claims {
    const hash = createHash('sha256').update(token).digest('base64')
    const known = this.#verified.get(hash)
    const claims = known ?? this.#checkSignature(token)
    // Again at the end of the map's order: used last.
    this.#verified.delete(hash)
    this.#verified.set(hash, claims)
    if (this.#verified.size > cachedTokens) this.#verified.delete(this.#verified.keys().next().value as string)
    return claims
  }

  #checkSignature(token: string): Claims {
    const [headerPart, claimsPart, signaturePart, ...rest] = token.split('.')
    const header = parsePart(headerPart)
    const claims = parsePart(claimsPart)
    if (!header || !claims || !signaturePart || rest.length > 0) throw new InvalidTokenError('invalid bearer token')
    // The algorithm is ours to choose, not the token's.
    if (header['alg'] !== 'RS256') throw new InvalidTokenError(badSignature)
    const { kid } = header
    const named = this.#publicKeys.get(String(kid))
    if (!named && typeof kid === 'string' && kid !== '') throw new InvalidTokenError('invalid signature, no keys found')
    const candidates = named ? [named] : [...this.#publicKeys.values()]
    const text = Buffer.from(`${headerPart}.${claimsPart}`)
    const signature = Buffer.from(signaturePart, 'base64url')
    if (signature.toString('base64url') !== signaturePart || !candidates.some((key) => verify('sha256', text, key, signature))) {
      throw new InvalidTokenError(badSignature)
    }
    return claims
  }
}

export function usernameOf(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`
}

function legacyToken(claims: Claims, wanted: readonly string[], own: readonly string[]): VerifiedToken {
  const claim = (name: string): string => String(claims[`${legacyClaim}${name}`] ?? '')
  const username = usernameOf(claim('namespace'), claim('service-account.name'))
  if (claims['sub'] !== username) throw new InvalidTokenError('sub claim is invalid')
  return {
    username,
    kubernetes: {
      namespace: claim('namespace'),
      serviceaccount: { name: claim('service-account.name'), uid: claim('service-account.uid') },
      secret: { name: claim('secret.name'), uid: '' },
    },
    // Such a token names no audience; it is for the API server.
    audiences: commonAudiences(own, wanted),
  }
}

function commonAudiences(have: readonly string[], wanted: readonly string[]): string[] {
  const common = wanted.filter((audience) => have.includes(audience))
  if (common.length > 0) return common
  const quote = (names: readonly string[]): string => `[${names.map((name) => JSON.stringify(name)).join(' ')}]`
  throw new InvalidTokenError(`token audiences ${quote(have)} is invalid for the target audiences ${quote(wanted)}`)
}

function bare({ name, uid }: ObjectName): ObjectName {
  return { name, uid }
}

function keyId(key: KeyObject): string {
  return createHash('sha256').update(key.export({ type: 'spki', format: 'der' })).digest('base64url')
}

function publicNumbers(key: KeyObject): { n?: string; e?: string } {
  const { n, e } = key.export({ format: 'jwk' })
  return { n, e }
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function parsePart(text: string | undefined): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text ?? '', 'base64url').toString())
    return typeof value === 'object' && value !== null ? (value as Claims) : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
