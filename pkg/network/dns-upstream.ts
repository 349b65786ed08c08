// Asks the host's name servers what is not the cluster's, over UDP and, where an answer is cut, TCP.
import dgram from 'node:dgram'
import net from 'node:net'
import type { Clock } from '../util/clock.ts'

/** The answer's bytes, or undefined when no server answered. */
export interface Upstream {
  ask(message: Buffer): Promise<Buffer | undefined>
}

const answerTimeoutMs = 2000

export class ForwardingUpstream implements Upstream {
  #servers: readonly string[]
  #clock: Clock

  constructor(servers: readonly string[], clock: Clock) {
    this.#servers = servers
    this.#clock = clock
  }

  async ask(message: Buffer): Promise<Buffer | undefined> {
    for (const server of this.#servers) {
      const reply = await this.#askUdp(server, message)
      if (!reply) continue
      const truncated = (reply.readUInt16BE(2) & 0x0200) !== 0
      return truncated ? (await this.#askTcp(server, message)) ?? reply : reply
    }
    return undefined
  }

  #askUdp(server: string, message: Buffer): Promise<Buffer | undefined> {
    return new Promise((resolve) => {
      const socket = dgram.createSocket(server.includes(':') ? 'udp6' : 'udp4')
      const finish = (reply?: Buffer): void => {
        timer.cancel()
        socket.close()
        resolve(reply)
      }
      const timer = this.#clock.setTimer(() => finish(), answerTimeoutMs)
      socket.once('error', () => finish())
      // Connected, so that only this server's datagrams are taken and a refusal is noticed at once.
      socket.connect(53, server, () => socket.send(message))
      socket.on('message', (reply) => {
        if (reply.length >= 12 && reply.readUInt16BE(0) === message.readUInt16BE(0)) finish(reply)
      })
    })
  }

  #askTcp(server: string, message: Buffer): Promise<Buffer | undefined> {
    return new Promise((resolve) => {
      const socket = net.connect(53, server)
      let received = Buffer.alloc(0)
      const finish = (reply?: Buffer): void => {
        timer.cancel()
        socket.destroy()
        resolve(reply)
      }
      const timer = this.#clock.setTimer(() => finish(), answerTimeoutMs)
      socket.once('error', () => finish()).once('close', () => finish())
      const length = Buffer.alloc(2)
      length.writeUInt16BE(message.length)
      socket.write(Buffer.concat([length, message]))
      socket.on('data', (chunk) => {
        received = Buffer.concat([received, chunk])
        if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) finish(received.subarray(2, 2 + received.readUInt16BE(0)))
      })
    })
  }
}

/** The name servers of a resolv.conf text, in order. Ours is left out: it would ask itself. */
export function nameserversOf(resolvConf: string, own: string): string[] {
  return resolvConf.split('\n').flatMap((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? []).filter((server) => server !== own)
}
