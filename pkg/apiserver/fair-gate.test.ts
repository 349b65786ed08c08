// Who is let in, in which order, and who is turned away: with a clock and an event loop that stand still until they are stepped.
import { ManualClock } from '../util/clock.ts'
import { FairGate, type Seat } from './fair-gate.ts'
import { FlowLevel, type LevelLimits } from './flow-level.ts'

const limits = (more: Partial<LevelLimits> = {}): LevelLimits => ({ exempt: false, shares: 10, seats: 100, lendable: 0, borrowable: Infinity, perFlow: 100, queues: 1, inAll: 1000, ...more })

class World {
  readonly clock = new ManualClock()
  readonly levels: FlowLevel[]
  readonly gate: FairGate
  readonly done: string[] = []
  #turn: (() => void)[] = []
  #beganMs: number | undefined

  constructor(levels: FlowLevel[], seats = 100) {
    this.levels = levels
    this.gate = new FairGate({ clock: this.clock, seats, levels: () => this.levels, turnUsedMs: () => this.clock.monotonic() - (this.#beganMs ??= this.clock.monotonic()), onNextTurn: (callback) => void this.#turn.push(callback) })
  }

  /** A request that keeps the event loop for `ms` and then gives its seat back, unless it is held. */
  async request(name: string, flow: string, { ms = 1, level = this.levels[0]!, hold = false }: { ms?: number; level?: FlowLevel; hold?: boolean } = {}): Promise<Seat | undefined> {
    const seat = await this.gate.enter(level, flow, (left) => this.leavers.set(name, left))
    if (!seat) {
      this.done.push(`-${name}`)
      return undefined
    }
    this.clock.step(ms)
    this.done.push(name)
    if (!hold) seat.release()
    return seat
  }

  readonly leavers = new Map<string, () => void>()

  async turn(): Promise<void> {
    const callbacks = this.#turn
    this.#turn = []
    await settled()
    this.#beganMs = undefined
    for (const callback of callbacks) {
      callback()
      await settled()
    }
  }

  async settle(): Promise<string[]> {
    await settled()
    while (this.#turn.length > 0) await this.turn()
    return this.done
  }
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

it('lets in at once what finds a seat and a young turn', () => {
  const { gate, levels } = new World([new FlowLevel('l', limits())])
  expect(gate.enter(levels[0]!, 'f', () => undefined)).toHaveProperty('release')
})

it('bounds what runs in one turn of the event loop, and goes on in the next', async () => {
  const world = new World([new FlowLevel('l', limits())])
  for (let index = 0; index < 20; index++) {
    void world.request(`r${index}`, 'f')
    await settled()
  }
  expect(world.done).toHaveLength(8)
  await world.turn()
  expect(world.done.length).toBeLessThanOrEqual(16)
  expect(await world.settle()).toHaveLength(20)
})

it('serves a flow that comes new before one that has used its time', async () => {
  const world = new World([new FlowLevel('l', limits())])
  for (let index = 0; index < 40; index++) void world.request(`flood${index}`, 'flood', { ms: 4 })
  await settled()
  await world.turn()
  const before = world.done.length
  void world.request('victim', 'victim')
  await world.settle()
  expect(world.done.indexOf('victim')).toBeLessThanOrEqual(before + 3)
  expect(world.done).toHaveLength(41)
})

it('shares the time of two flows, not the number of their requests', async () => {
  const world = new World([new FlowLevel('l', limits())])
  // Holds the turn, so that all others wait.
  void world.request('first', 'x', { ms: 9 })
  await settled()
  for (let index = 0; index < 30; index++) {
    void world.request(`long${index}`, 'long', { ms: 8 })
    void world.request(`short${index}`, 'short', { ms: 1 })
  }
  await world.settle()
  const afterShort = world.done.indexOf('short29')
  const longBefore = world.done.slice(0, afterShort).filter((name) => name.startsWith('long')).length
  expect(longBefore).toBeGreaterThanOrEqual(2)
  expect(longBefore).toBeLessThanOrEqual(6)
})

it('turns away what finds a full queue, and only that flow', async () => {
  const world = new World([new FlowLevel('l', limits({ seats: 1, perFlow: 2, inAll: 3 }))], 1)
  const held = await world.request('held', 'a', { hold: true })
  for (const name of ['a1', 'a2', 'a3']) void world.request(name, 'a')
  for (const name of ['b1', 'b2']) void world.request(name, 'b')
  await settled()
  expect(world.done).toEqual(['held', '-a3', '-b2'])
  held?.release()
  expect(await world.settle()).toEqual(['held', '-a3', '-b2', 'a1', 'a2', 'b1'])
  expect(world.levels[0]).toMatchObject({ refused: 2, inUse: 0, waiting: 0 })
})

it('turns away at once where the level has no queue', async () => {
  const world = new World([new FlowLevel('l', limits({ seats: 1, perFlow: 0, inAll: 0 }))], 1)
  await world.request('held', 'a', { hold: true })
  await world.request('next', 'a')
  expect(world.done).toEqual(['held', '-next'])
})

it('lets a level use idle seats of those that lend, and no others', async () => {
  const world = new World([new FlowLevel('full', limits({ seats: 1 })), new FlowLevel('lender', limits({ seats: 5, lendable: 2 }))])
  for (const name of ['1', '2', '3', '4']) void world.request(name, name, { hold: true })
  await world.settle()
  expect(world.done).toEqual(['1', '2', '3'])
  const closed = new World([new FlowLevel('full', limits({ seats: 1, borrowable: 1 })), new FlowLevel('lender', limits({ seats: 5, lendable: 2 }))])
  for (const name of ['1', '2', '3']) void closed.request(name, name, { hold: true })
  expect(await closed.settle()).toEqual(['1', '2'])
})

it('never counts or turns away what is exempt', async () => {
  const world = new World([new FlowLevel('exempt', limits({ exempt: true, seats: 0, perFlow: 0, inAll: 0, shares: 0 }))], 0)
  for (let index = 0; index < 30; index++) void world.request(`r${index}`, 'f', { hold: true })
  expect(await world.settle()).toEqual(Array.from({ length: 30 }, (_, index) => `r${index}`))
  expect(world.gate.inUse).toBe(0)
})

it('forgets who leaves, and turns away who has waited too long', async () => {
  const world = new World([new FlowLevel('l', limits({ seats: 1 }))], 1)
  const held = await world.request('held', 'a', { hold: true })
  void world.request('leaves', 'a')
  void world.request('waits', 'b')
  await settled()
  world.leavers.get('leaves')!()
  await settled()
  expect([world.done, world.gate.waiting]).toEqual([['held', '-leaves'], 1])
  world.clock.step(17_000)
  await settled()
  expect([world.done, world.gate.waiting]).toEqual([['held', '-leaves', '-waits'], 0])
  held?.release()
  held?.release()
  expect(world.levels[0]!.inUse).toBe(0)
})

it('turns away all who wait when it closes', async () => {
  const world = new World([new FlowLevel('l', limits({ seats: 1 }))], 1)
  await world.request('held', 'a', { hold: true })
  void world.request('waits', 'b')
  await settled()
  world.gate.close()
  expect(await world.settle()).toEqual(['held', '-waits'])
})
