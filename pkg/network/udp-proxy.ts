// One listening address of a UDP service port: each client gets a socket of its own towards its endpoint until it falls silent.
import dgram from 'node:dgram'
import type { Clock, Timer } from '../util/clock.ts'
import { Balancer } from './balancer.ts'
import type { Endpoint } from './table.ts'
import type { PortProxy } from './tcp-proxy.ts'

/** A client's way to its endpoint. Datagrams that come before the socket is connected wait for it. */
class Flow {
  readonly socket = dgram.createSocket('udp4')
  readonly endpoint: Endpoint
  usedMs: number
  #waiting: Buffer[] | undefined = []

  constructor(endpoint: Endpoint, nowMs: number) {
    this.endpoint = endpoint
    this.usedMs = nowMs
    this.socket.connect(endpoint.port, endpoint.ip, () => {
      for (const message of this.#waiting ?? []) this.socket.send(message)
      this.#waiting = undefined
    })
  }

  send(message: Buffer): void {
    if (this.#waiting) this.#waiting.push(message)
    else this.socket.send(message)
  }
}

const idleMs = 60_000
const maxFlows = 10_000

export class UdpProxy implements PortProxy {
  #balancer: Balancer
  #clock: Clock
  #server = dgram.createSocket('udp4')
  /** `address:port` of a client → its flow; in order of first use. */
  #flows = new Map<string, Flow>()
  #sweep: Timer | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#balancer = new Balancer(clock)
  }

  listen(address: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.bind(port, address, () => {
        this.#server.off('error', reject)
        this.#server.on('error', () => undefined)
        this.#server.on('message', (message, from) => this.#forward(message, from))
        resolve()
      })
    })
  }

  /** Flows to endpoints that are gone end at once: the client's next datagram goes to another. */
  update(endpoints: readonly Endpoint[], affinitySeconds: number): void {
    this.#balancer.update(endpoints, affinitySeconds)
    for (const [client, flow] of this.#flows) if (!this.#balancer.has(flow.endpoint)) this.#end(client, flow)
  }

  close(): void {
    this.#sweep?.cancel()
    for (const [client, flow] of this.#flows) this.#end(client, flow)
    this.#server.close()
  }

  #forward(message: Buffer, from: dgram.RemoteInfo): void {
    const client = `${from.address}:${from.port}`
    const flow = this.#flows.get(client) ?? this.#open(client, from)
    if (!flow) return
    flow.usedMs = this.#clock.now()
    flow.send(message)
  }

  #open(client: string, from: dgram.RemoteInfo): Flow | undefined {
    const endpoint = this.#balancer.order(from.address)[0]
    if (!endpoint) return undefined
    if (this.#flows.size >= maxFlows) {
      const [oldest, old] = this.#flows.entries().next().value ?? []
      if (oldest && old) this.#end(oldest, old)
    }
    const flow = new Flow(endpoint, this.#clock.now())
    flow.socket.on('error', () => this.#end(client, flow))
    flow.socket.on('message', (reply) => {
      flow.usedMs = this.#clock.now()
      this.#server.send(reply, from.port, from.address)
    })
    this.#flows.set(client, flow)
    this.#balancer.chose(from.address, endpoint)
    this.#sweep ??= this.#clock.setTimer(() => this.#endIdle(), idleMs)
    return flow
  }

  #end(client: string, flow: Flow): void {
    if (this.#flows.get(client) !== flow) return
    this.#flows.delete(client)
    flow.socket.close()
  }

  #endIdle(): void {
    const limitMs = this.#clock.now() - idleMs
    for (const [client, flow] of this.#flows) if (flow.usedMs <= limitMs) this.#end(client, flow)
    this.#sweep = this.#flows.size > 0 ? this.#clock.setTimer(() => this.#endIdle(), idleMs) : undefined
  }
}
