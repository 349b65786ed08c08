// One listening address of a TCP service port: takes connections and joins each with an endpoint.
import net from 'node:net'
import type { Clock } from '../util/clock.ts'
import { Balancer } from './balancer.ts'
import type { Endpoint } from './table.ts'

export interface PortProxy {
  listen(address: string, port: number): Promise<void>
  update(endpoints: readonly Endpoint[], affinitySeconds: number): void
  close(): void
}

const connectTimeoutMs = 5000

export class TcpProxy implements PortProxy {
  #balancer: Balancer
  #clock: Clock
  #server: net.Server
  #sockets = new Set<net.Socket>()

  constructor(clock: Clock) {
    this.#clock = clock
    this.#balancer = new Balancer(clock)
    this.#server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true, keepAlive: true }, (socket) => this.#join(socket))
  }

  listen(address: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host: address, port, backlog: 1024 }, () => {
        this.#server.off('error', reject)
        // Later errors are of accept (too many open files): that connection is lost, the proxy goes on.
        this.#server.on('error', () => undefined)
        resolve()
      })
    })
  }

  update(endpoints: readonly Endpoint[], affinitySeconds: number): void {
    this.#balancer.update(endpoints, affinitySeconds)
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #join(client: net.Socket): void {
    this.#track(client)
    client.on('error', () => client.destroy())
    const address = client.remoteAddress ?? ''
    this.#connect(client, address, this.#balancer.order(address))
  }

  /** Tries the endpoints in turn; the client notices only when none answers, and then sees a reset as from a closed port. */
  #connect(client: net.Socket, address: string, order: readonly Endpoint[]): void {
    const [endpoint, ...rest] = order
    if (!endpoint || client.destroyed) return void client.resetAndDestroy()
    const server = net.connect({ host: endpoint.ip, port: endpoint.port, allowHalfOpen: true, noDelay: true, keepAlive: true })
    this.#track(server)
    const timer = this.#clock.setTimer(() => server.destroy(new Error('connect timed out')), connectTimeoutMs)
    const fail = (): void => {
      timer.cancel()
      server.destroy()
      this.#connect(client, address, rest)
    }
    server.once('error', fail)
    server.once('connect', () => {
      timer.cancel()
      server.off('error', fail)
      this.#balancer.chose(address, endpoint)
      server.on('error', () => (client.destroyed ? undefined : client.resetAndDestroy()))
      client.on('error', () => server.destroy())
      client.on('close', () => server.destroy())
      server.on('close', () => client.destroySoon())
      client.pipe(server)
      server.pipe(client)
    })
  }

  #track(socket: net.Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }
}
