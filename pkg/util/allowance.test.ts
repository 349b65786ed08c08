// What may be done on the event loop, and what may not.
import { TooDear, TurnAllowance, longestStep, spend } from './allowance.ts'

const spin = (ms: number): void => {
  const end = performance.now() + ms
  while (performance.now() < end) spend(100)
}

it('leaves what is cheap alone, and everything where nobody allows anything', () => {
  expect(new TurnAllowance().within(() => {
    spend(1000)
    return 'done'
  })).toBe('done')
  expect(() => spend(1e9)).not.toThrow()
  expect(longestStep()).toBe(Infinity)
})

it('never begins a step that would take long', () => {
  let begun = false
  expect(() => new TurnAllowance().within(() => {
    spend(1e6)
    begun = true
  })).toThrow(TooDear)
  expect(begun).toBe(false)
})

it('ends what goes on in small steps', () => {
  const begin = performance.now()
  expect(() => new TurnAllowance().within(() => spin(10_000))).toThrow(TooDear)
  expect(performance.now() - begin).toBeLessThan(5000)
})

it('is not deceived by who takes the end of a step for a fault of his own', () => {
  expect(() => new TurnAllowance().within(() => {
    try {
      spend(1e6)
    } catch {
      return 'went on'
    }
    return ''
  })).toThrow(TooDear)
})

it('is shared by all work of a turn, and whole again in the next', async () => {
  const allowance = new TurnAllowance()
  expect(() => allowance.within(() => spin(100))).toThrow(TooDear)
  expect(() => allowance.within(() => spend(1))).toThrow(TooDear)
  await new Promise((resolve) => setImmediate(resolve))
  expect(allowance.within(() => {
    spend(1)
    return 1
  })).toBe(1)
})

it('tells the failures of the work itself', () => {
  expect(() => new TurnAllowance().within(() => {
    throw new RangeError('no')
  })).toThrow(RangeError)
})
