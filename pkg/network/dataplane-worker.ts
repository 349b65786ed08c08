// The data plane's thread: service proxy and DNS, driven by the tables that the main thread sends.
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../util/clock.ts'
import { DnsServer } from './dns-server.ts'
import { ForwardingUpstream } from './dns-upstream.ts'
import { DnsZone } from './dns-zone.ts'
import { PortMap } from './port-map.ts'
import type { DnsTable, HostPort, ServiceTable } from './table.ts'
import { UserspaceBackend } from './userspace-backend.ts'

export interface DataplaneConfig {
  readonly serviceCidr: string
  readonly clusterCidr: string
  readonly podCidr: string
  readonly bridge: string
  readonly dnsIP: string
  readonly domain: string
  readonly nameservers: readonly string[]
}

/** Main thread to worker. Each is answered with its id when it is carried out. */
export type DataplaneRequest =
  | { readonly id: number; readonly type: 'services'; readonly table: ServiceTable; readonly hostPorts: readonly HostPort[] }
  | { readonly id: number; readonly type: 'dns'; readonly table: DnsTable }
  | { readonly id: number; readonly type: 'close' }

export type DataplaneReply =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly error: string }
  | { readonly type: 'done'; readonly id: number; readonly error?: string }
  | { readonly type: 'log'; readonly text: string }

const config = workerData as DataplaneConfig
const port = parentPort
if (!port) throw new Error('dataplane-worker runs in a worker thread only')
const send = (reply: DataplaneReply): void => port.postMessage(reply)
const log = (text: string): void => send({ type: 'log', text })

const ports = new PortMap()
const zone = new DnsZone(config.domain)
const dns = new DnsServer({ zone, upstream: new ForwardingUpstream(config.nameservers, systemClock), clock: systemClock })
const backend = new UserspaceBackend({
  ...config, ports, clock: systemClock, log,
  reserved: (['TCP', 'UDP'] as const).map((protocol) => ({ clusterIP: config.dnsIP, protocol, port: 53 })),
})

/** Requests are carried out one at a time, in order. */
let chain: Promise<void> = listenDns().then(
  () => send({ type: 'ready' }),
  (error: Error) => send({ type: 'failed', error: `DNS can't listen on ${config.dnsIP}: ${error.message}` }),
)
port.on('message', (request: DataplaneRequest) => {
  chain = chain.then(() => carryOut(request)).then(
    () => send({ type: 'done', id: request.id }),
    (error: unknown) => send({ type: 'done', id: request.id, error: String((error as Error).message ?? error) }),
  )
})

async function carryOut(request: DataplaneRequest): Promise<void> {
  if (request.type === 'services') return backend.apply(request.table, request.hostPorts)
  if (request.type === 'dns') return zone.load(request.table)
  dns.close()
  await backend.close()
  port?.close()
}

async function listenDns(): Promise<void> {
  for (;;) {
    try {
      return await dns.listen(config.dnsIP, ports.mapped(53))
    } catch (error) {
      dns.close()
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      ports.refuse(53)
    }
  }
}
