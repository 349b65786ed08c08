// Audit events that go to another server: in batches, by the clock, tried again, and cut where they are too large.
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ManualClock } from '../util/clock.ts'
import { TruncatingSink } from './audit-truncation.ts'
import type { AuditEvent } from './audit.ts'
import { AuditBatches, type BatchOptions } from './audit-batches.ts'
import { AuditWebhook } from './audit-webhook.ts'

interface Sent {
  readonly kind: string
  readonly items: readonly { readonly auditID: string; readonly kind?: string }[]
}

const received: { body: Sent; incoming: IncomingMessage }[] = []
let answers: number[] = []
let arrived: () => void = () => undefined
const server = createServer((incoming, outgoing) => {
  const parts: Buffer[] = []
  incoming.on('data', (part: Buffer) => parts.push(part))
  incoming.on('end', () => {
    received.push({ body: JSON.parse(Buffer.concat(parts).toString()) as Sent, incoming })
    outgoing.statusCode = answers.shift() ?? 200
    outgoing.end()
    arrived()
  })
})
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => new Promise<void>((resolve) => void server.close(() => resolve())))
beforeEach(() => {
  received.length = 0
  answers = []
})

const until = async (count: number): Promise<void> => {
  while (received.length < count) await new Promise<void>((resolve) => { arrived = resolve })
}
const logged: string[] = []
const usual: BatchOptions = { bufferSize: 10_000, maxSize: 400, maxWaitMs: 30_000, throttle: { qps: 10, burst: 15 }, maxBytes: Infinity }

interface Opened {
  readonly clock: ManualClock
  readonly webhook: AuditWebhook
  readonly batches: AuditBatches
  close(): Promise<void>
}

