// What health checks answer, by query.
import { healthAnswer, type HealthChecks } from './health.ts'

const good: HealthChecks = { livez: { log: () => undefined, etcd: () => undefined }, readyz: { 'informer-sync': () => undefined }, startup: { 'poststarthook/one': () => undefined }, ending: { shutdown: () => undefined } }
const bad: HealthChecks = { ...good, livez: { ...good.livez, etcd: () => Promise.reject(new Error('disk full')) } }

describe.each([
  ['livez', '', good, 200, 'ok'],
  ['livez', 'verbose', good, 200, '[+]ping ok\n[+]log ok\n[+]etcd ok\n[+]poststarthook/one ok\nlivez check passed\n'],
  ['readyz', 'verbose=', good, 200, '[+]ping ok\n[+]log ok\n[+]etcd ok\n[+]informer-sync ok\n[+]poststarthook/one ok\n[+]shutdown ok\nreadyz check passed\n'],
  ['readyz', 'verbose&exclude=etcd', bad, 200, '[+]ping ok\n[+]log ok\n[+]etcd excluded: ok\n[+]informer-sync ok\n[+]poststarthook/one ok\n[+]shutdown ok\nreadyz check passed\n'],
  ['readyz', 'verbose&exclude=b&exclude=a', good, 200, '[+]ping ok\n[+]log ok\n[+]etcd ok\n[+]informer-sync ok\n[+]poststarthook/one ok\n[+]shutdown ok\nwarn: some health checks cannot be excluded: no matches for "a","b"\nreadyz check passed\n'],
  ['healthz', '', bad, 500, '[+]ping ok\n[+]log ok\n[-]etcd failed: reason withheld\n[+]poststarthook/one ok\nhealthz check failed\n'],
] as const)('/%s?%s', (endpoint, query, health, code, body) => {
  test(`answers ${code}`, async () => {
    const logged: string[] = []
    const answer = await healthAnswer(endpoint, undefined, new URLSearchParams(query), { health, log: (text) => void logged.push(text) })
    expect([answer.code, answer.body]).toEqual([code, body])
    expect(logged).toEqual(code === 200 ? [] : [`${endpoint} check failed: etcd: disk full`])
  })
})

test('each check has a path of its own, which says what is wrong', async () => {
  const one = async (name: string): Promise<unknown[]> => {
    const { code, body } = await healthAnswer('livez', name, new URLSearchParams(), { health: bad, log: () => undefined })
    return [code, body]
  }
  expect(await one('ping')).toEqual([200, 'ok'])
  expect(await one('etcd')).toEqual([500, 'internal server error: disk full\n'])
  await expect(one('informer-sync')).rejects.toThrow('the server could not find the requested resource')
})
