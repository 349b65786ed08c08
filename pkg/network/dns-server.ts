// The cluster's DNS server, UDP and TCP: the zone's names from the table, all others from upstream.
import dgram from 'node:dgram'
import net from 'node:net'
import packet from 'dns-packet'
import type { Clock } from '../util/clock.ts'
import { type DnsQuery, readAddresses, readQuery } from './dns-message.ts'
import type { DnsZone, ZoneRecord } from './dns-zone.ts'
import type { Upstream } from './dns-upstream.ts'

export interface DnsServerOptions {
  readonly zone: DnsZone
  readonly upstream: Upstream
  readonly clock: Clock
}

const ttlSeconds = 5
const plainUdpBytes = 512
const rcodes = { formatError: 1, serverFailure: 2, nameMissing: 3 }
const maxCnameSteps = 8

type Answer = packet.Answer

export class DnsServer {
  #options: DnsServerOptions
  #sockets: { close(): unknown }[] = []

  constructor(options: DnsServerOptions) {
    this.#options = options
  }

  /** Listens on UDP and TCP of the address. Rejects when either can't be had. */
  async listen(address: string, port: number): Promise<void> {
    const udp = dgram.createSocket('udp4')
    udp.on('message', (message, from) => {
      void this.respond(message).then((reply) => reply && udp.send(fit(reply, message), from.port, from.address))
    })
    const tcp = net.createServer((socket) => serveTcp(socket, (message) => this.respond(message)))
    this.#sockets.push(udp, tcp)
    await Promise.all([
      new Promise<void>((resolve, reject) => udp.once('error', reject).bind(port, address, () => { udp.off('error', reject).on('error', () => undefined); resolve() })),
      new Promise<void>((resolve, reject) => tcp.once('error', reject).listen(port, address, () => { tcp.off('error', reject).on('error', () => undefined); resolve() })),
    ])
  }

  close(): void {
    for (const socket of this.#sockets.splice(0)) socket.close()
  }

  /** One message in, one message out; undefined for what is not a question at all. */
  async respond(message: Buffer): Promise<Buffer | undefined> {
    if (message.length < 12 || (message.readUInt16BE(2) & 0x8000) !== 0) return undefined
    let query: DnsQuery
    try {
      query = readQuery(message)
    } catch {
      return headerOnly(message, rcodes.formatError)
    }
    const answer = this.#options.zone.answer(query.name, query.type)
    if (answer.kind === 'outside') return (await this.#options.upstream.ask(message)) ?? this.#encode(query, { rcode: rcodes.serverFailure })
    if (answer.kind === 'missing') return this.#encode(query, { rcode: rcodes.nameMissing, authorities: [this.#soa()] })
    const answers = answer.records.map(toAnswer)
    await this.#followCname(answer.records, query.type, answers)
    return this.#encode(query, {
      rcode: 0, answers, additionals: answer.additional.map(toAnswer),
      authorities: answers.length === 0 ? [this.#soa()] : [],
    })
  }

  /** An ExternalName leads on: into the zone, or to upstream, whose records are added behind the CNAME. */
  async #followCname(records: readonly ZoneRecord[], type: string, answers: Answer[]): Promise<void> {
    let cname = records.find((record) => record.type === 'CNAME')
    if (!cname || type === 'CNAME') return
    for (let step = 0; step < maxCnameSteps && cname?.type === 'CNAME'; step++) {
      const target: string = cname.target.replace(/\.$/, '')
      const next = this.#options.zone.answer(target, type)
      if (next.kind === 'missing') return
      if (next.kind === 'outside') {
        const reply = await this.#options.upstream.ask(packet.encode({
          type: 'query', id: Math.floor(this.#options.clock.random() * 65536), flags: packet.RECURSION_DESIRED,
          questions: [{ type: type as 'A', name: target }],
        }))
        if (reply) answers.push(...readAddresses(reply))
        return
      }
      answers.push(...next.records.map(toAnswer))
      cname = next.records.find((record) => record.type === 'CNAME')
    }
  }

  #encode(query: DnsQuery, parts: { rcode: number; answers?: Answer[]; additionals?: Answer[]; authorities?: Answer[] }): Buffer {
    const edns = query.udpBytes === undefined ? [] : [{ type: 'OPT', name: '.', udpPayloadSize: 1232, flags: 0, options: [] } as unknown as Answer]
    return packet.encode({
      type: 'response', id: query.id,
      flags: packet.AUTHORITATIVE_ANSWER | packet.RECURSION_AVAILABLE | (query.recursionDesired ? packet.RECURSION_DESIRED : 0) | parts.rcode,
      questions: [{ name: query.name, type: query.type as 'A' }],
      answers: parts.answers ?? [],
      authorities: parts.authorities ?? [],
      additionals: [...(parts.additionals ?? []), ...edns],
    })
  }

  #soa(): Answer {
    const { domain } = this.#options.zone
    return {
      type: 'SOA', name: domain, ttl: ttlSeconds,
      data: { mname: `ns.dns.${domain}`, rname: `hostmaster.${domain}`, serial: Math.floor(this.#options.clock.now() / 1000), refresh: 7200, retry: 1800, expire: 86400, minimum: ttlSeconds },
    }
  }
}

function toAnswer(record: ZoneRecord): Answer {
  const head = { name: record.name, ttl: ttlSeconds, class: 'IN' as const }
  switch (record.type) {
    case 'A': return { ...head, type: 'A', data: record.ip }
    case 'CNAME': return { ...head, type: 'CNAME', data: record.target }
    case 'PTR': return { ...head, type: 'PTR', data: record.target }
    case 'TXT': return { ...head, type: 'TXT', data: record.text }
    case 'SRV': return { ...head, type: 'SRV', data: { target: record.target, port: record.port, priority: 0, weight: 100 } }
  }
}

/** The question's own header with an error code: works for what can't be decoded, too. */
function headerOnly(message: Buffer, rcode: number): Buffer {
  const reply = Buffer.alloc(12)
  reply.writeUInt16BE(message.readUInt16BE(0), 0)
  reply.writeUInt16BE(0x8000 | (message.readUInt16BE(2) & 0x0100) | 0x0080 | rcode, 2)
  return reply
}

/** A reply over what the client takes is cut to its question with the TC bit, so that the client asks again by TCP. */
function fit(reply: Buffer, question: Buffer): Buffer {
  if (reply.length <= plainUdpBytes) return reply
  const query = readQuery(question)
  if (reply.length <= (query.udpBytes ?? plainUdpBytes)) return reply
  const cut = Buffer.from(reply.subarray(0, query.end))
  cut.writeUInt16BE(cut.readUInt16BE(2) | 0x0200, 2)
  for (const offset of [6, 8, 10]) cut.writeUInt16BE(0, offset)
  return cut
}

function serveTcp(socket: net.Socket, respond: (message: Buffer) => Promise<Buffer | undefined>): void {
  let pending = Buffer.alloc(0)
  socket.setTimeout(30_000, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk])
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const message = pending.subarray(2, 2 + pending.readUInt16BE(0))
      pending = pending.subarray(2 + message.length)
      void respond(Buffer.from(message)).then((reply) => {
        if (!reply || socket.destroyed) return
        const length = Buffer.alloc(2)
        length.writeUInt16BE(reply.length)
        socket.write(Buffer.concat([length, reply]))
      })
    }
  })
}
