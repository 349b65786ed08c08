// Rules of schemas over objects: which hold, what is said where one does not, transitions, and rules that can't be compiled.
import { ruleErrors } from './cel-rule-checks.ts'
import { compileRules } from './cel-rules.ts'
import type { JsonSchemaProps, ValidationRule } from './structural-schema.ts'

const rules = (...list: (string | ValidationRule)[]): Pick<JsonSchemaProps, 'x-kubernetes-validations'> =>
  ({ 'x-kubernetes-validations': list.map((rule) => (typeof rule === 'string' ? { rule } : rule)) })
const root = (f: JsonSchemaProps): JsonSchemaProps => ({ type: 'object', properties: { f } })

function texts(schema: JsonSchemaProps, object: object, old?: object): string[] {
  const { errors = [], warnings = [] } = compileRules(schema)?.(object, old) ?? {}
  return [...errors.map(({ field, text }) => `${field}: ${text}`), ...warnings.map((warning) => `WARNING ${warning}`)]
}

const integer: JsonSchemaProps = { type: 'integer' }
const text: JsonSchemaProps = { type: 'string' }
const pair: JsonSchemaProps = { type: 'object', properties: { min: integer, max: integer } }

describe('what is said', () => {
  it.each<[JsonSchemaProps, unknown, string[]]>([
    [{ ...pair, ...rules('self.min <= self.max') }, { min: 1, max: 2 }, []],
    [{ ...pair, ...rules('self.min <= self.max') }, { min: 3, max: 2 }, ['f: Invalid value: failed rule: self.min <= self.max']],
    [{ ...pair, ...rules({ rule: 'self.min <= self.max', message: ' too small ' }) }, { min: 3, max: 2 }, ['f: Invalid value: too small']],
    [{ ...pair, ...rules({ rule: 'self.min <= self.max', messageExpression: '"%d > %d".format([self.min, self.max])', fieldPath: '.min', reason: 'FieldValueForbidden' }) }, { min: 3, max: 2 }, ['f.min: Forbidden: 3 > 2']],
    [{ ...pair, ...rules({ rule: 'self.min <= self.max', message: 'plain', messageExpression: 'string(self.nothing)' }) }, { min: 1, max: 2 }, ['<nil>: Invalid value: "self.min <= self.max": rule compile error']],
    [{ ...pair, ...rules({ rule: 'self.min <= self.max', message: 'plain', messageExpression: '""' }) }, { min: 3, max: 2 }, ['f: Invalid value: plain']],
    [{ ...pair, ...rules('self.min <= self.max') }, { min: 3 }, ['f: Invalid value: "object": no such key: max evaluating rule: self.min <= self.max']],
    [{ ...pair, ...rules('!has(self.max) || self.min <= self.max') }, { min: 3 }, []],
    [{ type: 'array', items: { ...integer, ...rules('self > 0') } }, [1, 0], ['f[1]: Invalid value: 0: failed rule: self > 0']],
    [{ type: 'object', additionalProperties: { ...text, ...rules('self.size() > 1') } }, { a: 'x', b: 'xx' }, ['f[a]: Invalid value: "x": failed rule: self.size() > 1']],
    [{ ...text, format: 'date-time', ...rules('self > timestamp("2020-01-01T00:00:00Z")') }, '2019-01-01T00:00:00Z', ['f: Invalid value: "2019-01-01T00:00:00Z": failed rule: self > timestamp("2020-01-01T00:00:00Z")']],
    [{ ...text, format: 'duration', ...rules('self <= duration("1h")') }, '2h', ['f: Invalid value: "2h": failed rule: self <= duration("1h")']],
    [{ type: 'number', ...rules('self < 1.5') }, 1, []],
    [{ 'x-kubernetes-int-or-string': true, ...rules('type(self) == string ? self == "80%" : self == 80') }, 80, []],
    [{ type: 'object', properties: { 'a-b': integer, namespace: integer, 'c.d/e': integer }, ...rules('self.a__dash__b + self.__namespace__ + self.c__dot__d__slash__e == 6') }, { 'a-b': 1, namespace: 2, 'c.d/e': 3 }, []],
    [{ ...text, nullable: true, ...rules('self != "x"') }, null, []],
    // Reserved words may be written plainly, too, and both names mean one field.
    [{ type: 'object', properties: { namespace: text, if: integer }, ...rules('has(self.namespace) && self.namespace == "n" && self.__namespace__ == self.namespace && self.if == 2 && self.?namespace.orValue("") == "n"') }, { namespace: 'n', if: 2 }, []],
    [{ type: 'object', properties: { namespace: text }, ...rules('!has(self.namespace) && !self.?namespace.hasValue()') }, {}, []],
    [{ type: 'array', items: { type: 'object', properties: { meta: { type: 'object', properties: { namespace: text } } } }, ...rules('self.all(t, !has(t.meta.namespace) || size(t.meta.namespace) == 0)') }, [{ meta: { namespace: 'n' } }], ['f: Invalid value: failed rule: self.all']],
    [{ type: 'object', properties: { package: text }, ...rules('self.namespace == ""') }, {}, ["compile error"]],
    [{ type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true, ...rules('self.kind == "Pod" && self.metadata.name == "n"') }, { kind: 'Pod', metadata: { name: 'n' } }, []],
    [{ ...pair, ...rules('true'), allOf: [rules('self.max < 10')] }, { max: 10 }, ['f: Invalid value: failed rule: self.max < 10']],
    // Without rules elsewhere nobody looks into the logic.
    [{ ...pair, allOf: [rules('self.max < 10')] }, { max: 10 }, []],
    [{ type: 'object', properties: { m: { type: 'object', additionalProperties: text } }, ...rules({ rule: 'false', fieldPath: ".m['a']" }) }, {}, ['f.m[a]: Invalid value: failed rule: false']],
  ])('%#', (schema, value, expected) => {
    const found = texts(root(schema), { f: value })
    expect(found).toHaveLength(expected.length)
    for (const [index, wanted] of expected.entries()) expect(found[index]).toContain(wanted)
  })

  it('a rule that costs too much ends the others, and so do rules that do together', () => {
    const loops = 'self.all(a, self.all(b, self.all(c, a + b + c >= 0)))'
    const list = (count: number): object => ({ f: Array.from({ length: count }, (_none, index) => index) })
    const numbers = (...stated: string[]): JsonSchemaProps => root({ type: 'array', items: integer, ...rules(...stated) })
    expect(texts(numbers(loops, 'false'), list(100))).toEqual([`f: Invalid value: "array": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: ${loops}`])
    const once = 'self.all(a, self.all(b, a + b >= 0))'
    const together = texts(numbers(...Array<string>(20).fill(once), 'false'), list(350))
    expect(together).toEqual(['f: Invalid value: "array": validation failed due to running out of cost budget, no further validation rules will be run'])
  })

  it('the root has no path', () => {
    expect(texts({ type: 'object', ...rules('self.metadata.name.startsWith("a")') }, { metadata: { name: 'b' } })).toEqual(['<nil>: Invalid value: failed rule: self.metadata.name.startsWith("a")'])
  })
})

