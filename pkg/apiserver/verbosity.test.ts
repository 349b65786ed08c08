// The flag v while the server runs: who may set it, to what, and what is told from then on.
import { alice, startServer, type TestServer } from './fixture.suite.ts'
import { Verbosity } from './verbosity.ts'

it.each<[string, string, number, string]>([
  ['PUT', '4', 200, 'successfully set klog.logging.verbosity to 4'],
  ['GET', '', 406, 'unsupported http method'],
  ['PUT', '', 400, 'strconv.ParseUint: parsing "": invalid syntax'],
  ['PUT', '4x', 400, 'strconv.ParseUint: parsing "4x": invalid syntax'],
  ['PUT', '4294967296', 400, 'strconv.ParseUint: parsing "4294967296": value out of range'],
  ['PUT', '4294967295', 400, 'failed set klog.logging.verbosity 4294967295: strconv.ParseInt: parsing "4294967295": value out of range'],
])('%s %j', (method, body, code, text) => expect(new Verbosity().answer(method, body)).toMatchObject({ code, body: `${text}\n`, contentType: 'text/plain' }))

describe('of a server', () => {
  let server: TestServer
  beforeAll(async () => { server = await startServer() })
  afterAll(() => server.stop())

  it('is for those who may, and has requests told', async () => {
    expect(await server.call('PUT', '/debug/flags/v', { as: alice, body: '4' })).toMatchObject({ code: 403 })
    expect(await server.call('GET', '/debug/flags/v')).toMatchObject({ code: 406, text: 'unsupported http method\n' })
    expect((await server.call('GET', '/debug/flags')).text).toContain('<tr>v<br>')
    await server.call('GET', '/version')
    expect(server.logged.filter((line) => line.startsWith('"HTTP"'))).toEqual([])
    expect(await server.call('PUT', '/debug/flags/v', { body: '3' })).toMatchObject({ code: 200, text: 'successfully set klog.logging.verbosity to 3\n' })
    await server.call('GET', '/version?x=y', { headers: { 'user-agent': 'tester "1"', 'audit-id': 'mine' } })
    expect(server.logged.filter((line) => line.includes('/version'))).toEqual([expect.stringMatching(/^"HTTP" verb="GET" URI="\/version\?x=y" latency="[\d.]+(µs|ms)" userAgent="tester \\"1\\"" audit-ID="mine" srcIP="[\d.]+:\d+" resp=200$/)])
    await server.call('PUT', '/debug/flags/v', { body: '0' })
    await server.call('GET', '/version?z')
    expect(server.logged.filter((line) => line.includes('/version?z'))).toEqual([])
  })

  it('pages that are off by default are not there', async () => {
    for (const path of ['/configz', '/statusz', '/flagz', '/logs', '/logs/kube.log']) expect(await server.call('GET', path)).toMatchObject({ code: 404, text: '404 page not found\n' })
  })

  it('those who may not are not shown flow control', async () => {
    for (const what of ['dump_priority_levels', 'dump_queues', 'dump_requests']) expect(await server.call('GET', `/debug/api_priority_and_fairness/${what}`, { as: alice })).toMatchObject({ code: 403 })
    const { text } = await server.call('GET', '/debug/api_priority_and_fairness/dump_requests?includeRequestDetails=1')
    // The request itself.
    expect(text.trimEnd().split('\n').slice(1).map((row) => row.split(/, */))).toContainEqual([
      'exempt', 'catch-all', '-1', '-1', 'admin', expect.any(String), '1', '0', '0s', expect.any(String), 'admin', 'get', '/debug/api_priority_and_fairness/dump_requests', '', '', '', '', '',
    ])
  })
})
