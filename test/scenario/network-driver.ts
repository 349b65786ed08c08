// Runs the real data plane inside a network namespace that the test made, and prints what its clients see as JSON.
import dgram from 'node:dgram'
import { execFileSync } from 'node:child_process'
import { Resolver } from 'node:dns/promises'
import net from 'node:net'
import { Dataplane } from '../../pkg/network/dataplane.ts'
import { addServiceRoute } from '../../pkg/network/host-network.ts'
import type { ServicePort } from '../../pkg/network/table.ts'

const serviceCidr = '10.43.0.0/16'
const dnsIP = '10.43.0.10'
const results: Record<string, unknown> = {}

/** Answers each connection with its own name and the client's address, then echoes. */
function tcpEndpoint(ip: string, port: number, name: string): Promise<net.Server> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    socket.write(`${name}:`)
    socket.pipe(socket)
  })
  return new Promise((resolve) => server.listen(port, ip, () => resolve(server)))
}

function udpEndpoint(ip: string, port: number, name: string): Promise<dgram.Socket> {
  const socket = dgram.createSocket('udp4')
  socket.on('message', (message, from) => socket.send(`${name}:${message.toString()}`, from.port, from.address))
  return new Promise((resolve) => socket.bind(port, ip, () => resolve(socket)))
}

function askTcp(ip: string, port: number, text: string, localAddress?: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: ip, port, ...(localAddress ? { localAddress } : {}) })
    let received = ''
    socket.on('data', (chunk) => (received += chunk.toString()))
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'))
    socket.on('end', () => resolve(received))
    socket.end(text)
  })
}

function askUdp(ip: string, port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = dgram.createSocket('udp4')
    const finish = (answer: string): void => {
      clearTimeout(timer)
      socket.close()
      resolve(answer)
    }
    const timer = setTimeout(() => finish('silence'), 1000)
    socket.on('message', (message) => finish(message.toString()))
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? 'error'))
    socket.send(text, port, ip)
  })
}

function servicePort(changes: Partial<ServicePort>): ServicePort {
  return {
    id: 'default/web:http/TCP', protocol: 'TCP', clusterIP: '10.43.0.20', port: 80, nodePort: 0, externalIPs: [],
    affinitySeconds: 0, internalLocal: false, externalLocal: false, endpoints: [], ...changes,
  }
}

execFileSync('ip', ['link', 'set', 'lo', 'up'])
execFileSync('ip', ['addr', 'add', '192.0.2.1/32', 'dev', 'lo'])
await addServiceRoute(serviceCidr)
const dataplane = new Dataplane({
  serviceCidr, clusterCidr: '10.42.0.0/16', podCidr: '10.42.0.0/24', bridge: 'kinglet0', dnsIP, domain: 'cluster.local', nameservers: [],
}, (text) => process.stderr.write(`${text}\n`))
await dataplane.ready

await tcpEndpoint('127.0.1.1', 8080, 'a')
await tcpEndpoint('127.0.1.2', 8080, 'b')
await udpEndpoint('127.0.1.1', 5300, 'u')
// A process of the host that listens on all addresses keeps its port, and ClusterIPs do not lead to it.
await tcpEndpoint('0.0.0.0', 80, 'host')
await tcpEndpoint('0.0.0.0', 2222, 'ssh')
const a = { ip: '127.0.1.1', port: 8080, local: true }
const b = { ip: '127.0.1.2', port: 8080, local: false }
const dead = { ip: '127.0.1.3', port: 8080, local: true }

await dataplane.setServices({ ports: [
  servicePort({ endpoints: [a, b], nodePort: 30080, externalIPs: ['192.0.2.1'] }),
  servicePort({ id: 'default/sticky:/TCP', clusterIP: '10.43.0.21', endpoints: [a, b], affinitySeconds: 10800 }),
  servicePort({ id: 'default/empty:/TCP', clusterIP: '10.43.0.22' }),
  servicePort({ id: 'default/dying:/TCP', clusterIP: '10.43.0.23', port: 8000, endpoints: [dead, a] }),
  servicePort({ id: 'default/local:/TCP', clusterIP: '10.43.0.24', endpoints: [a, b], nodePort: 30081, externalLocal: true }),
  servicePort({ id: 'default/udp:/UDP', clusterIP: '10.43.0.20', protocol: 'UDP', endpoints: [{ ip: '127.0.1.1', port: 5300, local: true }] }),
] }, [{ protocol: 'TCP', hostIP: '', hostPort: 8888, podIP: '127.0.1.2', podPort: 8080 }])

