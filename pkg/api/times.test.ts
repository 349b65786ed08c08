// Times that are taken as they are, against times that are read and written.
import fc from 'fast-check'
import { formatTime, isPlainTime, parseTime } from './times.ts'

describe('isPlainTime', () => {
  const two = fc.integer({ min: 0, max: 99 }).map((value) => String(value).padStart(2, '0'))
  const text = fc.tuple(two, two, two, two, two, two, two).map(([century, year, month, day, hour, minute, second]) => `${century}${year}-${month}-${day}T${hour}:${minute}:${second}Z`)

  it('is only true of what is written as it was read', () => {
    fc.assert(fc.property(text, (time) => {
      if (!isPlainTime(time)) return
      const parsed = parseTime(time)
      expect(parsed && formatTime(parsed.ms)).toBe(time)
    }), { numRuns: 20_000 })
    fc.assert(fc.property(fc.string({ minLength: 20, maxLength: 20 }), (other) => expect(isPlainTime(other)).toBe(false)))
  })

  it('is true of most times', () => {
    fc.assert(fc.property(fc.integer({ min: Date.UTC(0), max: Date.UTC(9999, 0) }), (ms) => {
      const time = formatTime(ms)
      expect(isPlainTime(time)).toBe(!time.includes('-02-29'))
    }))
  })
})
