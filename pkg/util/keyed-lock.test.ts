import { KeyedLock } from './keyed-lock.ts'

describe('KeyedLock', () => {
  it('runs one key in order, others beside it, and survives failures', async () => {
    const lock = new KeyedLock()
    const log: string[] = []
    let open = (): void => undefined
    const first = lock.run('a', async () => {
      log.push('a1')
      await new Promise<void>((resolve) => (open = resolve))
      throw new Error('a1 failed')
    })
    const second = lock.run('a', async () => void log.push('a2'))
    await lock.run('b', async () => void log.push('b'))
    expect(log).toEqual(['a1', 'b'])
    open()
    await expect(first).rejects.toThrow('a1 failed')
    await second
    expect(log).toEqual(['a1', 'b', 'a2'])
    expect(lock.size).toBe(0)
  })
})