const many = (ip: string, port: number, count = 6): Promise<string[]> => Promise.all(Array.from({ length: count }, () => askTcp(ip, port, 'hi')))
results.clusterIP = [...new Set(await many('10.43.0.20', 80))].sort()
results.sticky = new Set(await many('10.43.0.21', 80, 1).then(() => many('10.43.0.21', 80))).size
results.empty = await askTcp('10.43.0.22', 80, 'hi')
results.dying = [...new Set(await many('10.43.0.23', 8000, 4))]
results.nodePort = [...new Set(await many('127.0.0.1', 30080))].sort()
results.nodePortLocal = [...new Set(await many('192.0.2.1', 30081))]
results.externalIP = [...new Set(await many('192.0.2.1', 80))].sort()
results.udp = await askUdp('10.43.0.20', 80, 'ping')
results.hostPort = await askTcp('192.0.2.1', 8888, 'hi')
results.hostProcess = await askTcp('127.0.0.1', 80, 'hi')
results.noSuchService = await askTcp('10.43.0.20', 2222, 'hi')
results.large = (await askTcp('10.43.0.20', 80, 'x'.repeat(5_000_000))).length

await dataplane.setServices({ ports: [servicePort({ endpoints: [b] })] }, [])
results.afterChange = [...new Set(await many('10.43.0.20', 80))]
results.removed = await askTcp('10.43.0.21', 80, 'hi')
results.nodePortGone = await askTcp('127.0.0.1', 30080, 'hi')

await dataplane.setDns({
  namespaces: ['default', 'kube-system'],
  services: [
    { namespace: 'default', name: 'web', clusterIPs: ['10.43.0.20'], externalName: '', ports: [{ name: 'http', protocol: 'TCP', port: 80 }], endpoints: [] },
    {
      namespace: 'default', name: 'peers', clusterIPs: [], externalName: '', ports: [],
      endpoints: Array.from({ length: 100 }, (_, i) => ({ ip: `10.42.0.${i + 1}`, hostname: `peer-${i}`, ports: [{ name: 'p2p', protocol: 'TCP', port: 7000 }] })),
    },
    { namespace: 'default', name: 'out', clusterIPs: [], externalName: 'web.default.svc.cluster.local', ports: [], endpoints: [] },
  ],
})
const resolver = new Resolver({ timeout: 1000, tries: 1 })
resolver.setServers([dnsIP])
const ask = async (question: () => Promise<unknown>): Promise<unknown> => question().catch((error: NodeJS.ErrnoException) => error.code)
results.dnsA = await ask(() => resolver.resolve4('web.default.svc.cluster.local'))
results.dnsHeadless = ((await ask(() => resolver.resolve4('peers.default.svc.cluster.local'))) as string[]).length
results.dnsHostname = await ask(() => resolver.resolve4('peer-4.peers.default.svc.cluster.local'))
results.dnsSrv = await ask(() => resolver.resolveSrv('_http._tcp.web.default.svc.cluster.local'))
results.dnsPtr = await ask(() => resolver.resolvePtr('20.0.43.10.in-addr.arpa'))
results.dnsExternal = await ask(() => resolver.resolve4('out.default.svc.cluster.local'))
results.dnsMissing = await ask(() => resolver.resolve4('nothing.default.svc.cluster.local'))
results.dnsNoData = await ask(() => resolver.resolve6('web.default.svc.cluster.local'))
results.dnsPod = await ask(() => resolver.resolve4('10-42-0-7.default.pod.cluster.local'))
results.dnsNoUpstream = await ask(() => resolver.resolve4('example.org'))

await dataplane.close()
results.afterClose = await askTcp('10.43.0.20', 80, 'hi')
process.stdout.write(`${JSON.stringify(results)}\n`, () => process.exit(0))
