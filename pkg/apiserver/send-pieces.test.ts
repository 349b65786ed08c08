// Answers that are made while they are sent, on a response that takes one piece at a time.
import { EventEmitter } from 'node:events'
import { gunzipSync } from 'node:zlib'
import { ManualClock } from '../util/clock.ts'
import type { Contact } from './exchange.ts'
import { defaultLimits } from './front-limits.ts'
import { send } from './respond.ts'

interface Taken {
  code: number
  headers: Record<string, unknown>
  body: Buffer
}

/** Takes what it is written when `drain` is called. */
function slowContact(headers: Record<string, string> = {}, method = 'GET') {
  const taken: Taken = { code: 0, headers: {}, body: Buffer.alloc(0) }
  const outgoing = Object.assign(new EventEmitter(), {
    destroyed: false, headersSent: false,
    writeHead(code: number, sent: Record<string, unknown>) {
      Object.assign(taken, { code, headers: sent })
      outgoing.headersSent = true
    },
    write(bytes: Buffer) {
      taken.body = Buffer.concat([taken.body, bytes])
      return false
    },
    end(bytes?: Buffer) {
      if (bytes) outgoing.write(bytes)
      setImmediate(() => outgoing.emit('finish'))
    },
    destroy: () => void (outgoing.destroyed = true),
  })
  const clock = new ManualClock()
  const contact = { outgoing, incoming: { method, headers }, warnings: [], clock, limits: defaultLimits, onBlocked: () => undefined } as unknown as Contact
  return { contact, taken, clock, outgoing }
}

const text = (count: number): string => Array.from({ length: count }, (_, index) => `${index},`).join('')
const answer = (count: number, onPiece = (): void => undefined) => ({
  code: 200, contentType: 'text/plain',
  *pieces() {
    for (let index = 0; index < count; index++) {
      onPiece()
      yield index % 2 ? `${index},` : [Buffer.from(`${index},`)]
    }
  },
})
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

async function drained(sending: Promise<void> | undefined, outgoing: EventEmitter): Promise<void> {
  let over = false
  void sending?.then(() => void (over = true))
  while (!over) {
    await turn()
    outgoing.emit('drain')
  }
}

it('tells how long a short one is', async () => {
  const { contact, taken } = slowContact({ 'accept-encoding': 'gzip' })
  await send(contact, answer(100))
  expect([taken.code, taken.headers['content-length'], taken.body.toString()]).toEqual([200, text(100).length, text(100)])
})

it('makes no more of a long one than its client takes', async () => {
  let made = 0
  const { contact, taken, outgoing } = slowContact()
  const sending = send(contact, answer(400_000, () => void made++))
  while (taken.body.length === 0) await turn()
  for (let count = 0; count < 5; count++) await turn()
  const before = made
  await drained(sending, outgoing)
  expect([before < 200_000, made]).toEqual([true, 400_000])
  expect(taken.headers['content-length']).toBeUndefined()
  expect(taken.body.toString() === text(400_000)).toBe(true)
})

it('compresses a long one', async () => {
  const { contact, taken, outgoing } = slowContact({ 'accept-encoding': 'gzip' })
  await drained(send(contact, answer(400_000)), outgoing)
  expect([taken.headers['content-encoding'], taken.headers['vary']]).toEqual(['gzip', 'Accept-Encoding'])
  expect(gunzipSync(taken.body).toString() === text(400_000)).toBe(true)
})

it('stops when its client is cut off', async () => {
  let made = 0
  const { contact, taken, outgoing, clock } = slowContact()
  const sending = send(contact, answer(400_000, () => void made++))
  while (taken.body.length === 0) await turn()
  clock.step(30_000)
  await sending
  expect([outgoing.destroyed, made < 200_000]).toEqual([true, true])
})

it('fails when a piece cannot be made', async () => {
  const { contact, taken, outgoing } = slowContact()
  let left = 300_000
  const failing = drained(send(contact, answer(400_000, () => {
    if (left-- === 0) throw new Error('no')
  }))?.catch(() => void (taken.code = -1)), outgoing)
  await failing
  expect(taken.code).toBe(-1)
})
