// Reads DNS messages of strangers: header, question and the few records that matter, in bounded steps. (dns-packet's decoder can be made to loop by a forged count.)
import packet from 'dns-packet'

type Answer = packet.Answer

export interface DnsQuery {
  readonly id: number
  readonly isQuery: boolean
  readonly recursionDesired: boolean
  readonly name: string
  /** `A`, `SRV` … or `UNKNOWN_n`. */
  readonly type: string
  /** How large a UDP answer the client takes, when it says so (EDNS). */
  readonly udpBytes?: number
  /** Where the question section ends. */
  readonly end: number
}

const optType = 41
const names: Readonly<Record<number, string>> = { 1: 'A', 2: 'NS', 5: 'CNAME', 6: 'SOA', 12: 'PTR', 15: 'MX', 16: 'TXT', 28: 'AAAA', 33: 'SRV', 255: 'ANY' }
const nameCodec = (packet as unknown as { name: { decode: ((bytes: Buffer, offset: number) => string) & { bytes: number } } }).name

interface RawRecord {
  readonly name: string
  readonly type: number
  readonly class: number
  readonly ttl: number
  readonly start: number
  readonly length: number
}

/** Throws on anything that is not one well-formed question. */
export function readQuery(message: Buffer): DnsQuery {
  if (message.length < 12) throw new Error(`a DNS message has at least 12 bytes, this one ${message.length}`)
  if (message.readUInt16BE(4) !== 1) throw new Error(`expected one question, found ${message.readUInt16BE(4)}`)
  const flags = message.readUInt16BE(2)
  const question = readName(message, 12)
  const type = message.readUInt16BE(question.end)
  const end = question.end + 4
  if (end > message.length) throw new Error('the question is cut off')
  const counts = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10)
  const edns = readRecords(message, end, counts).find((record) => record.type === optType)
  return {
    id: message.readUInt16BE(0), isQuery: (flags & 0x8000) === 0, recursionDesired: (flags & 0x0100) !== 0,
    name: question.name, type: names[type] ?? `UNKNOWN_${type}`, end,
    ...(edns ? { udpBytes: edns.class } : {}),
  }
}

/** The addresses and aliases among the answers of a reply. */
export function readAddresses(reply: Buffer): Answer[] {
  const { end } = readQuery(reply)
  return readRecords(reply, end, reply.readUInt16BE(6)).flatMap((record): Answer[] => {
    const head = { name: record.name, ttl: record.ttl, class: 'IN' as const }
    const bytes = reply.subarray(record.start, record.start + record.length)
    if (record.type === 1 && record.length === 4) return [{ ...head, type: 'A', data: [...bytes].join('.') }]
    if (record.type === 28 && record.length === 16) return [{ ...head, type: 'AAAA', data: (bytes.toString('hex').match(/.{4}/g) ?? []).join(':') }]
    if (record.type === 5) return [{ ...head, type: 'CNAME', data: readName(reply, record.start).name }]
    return []
  })
}

function readName(message: Buffer, offset: number): { name: string; end: number } {
  const name = nameCodec.decode(message, offset)
  return { name: name === '.' ? '' : name, end: offset + nameCodec.decode.bytes }
}

/** Up to `count` records; each takes at least 11 bytes, so a forged count ends with the message. */
function readRecords(message: Buffer, offset: number, count: number): RawRecord[] {
  const records: RawRecord[] = []
  for (let i = 0; i < count; i++) {
    const { name, end } = readName(message, offset)
    const length = message.readUInt16BE(end + 8)
    const start = end + 10
    if (start + length > message.length) throw new Error('a record is cut off')
    records.push({ name, type: message.readUInt16BE(end), class: message.readUInt16BE(end + 2), ttl: message.readUInt32BE(end + 4), start, length })
    offset = start + length
  }
  return records
}