describe('transitions', () => {
  const fixed = root({ ...text, ...rules({ rule: 'self == oldSelf', message: 'immutable' }) })
  it('are looked at where there is an old value', () => {
    expect(texts(fixed, { f: 'b' })).toEqual([])
    expect(texts(fixed, { f: 'b' }, {})).toEqual([])
    expect(texts(fixed, { f: 'b' }, { f: 'a' })).toEqual(['f: Invalid value: "b": immutable'])
  })
  it('of whole objects', () => {
    const schema = root({ ...pair, ...rules('self == oldSelf') })
    expect(texts(schema, { f: { min: 1, max: 2 } }, { f: { max: 2, min: 1 } })).toEqual([])
    expect(texts(schema, { f: { min: 1 } }, { f: { min: 2 } })).toHaveLength(1)
  })
  it('of items by their keys', () => {
    const schema = root({
      type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'],
      items: { type: 'object', required: ['k'], properties: { k: text, v: { ...integer, ...rules('self >= oldSelf') } } },
    })
    expect(texts(schema, { f: [{ k: 'b', v: 1 }, { k: 'a', v: 5 }] }, { f: [{ k: 'a', v: 4 }, { k: 'b', v: 2 }] })).toEqual(['f[0].v: Invalid value: 1: failed rule: self >= oldSelf'])
  })
  it('with an optional old value', () => {
    const schema = root({ ...text, ...rules({ rule: 'oldSelf.hasValue() ? self == oldSelf.value() : self == "first"', optionalOldSelf: true }) })
    expect(texts(schema, { f: 'x' })).toHaveLength(1)
    expect(texts(schema, { f: 'first' })).toEqual([])
    expect(texts(schema, { f: 'x' }, { f: 'x' })).toEqual([])
    const whole = root({ ...pair, ...rules({ rule: '!oldSelf.hasValue() || self.min >= oldSelf.value().min', optionalOldSelf: true }) })
    expect(texts(whole, { f: { min: 1, max: 5 } }, { f: { min: 2, max: 4 } })).toHaveLength(1)
    expect(texts(whole, { f: { min: 3, max: 5 } }, { f: { min: 2, max: 4 } })).toEqual([])
  })
})

