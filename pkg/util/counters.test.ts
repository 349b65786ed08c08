// Counters as they are told.
import { Counters, labelValue } from './counters.ts'

it('tells each series, and nothing before the first', () => {
  const counters = new Counters('x_total', 'What.')
  expect(counters.lines()).toEqual([])
  counters.raise('a="b"')
  counters.raise('a="b"', 2)
  counters.raise('')
  expect(counters.lines()).toEqual(['# HELP x_total What.', '# TYPE x_total counter', 'x_total{a="b"} 3', 'x_total 1'])
})

it.each([['plain', '"plain"'], ['a"b\\c\nd', '"a\\"b\\\\c\\nd"']])('quotes %j', (value, quoted) => expect(labelValue(value)).toBe(quoted))
