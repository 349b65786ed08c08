// When a token that nobody uses is called invalid, and when it goes.
import type { Secret } from '../api/types-config.ts'
import { staleTokenPlan, type TokenFacts } from './legacy-token-cleaner.ts'

const lastUsed = 'kubernetes.io/legacy-token-last-used'
const invalidSince = 'kubernetes.io/legacy-token-invalid-since'
const secret = (labels: Record<string, string> = {}, type = 'kubernetes.io/service-account-token'): Secret => ({ type, metadata: { name: 's', namespace: 'a', labels } })
const facts: TokenFacts = { since: '2024-01-01', account: { metadata: { name: 'x' }, secrets: [{ name: 's' }] }, mounted: false, nowMs: Date.UTC(2026, 0, 10) }

test.each<[string, Secret, Partial<TokenFacts>, string]>([
  ['never used', secret(), {}, 'invalidate'],
  ['never used, not noted for long', secret(), { since: '2025-06-01' }, 'keep'],
  ['use not noted', secret(), { since: undefined }, 'keep'],
  ['use noted since no date', secret(), { since: '2024-02-31' }, 'keep'],
  ['used lately', secret({ [lastUsed]: '2025-12-01' }), {}, 'keep'],
  ['used long ago', secret({ [lastUsed]: '2024-12-01' }), {}, 'invalidate'],
  ['used before it was noted', secret({ [lastUsed]: '2020-01-01' }), { since: '2025-06-01' }, 'keep'],
  ['mounted', secret(), { mounted: true }, 'keep'],
  ['made by hand', secret(), { account: { metadata: { name: 'x' } } }, 'keep'],
  ['of no account', secret(), { account: undefined }, 'keep'],
  ['another secret', secret({}, 'Opaque'), {}, 'keep'],
  ['called invalid lately', secret({ [invalidSince]: '2025-06-01' }), {}, 'keep'],
  ['called invalid long ago', secret({ [invalidSince]: '2025-01-01' }), {}, 'remove'],
  ['called invalid at no date', secret({ [invalidSince]: 'yes' }), {}, 'invalidate'],
  ['called invalid long ago, but used since', secret({ [invalidSince]: '2025-01-01', [lastUsed]: '2025-12-01' }), {}, 'keep'],
])('%s', (_name, stated, more, plan) => expect(staleTokenPlan(stated, { ...facts, ...more })).toBe(plan))