describe('what was wrong before', () => {
  const positive = rules('self > 0')
  const item: JsonSchemaProps = { type: 'object', required: ['k'], properties: { k: text, v: { ...integer, ...positive } } }
  const byKey: JsonSchemaProps = { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'], items: item }
  const fault = (at: string, value = '0', rule = 'self > 0'): string => `${at}: Invalid value${value && `: ${value}`}: failed rule: ${rule}`
  const two = (a: unknown, b: unknown): object => ({ f: { a, b } })
  const within = (a: JsonSchemaProps, more: JsonSchemaProps = {}): JsonSchemaProps => ({ type: 'object', properties: { a, b: integer }, ...more })
  const below = (a: JsonSchemaProps, more: JsonSchemaProps = {}): JsonSchemaProps => root(within(a, more))

  it.each<[string, JsonSchemaProps, object, object, string[]]>([
    ['is told as a warning', below({ ...integer, ...positive }), two(0, 2), two(0, 1), [`WARNING ${fault('f.a')}`]],
    ['is an error in another way', below({ ...integer, ...positive }), two(-1, 1), two(0, 1), [fault('f.a', '-1')]],
    ['is an error where it was not there', below({ ...integer, ...positive }), two(0, 1), { f: { b: 1 } }, [fault('f.a')]],
    ['is an error in what changed around it', below({ ...integer, ...positive }, rules('self.b > 5')), two(0, 2), two(0, 1), [fault('f', '', 'self.b > 5'), `WARNING ${fault('f.a')}`]],
    ['is a warning in a whole that did not change', { type: 'object', properties: { f: within({ ...integer, ...positive }, rules('self.b > 5')), g: text } }, { f: { a: 0, b: 2 }, g: 'b' }, { f: { a: 0, b: 2 }, g: 'a' },
      [`WARNING ${fault('f', '', 'self.b > 5')}`, `WARNING ${fault('f.a')}`]],
    ['is an error where it can not be judged', below({ ...integer, ...rules('10 / self > 1') }), two(0, 2), two(0, 1), ['f.a: Invalid value: "integer": division by zero evaluating rule: 10 / self > 1']],
    ['is an error of a transition', below({ ...integer, ...rules('self > oldSelf') }), two(0, 2), two(0, 1), [fault('f.a', '0', 'self > oldSelf')]],
    ['is an error of a transition that may begin', below({ ...integer, ...rules({ rule: 'oldSelf.hasValue() && self > 0', optionalOldSelf: true }) }), two(0, 2), two(0, 1), [fault('f.a', '0', 'oldSelf.hasValue() && self > 0')]],
    ['is a warning in items by keys, wherever they stand', below(byKey), two([{ k: 'y', v: 1 }, { k: 'x', v: 0 }], 1), two([{ k: 'x', v: 0 }], 1), [`WARNING ${fault('f.a[1].v')}`]],
    ['is an error in new items', below(byKey), two([{ k: 'y', v: 0 }], 1), two([{ k: 'x', v: 0 }], 1), [fault('f.a[0].v')]],
    ['is an error in items without keys when the list changes', below({ type: 'array', items: { ...integer, ...positive } }), two([0, 1], 1), two([0], 1), [fault('f.a[0]')]],
    ['is a warning in items without keys when the list stays', below({ type: 'array', items: { ...integer, ...positive } }), two([0, 1], 2), two([0, 1], 1), [`WARNING ${fault('f.a[0]')}`]],
    ['is a warning in the values of a map', below({ type: 'object', additionalProperties: { ...integer, ...positive } }), two({ x: 0, y: 1 }, 1), two({ x: 0 }, 1), [`WARNING ${fault('f.a[x]')}`]],
    ['is an error in what the schema does not know', below({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { y: integer }, ...rules('has(self.y)') }), two({ x: 0 }, 2), two({ x: 0 }, 1), [fault('f.a', '', 'has(self.y)')]],
    ['is a warning of the logic only when what is around did not change', below({ ...integer, ...rules('true'), allOf: [positive] }), two(0, 2), two(0, 1), [fault('f.a')]],
    ['is a warning of the logic when what is around did not change', below({ type: 'object', properties: { c: { ...integer, ...rules('true'), allOf: [positive] } } }), two({ c: 0 }, 2), two({ c: 0 }, 1), [`WARNING ${fault('f.a.c')}`]],
    ['is an error of the whole, whose metadata the schema does not know', { type: 'object', properties: { metadata: { type: 'object' }, f: text }, ...rules('false') }, { metadata: { name: 'a' }, f: 'a' }, { metadata: { name: 'a' }, f: 'a' }, [fault('<nil>', '', 'false')]],
    ['is an error of the kind', { type: 'object', properties: { kind: { ...text, ...rules('false') }, f: integer } }, { kind: 'A', f: 1 }, { kind: 'A', f: 2 }, [fault('kind', '"A"', 'false')]],
  ])('%s', (_name, schema, object, old, expected) => {
    expect(texts(schema, object, old)).toEqual(expected)
  })

  it('costs no more for many', () => {
    const schema = root({ type: 'array', items: { ...integer, ...rules({ rule: 'self > 0', message: 'm' }) } })
    const list = { f: Array<number>(20_000).fill(0) }
    expect(new Set(texts(schema, list, structuredClone(list)).map((text) => text.slice(0, 11)))).toEqual(new Set(['WARNING f[0', ...Array.from({ length: 9 }, (_none, index) => `WARNING f[${index + 1}`)]))
  })
})

describe('rules that are wrong', () => {
  it.each<[JsonSchemaProps, RegExp[]]>([
    [{ ...pair, ...rules('self.min > 0') }, []],
    [{ ...pair, ...rules('self.nope > 0') }, [/^F\.x-kubernetes-validations\[0\]\.rule: Invalid value: .*compilation failed: ERROR: <input>:1:5: undefined field 'nope'/]],
    [{ type: 'object', ...rules('self.nope > 0') }, [/undefined field 'nope'/]],
    [{ ...pair, ...rules('self.min') }, [/rule: Invalid value: \{"Rule":"self.min","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null\}: cel expression must evaluate to a bool/]],
    [{ ...pair, ...rules({ rule: 'true', optionalOldSelf: true }) }, [/optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule/]],
    [{ ...pair, ...rules('self.min > "a"') }, [/found no matching overload for '_>_' applied to '\(int, string\)'/]],
    [{ ...pair, ...rules({ rule: 'true', messageExpression: '1' }) }, [/messageExpression must evaluate to a string/]],
    [{ type: 'array', maxItems: 10, items: { ...text, maxLength: 10, ...rules('self == oldSelf') } }, [/oldSelf cannot be used on the uncorrelatable portion of the schema within F$/]],
    [{ type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { a: { ...text, ...rules('self == oldSelf') } } }, []],
    [{ type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'], items: { type: 'object', properties: { k: text }, required: ['k'], ...rules('self == oldSelf') } }, []],
  ])('%#', (schema, expected) => {
    const found = ruleErrors(root(schema), 'S').map(({ field, text: said }) => `${field}: ${said}`.replaceAll('S.properties[f]', 'F'))
    for (const [index, pattern] of expected.entries()) expect(found[index]).toMatch(pattern)
    expect(found).toHaveLength(expected.length)
  })
})
