// What rules are estimated to cost by how large their values can be: with no bound but that of a request, and with a bound. kube-apiserver's own numbers.
import { analyseCel } from './cel-front.ts'
import { estimateCost } from './cel-cost.ts'
import { libraryEstimator } from './cel-cost-library.ts'
import { declaredType, scopeOf } from './cel-declared.ts'
import type { JsonSchemaProps } from './structural-schema.ts'

function costOf(schema: JsonSchemaProps, rule: string): string {
  const root = declaredType(schema, false, 'selfType')
  if (!root) return 'not seen'
  const checked = analyseCel(rule, scopeOf({ self: root.type, oldSelf: root.type }, [root]))
  return typeof checked === 'string' ? checked : String(estimateCost(checked, libraryEstimator(root)).max)
}

type Sized = (most: number | undefined) => JsonSchemaProps

const of = (type: string): JsonSchemaProps => {
  if (type === 'int-or-string') return { 'x-kubernetes-int-or-string': true }
  return ['duration', 'date', 'date-time', 'byte'].includes(type) ? { type: 'string', format: type } : { type }
}
const bounded = (word: 'maxItems' | 'maxProperties' | 'maxLength', most: number | undefined): JsonSchemaProps => (most === undefined ? {} : { [word]: most })
const listOf = (items: JsonSchemaProps): Sized => (most) => ({ type: 'array', items, ...bounded('maxItems', most) })
const mapOf = (additionalProperties: JsonSchemaProps): Sized => (most) => ({ type: 'object', additionalProperties, ...bounded('maxProperties', most) })
const text = (more: JsonSchemaProps = {}): Sized => (most) => ({ type: 'string', ...more, ...bounded('maxLength', most) })
const object: JsonSchemaProps = { type: 'object', properties: { required: { type: 'string' }, optional: { type: 'string' } }, required: ['required'] }
const nested = (outer: 'all' | 'one'): Sized => (most) => ({
  type: 'array', ...(outer === 'all' ? bounded('maxItems', most) : {}),
  items: { type: 'object', ...bounded('maxProperties', most), additionalProperties: { ...object, ...(outer === 'all' ? bounded('maxProperties', most) : {}) } },
})

