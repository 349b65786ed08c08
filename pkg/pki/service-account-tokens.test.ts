// Service account tokens: ours verify here and, by the published key, in jose; nothing else does.
import { generateKeyPairSync } from 'node:crypto'
import { createLocalJWKSet, jwtVerify, SignJWT, importPKCS8 } from 'jose'
import { ManualClock } from '../util/clock.ts'
import type { TokenRequest } from './service-account-tokens.ts'
import { InvalidTokenError, ServiceAccountTokens } from './service-account-tokens.ts'

const newKey = (): string => generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } }).privateKey
const key = newKey()
const issuer = 'https://kubernetes.default.svc.cluster.local'
const clock = new ManualClock()
const tokens = new ServiceAccountTokens({ issuer, key, clock })
const request: TokenRequest = {
  namespace: 'ns',
  serviceAccount: { name: 'sa', uid: 'u1' },
  pod: { name: 'p', uid: 'u2' },
  node: { name: 'n', uid: 'u3' },
  expirationSeconds: 3600,
  warnAfterSeconds: 600,
}
const parts = (token: string): [string, string, string] => token.split('.') as [string, string, string]
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('ServiceAccountTokens', () => {
  it('sign what they verify', () => {
    const { token, expiresAtMs } = tokens.sign(request)
    const now = clock.now() / 1000
    expect(expiresAtMs).toBe((now + 3600) * 1000)
    expect(JSON.parse(Buffer.from(parts(token)[1], 'base64url').toString())).toEqual({
      aud: [issuer],
      exp: now + 3600,
      iat: now,
      iss: issuer,
      jti: expect.any(String),
      'kubernetes.io': { namespace: 'ns', node: { name: 'n', uid: 'u3' }, pod: { name: 'p', uid: 'u2' }, serviceaccount: { name: 'sa', uid: 'u1' }, warnafter: now + 600 },
      nbf: now,
      sub: 'system:serviceaccount:ns:sa',
    })
    for (let time = 0; time < 2; time++) {
      expect(tokens.verify(token)).toMatchObject({ username: 'system:serviceaccount:ns:sa', kubernetes: { pod: { uid: 'u2' } }, audiences: [issuer], expiresAtMs })
    }
    expect(tokens.isOurs(token)).toBe(true)
    expect(tokens.isOurs('opaque')).toBe(false)
  })

  it('publish the key by which others verify', async () => {
    const { token } = tokens.sign({ ...request, audiences: ['vault'] })
    const jwks = JSON.parse(JSON.stringify(tokens.jwks())) as Parameters<typeof createLocalJWKSet>[0]
    const { payload } = await jwtVerify(token, createLocalJWKSet(jwks), { issuer, audience: 'vault', currentDate: new Date(clock.now()) })
    expect(payload.sub).toBe('system:serviceaccount:ns:sa')
    expect(jwks.keys[0]).not.toHaveProperty('d')
    expect(tokens.discovery(`${issuer}/openid/v1/jwks`)).toEqual({
      issuer,
      jwks_uri: `${issuer}/openid/v1/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    })
  })

  it('refuse a token for other audiences', () => {
    const { token } = tokens.sign({ ...request, audiences: ['a', 'b'] })
    expect(tokens.verify(token, ['x', 'b']).audiences).toEqual(['b'])
    expect(() => tokens.verify(token, ['x'])).toThrow('token audiences ["a" "b"] is invalid for the target audiences ["x"]')
    expect(() => tokens.verify(token)).toThrow(InvalidTokenError)
  })

  it('refuse a token before and after its time, also one that was seen', () => {
    const later = new ManualClock()
    const early = new ServiceAccountTokens({ issuer, key, clock: later })
    const { token } = early.sign(request)
    early.verify(token)
    later.step(3659_000)
    early.verify(token)
    later.step(1_000)
    expect(() => early.verify(token)).toThrow('service account token has expired')
    expect(() => tokens.verify(early.sign(request).token)).toThrow('not valid yet')
  })

  it('refuse whatever was changed', () => {
    const { token } = tokens.sign(request)
    tokens.verify(token)
    const [header, claims, signature] = parts(token)
    const admin = encode({ ...(JSON.parse(Buffer.from(claims, 'base64url').toString()) as object), sub: 'system:serviceaccount:kube-system:admin' })
    const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
    const bad = [
      `${header}.${admin}.${signature}`,
      `${header}.${claims}.${flipped}`,
      `${header}.${claims}.`,
      `${header}.${claims}`,
      `${header}.${claims}.${signature}.`,
      `${header}.${claims}.${signature}=`,
      `${encode({ alg: 'none' })}.${claims}.`,
      `${encode({ alg: 'none' })}.${claims}.${signature}`,
      '',
      'a.b.c',
    ]
    for (const text of bad) expect(() => tokens.verify(text)).toThrow(InvalidTokenError)
  })

  it("refuse another key's token and, with our key, what is not a service account's", async () => {
    const stranger = new ServiceAccountTokens({ issuer, key: newKey(), clock })
    expect(() => tokens.verify(stranger.sign(request).token)).toThrow('invalid signature, no keys found')
    const other = new ServiceAccountTokens({ issuer: 'https://other', key, clock })
    expect(() => tokens.verify(other.sign(request).token)).toThrow('token issuer "https://other" is invalid')
    const now = clock.now() / 1000
    const signed = (claims: Record<string, unknown>): Promise<string> =>
      importPKCS8(key, 'RS256').then((imported) => new SignJWT({ iss: issuer, aud: issuer, exp: now + 60, ...claims }).setProtectedHeader({ alg: 'RS256' }).sign(imported))
    const kubernetes = { namespace: 'ns', serviceaccount: { name: 'sa', uid: 'u' } }
    expect(tokens.verify(await signed({ sub: 'system:serviceaccount:ns:sa', 'kubernetes.io': kubernetes })).username).toBe('system:serviceaccount:ns:sa')
    const bad = [{ sub: 'system:serviceaccount:ns:root', 'kubernetes.io': kubernetes }, { sub: 'system:serviceaccount:ns:sa' }, { sub: 'system:serviceaccount:ns:sa', 'kubernetes.io': kubernetes, exp: undefined }]
    for (const claims of bad) {
      const token = await signed(claims)
      expect(() => tokens.verify(token)).toThrow(InvalidTokenError)
    }
  })

  it("know an older key's tokens, and those of secrets", () => {
    const rotated = new ServiceAccountTokens({ issuer, key: newKey(), olderKeys: [key], clock })
    expect(rotated.verify(tokens.sign(request).token).username).toBe('system:serviceaccount:ns:sa')
    expect(rotated.jwks().keys).toHaveLength(2)
    const token = rotated.signForSecret({ namespace: 'ns', serviceAccount: request.serviceAccount, secretName: 's' })
    const legacy = rotated.verify(token)
    expect(legacy).toEqual({ username: 'system:serviceaccount:ns:sa', kubernetes: { namespace: 'ns', serviceaccount: { name: 'sa', uid: 'u1' }, secret: { name: 's', uid: '' } }, audiences: [issuer] })
    expect(() => rotated.verify(token, ['vault'])).toThrow(InvalidTokenError)
  })
})
