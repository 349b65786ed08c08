import { WorkGate } from './work-gate.ts'

describe('WorkGate', () => {
  it('keeps the limit, and lets the lowest rank go first', async () => {
    const gate = new WorkGate(2)
    const order: string[] = []
    let running = 0
    let most = 0
    const work = (name: string, rank: number, fails = false): Promise<void> => gate.run(rank, async () => {
      order.push(name)
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      if (fails) throw new Error(name)
    })
    const done = await Promise.allSettled([work('a', 2), work('b', 2, true), work('c', 2), work('d', 1), work('e', 0), work('f', 0)])
    expect(order.join('')).toBe('abefdc')
    expect(most).toBe(2)
    expect(done.map((each) => each.status).filter((status) => status === 'rejected')).toHaveLength(1)
    await work('g', 9)
    expect(order.at(-1)).toBe('g')
  })
})
