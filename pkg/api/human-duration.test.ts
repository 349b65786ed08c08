// Ages and durations as kubectl and Go show them.
import { formatGoDuration, parseGoDuration } from './go-duration.ts'
import { ageText, humanDuration } from './human-duration.ts'

const minute = 60, hour = 3600, day = 86_400

it.each([
  [-5, '<invalid>'], [-1, '0s'], [0, '0s'], [119, '119s'], [2 * minute, '2m'], [2 * minute + 5, '2m5s'], [10 * minute + 5, '10m'], [179 * minute, '179m'],
  [3 * hour, '3h'], [3 * hour + 20 * minute, '3h20m'], [8 * hour + minute, '8h'], [47 * hour, '47h'], [2 * day, '2d'], [2 * day + hour, '2d1h'], [8 * day + hour, '8d'],
  [729 * day, '729d'], [730 * day, '2y'], [731 * day, '2y1d'], [8 * 365 * day + day, '8y'],
])('%d seconds are %s', (seconds, expected) => {
  expect(humanDuration(seconds * 1000)).toBe(expected)
})

it('shows the age of a time', () => {
  expect(ageText('2026-01-01T00:00:00Z', Date.parse('2026-01-01T00:01:00Z'))).toBe('60s')
  expect(ageText(undefined, 0)).toBe('<unknown>')
})

it.each([
  ['1h30m0s', 5_400_000], ['300ms', 300], ['1.5s', 1500], ['-2m', -120_000], ['0', 0], ['1us', 0.001],
])('reads %s', (text, ms) => {
  expect(parseGoDuration(text)).toBe(ms)
})

it.each(['', '1', 's', '1x', '1h 2m', '--1s'])('refuses %j', (text) => {
  expect(parseGoDuration(text)).toBeUndefined()
})

it.each<[bigint, string]>([
  [0n, '0s'], [5n, '5ns'], [1500n, '1.5µs'], [2_000_000n, '2ms'], [1_500_000_000n, '1.5s'], [60_000_000_000n, '1m0s'], [5_400_000_000_000n, '1h30m0s'], [-1_000_000_000n, '-1s'],
])('%d ns is %s', (nanoseconds, text) => {
  expect(formatGoDuration(nanoseconds)).toBe(text)
})
