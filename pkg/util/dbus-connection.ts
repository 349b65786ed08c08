// Calls methods over a D-Bus socket as the user that we are: one connection, made with the first call and again after it was lost.
import { connect, type Socket } from 'node:net'
import { type DBusValue, decodeValues, encodeValues } from './dbus-values.ts'

export interface DBusCall {
  readonly destination: string
  readonly path: string
  readonly interface: string
  readonly member: string
  readonly signature: string
  readonly body: readonly DBusValue[]
}

/** What the other side has refused; `name` is like `org.freedesktop.systemd1.UnitExists`. */
export class DBusError extends Error {
  override readonly name: string

  constructor(name: string, message: string) {
    super(message || name)
    this.name = name
  }
}

export interface DBusMessage {
  /** 1 call, 2 answer, 3 error, 4 signal. */
  readonly type: number
  readonly serial: number
  readonly fields: ReadonlyMap<number, DBusValue>
  readonly body: readonly DBusValue[]
}

export interface DBusSignals {
  readonly onSignal: (interfaceName: string, member: string, body: readonly DBusValue[]) => void
  /** What was asked for is forgotten with the connection. */
  readonly onLost: (error: Error) => void
}

const callType = 1
const answerType = 2
const errorType = 3
const signalType = 4
const field = { path: 1, interface: 2, member: 3, errorName: 4, replySerial: 5, destination: 6, signature: 8 } as const
const headSignature = 'yyyyuua(yv)'

/** Pure. */
export function encodeCall({ destination, path, interface: owner, member, signature, body }: DBusCall, serial: number): Buffer {
  const content = encodeValues(signature, body)
  const fields: [number, { signature: string; value: string }][] = [
    [field.path, { signature: 'o', value: path }], [field.destination, { signature: 's', value: destination }],
    [field.interface, { signature: 's', value: owner }], [field.member, { signature: 's', value: member }],
    ...(signature === '' ? [] : [[field.signature, { signature: 'g', value: signature }] as [number, { signature: string; value: string }]]),
  ]
  const head = encodeValues(headSignature, ['l'.charCodeAt(0), callType, 0, 1, content.length, serial, fields])
  return Buffer.concat([head, Buffer.alloc(gapTo8(head.length)), content])
}

const gapTo8 = (length: number): number => (8 - (length % 8)) % 8

/** Pure. The first message of what has come; undefined until it is whole. */
export function decodeMessage(bytes: Buffer): { message: DBusMessage; length: number } | undefined {
  if (bytes.length < 16) return undefined
  if (bytes[0] !== 'l'.charCodeAt(0)) throw new Error('expected a little-endian D-Bus message')
  const headLength = 16 + bytes.readUInt32LE(12)
  const bodyAt = headLength + gapTo8(headLength)
  const length = bodyAt + bytes.readUInt32LE(4)
  if (bytes.length < length) return undefined
  const [, type, , , , serial, list] = decodeValues(headSignature, bytes).values as [number, number, number, number, number, number, [number, { value: DBusValue }][]]
  const fields = new Map(list.map(([code, { value }]) => [code, value]))
  const body = decodeValues((fields.get(field.signature) as string | undefined) ?? '', bytes.subarray(bodyAt, length)).values
  return { message: { type, serial, fields, body }, length }
}

interface Waiting {
  readonly resolve: (body: readonly DBusValue[]) => void
  readonly reject: (error: Error) => void
}

export class DBusConnection {
  readonly #socketPath: string
  #open: Promise<Socket> | undefined
  #serial = 0
  readonly #waiting = new Map<number, Waiting>()

  readonly #signals: DBusSignals | undefined

  constructor(socketPath: string, signals?: DBusSignals) {
    this.#socketPath = socketPath
    this.#signals = signals
  }

  /** Resolves with what the method returns. Rejects with a DBusError when it refuses. */
  async call(call: DBusCall): Promise<readonly DBusValue[]> {
    this.#open ??= this.#connect()
    const socket = await this.#open
    return this.#send(socket, call)
  }

  close(): void {
    this.#open?.then((socket) => socket.removeAllListeners('close').destroy(), () => undefined)
    this.#open = undefined
  }

  #send(socket: Socket, call: DBusCall): Promise<readonly DBusValue[]> {
    const serial = ++this.#serial
    return new Promise((resolve, reject) => {
      this.#waiting.set(serial, { resolve, reject })
      socket.ref()
      socket.write(encodeCall(call, serial))
    })
  }

  async #connect(): Promise<Socket> {
    const socket = connect(this.#socketPath)
    const user = Buffer.from(String(process.getuid?.() ?? 0)).toString('hex')
    const lost = (error: Error): void => {
      this.#open = undefined
      for (const { reject } of this.#waiting.values()) reject(error)
      this.#waiting.clear()
      socket.removeAllListeners('close')
      this.#signals?.onLost(error)
    }
    await new Promise<void>((resolve, reject) => {
      let said = ''
      const fail = (error: Error): void => {
        this.#open = undefined
        reject(new Error(`D-Bus at ${this.#socketPath}: ${error.message}`))
      }
      socket.once('error', fail)
      socket.once('close', () => fail(new Error('the connection was closed')))
      socket.once('connect', () => socket.write(`\0AUTH EXTERNAL ${user}\r\n`))
      socket.on('data', (chunk) => {
        said += chunk.toString('latin1')
        if (!said.includes('\r\n')) return
        socket.removeAllListeners()
        if (!said.startsWith('OK ')) {
          socket.destroy()
          return fail(new Error(`expected to be let in, was told ${JSON.stringify(said.trim())}`))
        }
        socket.write('BEGIN\r\n')
        resolve()
      })
    })
    let rest: Buffer = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      try {
        for (let found = decodeMessage(rest); found; found = decodeMessage(rest)) {
          rest = rest.subarray(found.length)
          this.#heard(found.message, socket)
        }
      } catch (error) {
        socket.destroy(error as Error)
      }
    })
    socket.on('error', lost)
    socket.on('close', () => lost(new Error(`D-Bus at ${this.#socketPath}: the connection was closed`)))
    await this.#send(socket, { destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus', interface: 'org.freedesktop.DBus', member: 'Hello', signature: '', body: [] })
    return socket
  }

  #heard({ type, fields, body }: DBusMessage, socket: Socket): void {
    if (type === signalType) this.#signals?.onSignal(fields.get(field.interface) as string, fields.get(field.member) as string, body)
    if (type !== answerType && type !== errorType) return
    const serial = fields.get(field.replySerial) as number
    const waiting = this.#waiting.get(serial)
    this.#waiting.delete(serial)
    // An idle connection holds nobody up.
    if (this.#waiting.size === 0) socket.unref()
    if (type === answerType) waiting?.resolve(body)
    else waiting?.reject(new DBusError(fields.get(field.errorName) as string, typeof body[0] === 'string' ? body[0] : ''))
  }
}