const sized: readonly (readonly [name: string, schema: Sized, rule: string, unbounded: number, most: number, bounded: number])[] = [
  ['list of numbers', listOf(of('number')), 'self.all(x, true)', 4718591, 10, 32],
  ['list of texts', listOf(of('string')), 'self.all(x, true)', 3145727, 20, 62],
  ['list of booleans', listOf(of('boolean')), 'self.all(x, true)', 1887437, 5, 17],
  ['list of lists', listOf({ type: 'array', items: of('number') }), 'self.all(x, true)', 3145727, 100, 302],
  ['list of objects', listOf(object), 'self.all(x, true)', 555128, 50, 152],
  ['map of numbers', mapOf(of('number')), 'self.all(x, true)', 1348169, 10, 32],
  ['map of numbers', mapOf(of('number')), 'has(self.x)', 1, 100, 1],
  ['map of texts', mapOf(of('string')), 'self.all(x, true)', 1179647, 3, 11],
  ['map of booleans', mapOf(of('boolean')), 'self.all(x, true)', 943718, 100, 302],
  ['text', text(), "self.contains('test')", 314574, 10, 5],
  ['text', text(), "self.startsWith('test')", 2, 15, 2],
  ['text', text(), "self.endsWith('test')", 2, 30, 2],
  ['text', text(), 'size(self + "hello") > size("hello")', 314578, 4, 7],
  ['list of numbers', listOf(of('number')), 'self[1] == 0.0', 2, 5000, 2],
  ['list of texts', listOf(of('string')), 'self[1] == self[1]', 314577, 8, 314577],
  ['list of numbers', listOf(of('number')), 'self.all(x, self.all(y, true))', 0, 10, 352],
  ['list of numbers', listOf(of('number')), 'self.all(x, self.all(y, self.all(z, true)))', 0, 10, 3552],
  ['text', text(), 'self.matches("x")', 314574, 50, 22],
  ['text', text(), '"".matches("(((((((((())))))))))[0-9]")', 7, 10, 7],
  ['text', text(), 'self.matches("")', 1, 100, 1],
  ['map of bounded texts', (most) => mapOf(text()(most))(most), 'self.all(x, x.contains(self[x]))', 2752507, 10, 72],
  ['list of no numbers', listOf(of('number')), 'self[3] == 0.0', 2, 0, 2],
  ['map of no numbers', mapOf(of('number')), 'self["x"] == 0.0', 2, 0, 2],
  ['no text', text(), 'self == "x"', 2, 0, 1],
  ['no bytes', text({ format: 'byte' }), 'self == b"x"', 2, 0, 1],
  ['list of more than there can be', listOf(of('number')), 'self.all(x, x == 0.0)', 6291454, 3 * 1024 * 2048, 25165826],
  ['all bounded', nested('all'), 'self.all(x, x["y"].required == "z")', 7340027, 10, 72],
  ['one bounded', nested('one'), 'self.all(x, x["y"].required == "z")', 7340027, 10, 7340027],
  ['list of int-or-string', listOf(of('int-or-string')), 'self.all(x, true)', 4718591, 10, 32],
  ['list of int-or-string', listOf(of('int-or-string')), 'self[0] == 5', 3, 10, 3],
  ['list of booleans', listOf(of('boolean')), 'self[0] == false', 2, 25, 2],
  ['list of objects', listOf(object), 'self[0] == null', 2, 422, 2],
  ['list of lists', listOf({ type: 'array', items: of('number') }), 'self[0][0] == -1.0', 3, 51, 3],
  ['list of maps', listOf({ type: 'object', additionalProperties: of('number') }), 'self.all(x, x.y == 25.2)', 6291452, 12, 74],
  ['list of maps', listOf({ type: 'object', additionalProperties: of('number') }), 'self[0].x > 2.0', 4, 3000, 4],
  ['list of durations', listOf(of('duration')), 'self.all(x, true)', 2359295, 5, 17],
  ['list of durations', listOf(of('duration')), 'self[0].getHours() == 2', 4, 525, 4],
  ['list of dates', listOf(of('date')), 'self.all(x, true)', 725936, 15, 47],
  ['list of dates', listOf(of('date')), 'self[2].getDayOfMonth() == 13', 4, 42, 4],
  ['list of times', listOf(of('date-time')), 'self.all(x, true)', 428963, 25, 77],
  ['list of times', listOf(of('date-time')), 'self[2].getMinutes() == 45', 4, 99, 4],
  ['map of int-or-string', mapOf(of('int-or-string')), 'self.all(x, true)', 1348169, 15, 47],
  ['map of objects', mapOf(object), 'self.all(x, true)', 428963, 20, 62],
  ['map of maps', mapOf({ type: 'object', additionalProperties: of('number') }), 'self.all(x, true)', 1179647, 10, 32],
  ['map of lists', mapOf({ type: 'array', items: of('number') }), 'self.all(x, true)', 1179647, 25, 77],
  ['map of durations', mapOf(of('duration')), 'self.all(x, true)', 1048577, 5, 17],
  ['map of dates', mapOf(of('date')), 'self.all(x, true)', 524288, 10, 32],
  ['map of times', mapOf(of('date-time')), 'self.all(x, true)', 349526, 25, 77],
  ['text', text(), "self.find('[0-9]+') == ''", 629147, 10, 11],
  ['list of bounded texts', (most) => listOf(text()(most))(most), "self.join(' ') == 'aa bb'", 329853068905, 10, 43],
  ['list of bounded texts', (most) => listOf(text()(most))(most), 'self.isSorted() == true', 329854432052, 10, 52],
  ['texts', (most) => ({ type: 'object', properties: { str: text()(most), before: text()(2), after: text()(4) } }), "self.str.replace(self.before, self.after) == 'does not matter'", 629154, 4, 12],
  ['texts', (most) => ({ type: 'object', properties: { str: text()(most), separator: text()(most) } }), 'self.str.split(self.separator) == []', 629160, 10, 22],
  ['text', text(), "self.lowerAscii() == 'lower!'", 314575, 10, 6],
  ['map of integers', mapOf(of('integer')), 'oldSelf.size() == self.size()', 5, 10, 5],
  ['map of times', mapOf(of('date-time')), 'self["a"] == self["b"]', 8, 7, 8],
  ['map of durations', mapOf(of('duration')), 'self["c"] == self["d"]', 8, 42, 8],
  ['enumeration', text({ enum: ['A', 'B', 'C', 'LongValue'] }), "self.contains('A')", 2, 1000, 401],
  ['int-or-string', (most) => ({ 'x-kubernetes-int-or-string': true, ...bounded('maxLength', most) }), 'isQuantity(self)', 314574, 20, 9],
]

it.each(sized.map(([name, schema, rule, ...costs]) => ({ title: `${name}: ${rule}`, schema, rule, costs })))('$title', ({ schema, rule, costs: [unbounded, most, bound] }) => {
  if (unbounded > 0) expect(costOf(schema(undefined), rule)).toBe(String(unbounded))
  else expect(Number(costOf(schema(undefined), rule))).toBeGreaterThanOrEqual(100_000_000)
  expect(costOf(schema(most), rule)).toBe(String(bound))
})

// Fields that objects within objects have, and those that nobody knows.
const embedded = (more: JsonSchemaProps): JsonSchemaProps => ({ type: 'object', properties: { embedded: { type: 'object', 'x-kubernetes-embedded-resource': true, ...more } } })
const open: JsonSchemaProps = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
const known: JsonSchemaProps = { ...open, properties: { known: { type: 'integer' } } }
it.each<[JsonSchemaProps, Readonly<Record<string, number>>]>([
  [embedded({ properties: { kind: { type: 'string' }, spec: { type: 'object', properties: { field1: { type: 'string' } } } } }), { "self.embedded.spec.field1 == 'a'": 5, "self.embedded.kind == 'Pod'": 4 }],
  [embedded({ 'x-kubernetes-preserve-unknown-fields': true }), { 'has(self.embedded)': 1, "self.embedded.metadata.generateName == 'pickItForMe'": 6 }],
  [{ type: 'object', properties: { something: { 'x-kubernetes-int-or-string': true, nullable: true } } }, { '!has(self.something)': 2 }],
  [{ type: 'object', properties: { withUnknown: known, withUnknownList: { type: 'array', items: known } } }, {
    'self.withUnknown.known == 1': 3, 'self.withUnknownList[1] == self.withUnknownList[2]': 6, 'self.withUnknownList[0] != self.withUnknownList[3]': 6,
  }],
])('%#', (schema, rules) => {
  expect(Object.fromEntries(Object.keys(rules).map((rule) => [rule, Number(costOf(schema, rule))]))).toEqual(rules)
})
