// The DNS server's answers to whole messages: names of the zone, truncation by size, and whatever else comes along.
import packet from 'dns-packet'
import fc from 'fast-check'
import { ManualClock } from '../util/clock.ts'
import { DnsServer } from './dns-server.ts'
import { nameserversOf } from './dns-upstream.ts'
import { DnsZone } from './dns-zone.ts'

const zone = new DnsZone('cluster.local')
zone.load({
  namespaces: ['default', 'empty'],
  services: [
    { namespace: 'default', name: 'web', clusterIPs: ['10.43.0.20'], externalName: '', ports: [{ name: 'http', protocol: 'TCP', port: 80 }], endpoints: [] },
    { namespace: 'default', name: 'out', clusterIPs: [], externalName: 'Example.org', ports: [], endpoints: [] },
    { namespace: 'default', name: 'loop', clusterIPs: [], externalName: 'loop.default.svc.cluster.local', ports: [], endpoints: [] },
    { namespace: 'default', name: 'db', clusterIPs: [], externalName: '', ports: [], endpoints: [{ ip: '10.42.0.3', hostname: 'db-0', ports: [{ name: 'sql', protocol: 'TCP', port: 5432 }] }] },
  ],
})

const upstream = {
  ask: async (message: Buffer): Promise<Buffer> => {
    const query = packet.decode(message)
    return packet.encode({ type: 'response', id: query.id ?? 0, questions: query.questions ?? [], answers: [{ type: 'A', name: query.questions?.[0]?.name ?? '', ttl: 60, data: '192.0.2.80' }] })
  },
}
const server = new DnsServer({ zone, upstream, clock: new ManualClock() })

async function ask(name: string, type: string): Promise<{ rcode: string; answers: unknown[]; additionals: unknown[] }> {
  const reply = packet.decode(await server.respond(packet.encode({ type: 'query', id: 7, flags: packet.RECURSION_DESIRED, questions: [{ type: type as 'A', name }] })) ?? Buffer.alloc(0))
  expect(reply.id).toBe(7)
  const data = (records: readonly packet.Answer[] = []): unknown[] => records.map((record) => ('data' in record ? record.data : undefined))
  return { rcode: (reply as { rcode?: string }).rcode ?? '', answers: data(reply.answers), additionals: data(reply.additionals) }
}

describe('DnsServer', () => {
  it.each<[string, string, string, unknown[]]>([
    ['web.default.svc.cluster.local', 'A', 'NOERROR', ['10.43.0.20']],
    ['WEB.Default.SVC.cluster.local', 'A', 'NOERROR', ['10.43.0.20']],
    ['web.default.svc.cluster.local', 'AAAA', 'NOERROR', []],
    ['web.other.svc.cluster.local', 'A', 'NXDOMAIN', []],
    ['default.svc.cluster.local', 'A', 'NOERROR', []],
    ['web.default.svc.cluster.local.default.svc.cluster.local', 'A', 'NXDOMAIN', []],
    ['_http._tcp.web.default.svc.cluster.local', 'SRV', 'NOERROR', [{ target: 'web.default.svc.cluster.local', port: 80, priority: 0, weight: 100 }]],
    ['_sql._tcp.db.default.svc.cluster.local', 'SRV', 'NOERROR', [{ target: 'db-0.db.default.svc.cluster.local', port: 5432, priority: 0, weight: 100 }]],
    ['_sql._udp.db.default.svc.cluster.local', 'SRV', 'NXDOMAIN', []],
    ['db-0.db.default.svc.cluster.local', 'A', 'NOERROR', ['10.42.0.3']],
    ['out.default.svc.cluster.local', 'CNAME', 'NOERROR', ['example.org']],
    ['out.default.svc.cluster.local', 'A', 'NOERROR', ['example.org', '192.0.2.80']],
    ['3.0.42.10.in-addr.arpa', 'PTR', 'NOERROR', ['db-0.db.default.svc.cluster.local']],
    ['10-42-0-9.default.pod.cluster.local', 'A', 'NOERROR', ['10.42.0.9']],
    ['10-42-0-9.nowhere.pod.cluster.local', 'A', 'NXDOMAIN', []],
    ['example.org', 'A', 'NOERROR', ['192.0.2.80']],
  ])('%s %s', async (name, type, rcode, answers) => {
    expect(await ask(name, type)).toMatchObject({ rcode, answers })
  })

  it('sends the address along with a service record', async () => {
    expect((await ask('_http._tcp.web.default.svc.cluster.local', 'SRV')).additionals).toEqual(['10.43.0.20'])
  })

  it('ends a circle of external names', async () => {
    expect((await ask('loop.default.svc.cluster.local', 'A')).answers.length).toBeLessThan(20)
  })

  it('answers any bytes with a whole message or not at all', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      const reply = await server.respond(Buffer.from(bytes))
      if (reply) expect(reply.length).toBeGreaterThanOrEqual(12)
    }))
  })
})

test('nameservers of a resolv.conf, without ourselves', () => {
  expect(nameserversOf('# made by dhcp\nnameserver 10.43.0.10\nsearch lan\n nameserver 192.0.2.53\nnameserver fd00::1\n', '10.43.0.10')).toEqual(['192.0.2.53', 'fd00::1'])
})
