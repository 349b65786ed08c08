// Which tokens sign cluster-info, and what becomes of its signatures.
import { createHmac } from 'node:crypto'
import type { Secret } from '../api/types-config.ts'
import { detachedSignature, signedData, signingToken } from './bootstrap-signer.ts'

const now = Date.UTC(2026, 0, 1)
const secret = (data: Record<string, string>, more: Partial<Secret> = {}): Secret => ({
  metadata: { name: 'bootstrap-token-07401b', namespace: 'kube-system' }, type: 'bootstrap.kubernetes.io/token', ...more,
  data: Object.fromEntries(Object.entries({ 'token-id': '07401b', 'token-secret': 'f395accd246ae52d', 'usage-bootstrap-signing': 'true', ...data }).map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
})

test('a signature is a JWS without its content', () => {
  const [header = '', content, signature] = detachedSignature('hello', '07401b', 'f395accd246ae52d').split('.')
  expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({ alg: 'HS256', kid: '07401b' })
  expect(content).toBe('')
  expect(signature).toBe(createHmac('sha256', 'f395accd246ae52d').update(`${header}.aGVsbG8`).digest('base64url'))
})

describe('a secret', () => {
  const cases: [string, Secret, boolean][] = [
    ['states a token', secret({}), true],
    ['that is no bootstrap token', secret({}, { type: 'Opaque' }), false],
    ['in another namespace', secret({}, { metadata: { name: 'bootstrap-token-07401b', namespace: 'default' } }), false],
    ['of another name', secret({}, { metadata: { name: 'bootstrap-token-xxxxxx', namespace: 'kube-system' } }), false],
    ['that is for authentication only', secret({ 'usage-bootstrap-signing': 'false' }), false],
    ['without a secret', secret({ 'token-secret': '' }), false],
    ['that lasts', secret({ expiration: '2026-01-01T00:00:01Z' }), true],
    ['that is over', secret({ expiration: '2026-01-01T00:00:00Z' }), false],
    ['whose end can not be read', secret({ expiration: 'tomorrow' }), false],
  ]
  test.each(cases)('%s', (_name, stated, signs) => expect(signingToken(stated, now)).toEqual(signs ? { id: '07401b', secret: 'f395accd246ae52d' } : undefined))
})

test('signatures follow the tokens; other data stays', () => {
  const before = { kubeconfig: 'k', other: 'o', 'jws-kubeconfig-gone00': 'x' }
  expect(signedData(before, [{ id: 'aaaaaa', secret: 's' }])).toEqual({ kubeconfig: 'k', other: 'o', 'jws-kubeconfig-aaaaaa': detachedSignature('k', 'aaaaaa', 's') })
  expect(signedData({ other: 'o' }, [{ id: 'aaaaaa', secret: 's' }])).toEqual({ other: 'o' })
})
