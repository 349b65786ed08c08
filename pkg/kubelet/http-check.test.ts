// What a GET of a probe says when nobody answers.
import { systemClock } from '../util/clock.ts'
import { httpGet, httpTarget } from './http-check.ts'

test.each([
  [80, 'HTTP', '/', 'Get "http://127.98.7.6:80/": dial tcp 127.98.7.6:80: connect: connection refused'],
  [443, 'HTTPS', '/healthz?full=1', 'Get "https://127.98.7.6:443/healthz?full=1": dial tcp 127.98.7.6:443: connect: connection refused'],
  [2, 'HTTP', '/a b', 'Get "http://127.98.7.6:2/a%20b": dial tcp 127.98.7.6:2: connect: connection refused'],
] as const)('port %i by %s: the port is told, also where it is the scheme\'s own', async (port, scheme, path, text) => {
  const target = httpTarget({ port, scheme, path, host: '127.98.7.6' }, { podIP: '', port, agent: 'kube-probe/1.35' })
  await expect(httpGet(target, { timeoutMs: 10_000, clock: systemClock })).rejects.toThrow(text)
})
