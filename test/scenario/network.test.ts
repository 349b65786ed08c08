// The service proxy and DNS on real sockets and real nftables, inside a network namespace of the test's own.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

describe('data plane', () => {
  let seen: Record<string, unknown>
  beforeAll(async () => {
    const { stdout } = await run('unshare', ['--net', process.execPath, join(import.meta.dirname, 'network-driver.ts')], { timeout: 60_000 })
    seen = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>
  }, 60_000)

  const expected: Record<string, unknown> = {
    clusterIP: ['a:hi', 'b:hi'],
    sticky: 1,
    empty: 'ECONNREFUSED',
    dying: ['a:hi'],
    nodePort: ['a:hi', 'b:hi'],
    nodePortLocal: ['a:hi'],
    externalIP: ['a:hi', 'b:hi'],
    udp: 'u:ping',
    hostPort: 'b:hi',
    hostProcess: 'host:hi',
    noSuchService: 'ECONNREFUSED',
    large: 5_000_002,
    afterChange: ['b:hi'],
    removed: 'ECONNREFUSED',
    nodePortGone: 'ECONNREFUSED',
    dnsA: ['10.43.0.20'],
    dnsHeadless: 100,
    dnsHostname: ['10.42.0.5'],
    dnsSrv: [{ name: 'web.default.svc.cluster.local', port: 80, priority: 0, weight: 100, type: 'SRV' }],
    dnsPtr: ['web.default.svc.cluster.local'],
    dnsExternal: ['10.43.0.20'],
    dnsMissing: 'ENOTFOUND',
    dnsNoData: 'ENODATA',
    dnsPod: ['10.42.0.7'],
    dnsNoUpstream: 'ESERVFAIL',
    afterClose: 'ECONNREFUSED',
  }
  it.each(Object.entries(expected))('%s', (name, value) => {
    expect(seen[name]).toEqual(value)
  })
})