const open = (batch: Partial<BatchOptions> = {}, clock = new ManualClock()): Opened => {
  const target = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/audit?a=b`, headers: { authorization: 'Bearer t' } }
  const log = (text: string): void => void logged.push(text)
  const webhook = new AuditWebhook({ target, initialBackoffMs: 10_000, clock, log })
  const batches = new AuditBatches({ batch: { ...usual, ...batch }, send: (lines) => webhook.send(lines), clock, log })
  return {
    clock, webhook, batches,
    async close() {
      webhook.hurry()
      await batches.close()
      await webhook.close()
    },
  }
}
const line = (id: number): string => `{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"${id}"}`
/** Batches are on their way at once. */
const ids = (): string[][] => received.map(({ body }) => body.items.map(({ auditID }) => auditID)).sort()

it('goes in batches by number, by time, and with the end', async () => {
  const { webhook, batches, close, clock } = open({ maxSize: 2 })
  for (const id of [1, 2, 3, 4, 5]) batches.write(line(id))
  await until(2)
  expect(ids()).toEqual([['1', '2'], ['3', '4']])
  expect(received.map(({ body }) => body)).toContainEqual({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items: [{ auditID: '1' }, { auditID: '2' }] })
  expect(received[0]?.incoming).toMatchObject({ method: 'POST', url: '/audit?a=b', headers: { authorization: 'Bearer t', 'content-type': 'application/json' } })
  // It waits for company from when the others have gone.
  while (webhook.written < 4) await new Promise((resolve) => setImmediate(resolve))
  while (received.length === 2) {
    await new Promise((resolve) => setImmediate(resolve))
    clock.step(5_000)
  }
  expect(ids()[2]).toEqual(['5'])
  batches.write(line(6))
  await close()
  expect(ids()[3]).toEqual(['6'])
  expect([webhook.written, webhook.lost]).toEqual([6, 0])
})

it('tries five times, ever later, before it gives a batch up', async () => {
  answers = [500, 500, 500, 500, 503]
  const { webhook, batches, close, clock } = open({ maxSize: 1 })
  batches.write(line(1))
  const times: number[] = []
  for (let count = 1; count <= 5; count++) {
    await until(count)
    times.push(clock.monotonic())
    while (received.length === count && webhook.lost === 0) {
      await new Promise((resolve) => setImmediate(resolve))
      clock.step(500)
    }
  }
  const waits = times.slice(1).map((time, index) => time - times[index]!)
  for (const [index, usual] of [10_000, 15_000, 22_500, 33_750].entries()) {
    expect(waits[index]).toBeGreaterThanOrEqual(usual - 500)
    expect(waits[index]).toBeLessThanOrEqual(usual * 1.2 + 5000)
  }
  expect([webhook.written, webhook.lost]).toEqual([0, 1])
  expect(logged.at(-1)).toMatch(/^audit: 1 events could not be sent to http:.* \(the server answered 503\); such events are lost$/)
  batches.write(line(2))
  await until(6)
  await close()
  expect(webhook.written).toBe(1)
})

it('holds so many and no more, and keeps to so many bytes', async () => {
  const { batches, close } = open({ bufferSize: 3, maxSize: 3, maxBytes: 2 * (line(1).length + 1), throttle: { qps: 10, burst: 15 } })
  batches.write(line(1))
  batches.write(line(2))
  batches.write(line(3))
  // The first two have gone on their way at once.
  batches.write(line(4))
  batches.write(line(5))
  batches.write(line(6))
  expect(batches.lost).toBe(1)
  await close()
  expect(ids()).toEqual([['1', '2'], ['3', '4'], ['5']])
})

it('sends what comes after a batch that fails and fails', async () => {
  answers = [500]
  const { webhook, batches, close } = open({ maxSize: 1 })
  batches.write(line(1))
  await until(1)
  batches.write(line(2))
  await until(2)
  expect(ids()).toEqual([['1'], ['2']])
  await close()
  expect([webhook.written, webhook.lost]).toEqual([2, 0])
})

it('says whether events were taken', async () => {
  answers = [200, 400]
  const { webhook, close } = open()
  await expect(webhook.send([line(1)])).resolves.toBe(true)
  webhook.hurry()
  await expect(webhook.send([line(2)])).resolves.toBe(false)
  await close()
})

it('does not send faster than it may', async () => {
  const { batches, close, clock } = open({ maxSize: 1, throttle: { qps: 1, burst: 2 } })
  for (const id of [1, 2, 3]) batches.write(line(id))
  await until(2)
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(received.length).toBe(2)
  while (received.length === 2) {
    clock.step(100)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(clock.monotonic()).toBeGreaterThanOrEqual(900)
  await close()
})

describe('truncation', () => {
  const event = (level: string, size: number): AuditEvent => ({ level, requestURI: '/x', annotations: { a: 'b' }, requestObject: 'x'.repeat(size), responseObject: 1 })
  const told = (level: string, size: number, max: number): unknown => {
    const lines: string[] = []
    const sink = new TruncatingSink({ write: (text) => void lines.push(text) }, { maxEventBytes: max, log: () => undefined })
    const whole = event(level, size)
    sink.write(JSON.stringify(whole), whole)
    return lines.length === 0 ? sink.lost : JSON.parse(lines[0]!)
  }
  const length = JSON.stringify(event('Request', 500)).length
  it.each<[string, string, number, unknown]>([
    ['leaves what fits', 'Request', length + 1, event('Request', 500)],
    ['takes objects away', 'Request', length, { level: 'Request', requestURI: '/x', annotations: { a: 'b', 'audit.k8s.io/truncated': 'true' } }],
    ['takes nothing from those without', 'Metadata', length, 1],
    ['gives up what is too long all the same', 'RequestResponse', 50, 1],
  ])('%s', (_, level, max, expected) => expect(told(level, 500, max)).toEqual(expected))
  it('counts bytes', () => {
    const whole: AuditEvent = { level: 'Request', requestObject: 'ü'.repeat(100) }
    const lines: string[] = []
    new TruncatingSink({ write: (text) => void lines.push(text) }, { maxEventBytes: JSON.stringify(whole).length + 50, log: () => undefined }).write(JSON.stringify(whole), whole)
    expect(lines).toEqual(['{"level":"Request","annotations":{"audit.k8s.io/truncated":"true"}}'])
  })
})
