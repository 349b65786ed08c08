// What becomes of clients that stop reading.
import { EventEmitter } from 'node:events'
import type { TLSSocket } from 'node:tls'
import { ManualClock } from '../util/clock.ts'
import { configMapEvents, type FakeOutgoing, fakeOutgoing } from './slow-clients.suite.ts'
import { ConnectionWatchdog, type Progress } from './connection-watchdog.ts'
import type { Exchange } from './exchange.ts'
import { defaultLimits } from './front-limits.ts'
import { negotiate } from './negotiate.ts'
import { sendWatch } from './watch-door.ts'

/** Until the writer waits for its client. */
async function blocked(calls: { readonly blocked: number }): Promise<void> {
  while (calls.blocked === 0) await new Promise((next) => setImmediate(next))
}

describe('a watch', () => {
  const start = (outgoing: FakeOutgoing, clock: ManualClock) => {
    const calls = { stalls: 0, blocked: 0 }
    const { definition, events } = configMapEvents(3)
    const exchange = { outgoing, warnings: [], clock, limits: defaultLimits, onBlocked: () => void calls.blocked++ } as unknown as Exchange
    const done = sendWatch(exchange, events, {
      definition, form: negotiate(undefined), include: 'Metadata', clock, onStall: () => void calls.stalls++,
    })
    return { calls, done }
  }

  it('goes on when the client reads again', async () => {
    const clock = new ManualClock()
    const outgoing = fakeOutgoing({ full: true })
    const { calls, done } = start(outgoing, clock)
    await blocked(calls)
    clock.step(29_000)
    outgoing.full = false
    outgoing.emit('drain')
    await done
    expect([calls, outgoing.destroyed, outgoing.lines().length]).toEqual([{ stalls: 0, blocked: 1 }, false, 3])
  })

  it('is cut off when it does not', async () => {
    const clock = new ManualClock()
    const outgoing = fakeOutgoing({ full: true })
    const { calls, done } = start(outgoing, clock)
    await blocked(calls)
    clock.step(30_000)
    await done
    expect([calls, outgoing.destroyed, outgoing.lines().length]).toEqual([{ stalls: 1, blocked: 1 }, true, 1])
  })
})

describe('the watchdog', () => {
  const socketWith = (): TLSSocket & { destroyed: boolean } => {
    const socket = new EventEmitter() as TLSSocket & { destroyed: boolean }
    socket.destroyed = false
    socket.destroy = () => {
      socket.destroyed = true
      return socket
    }
    return socket
  }

  it.each<[string, Progress[], boolean]>([
    ['nothing waits', [{ waiting: 0, written: 5 }, { waiting: 0, written: 5 }], false],
    ['output moves', [{ waiting: 9, written: 5 }, { waiting: 9, written: 6 }], false],
    ['output stands still', [{ waiting: 9, written: 5 }, { waiting: 9, written: 5 }], true],
  ])('when %s', (_, readings, destroyed) => {
    const clock = new ManualClock()
    const socket = socketWith()
    const watchdog = new ConnectionWatchdog(clock, () => readings.shift() ?? { waiting: 0, written: 0 })
    watchdog.add(socket)
    watchdog.touch()
    clock.step(30_000)
    clock.step(30_000)
    expect(socket.destroyed).toBe(destroyed)
  })

  it('rests when nothing is sent', () => {
    const clock = new ManualClock()
    let looks = 0
    const watchdog = new ConnectionWatchdog(clock, () => ({ waiting: 0, written: looks++ }))
    watchdog.add(socketWith())
    watchdog.touch()
    clock.step(3_600_000)
    expect(looks).toBe(1)
  })
})
