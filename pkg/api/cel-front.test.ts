// What is wrong with expressions, in the words of cel-go and where it marks it; and what types expressions have.
import type { CelScope } from './cel-check.ts'
import { analyseCel } from './cel-front.ts'
import { scopeOf } from './cel-declared.ts'
import { readType } from './cel-declarations.ts'
import { fullTypeText } from './cel-type.ts'

const operand = "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
const entry = "{'[', '{', '}', '(', '.', ',', '-', '!', '?', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
const field = "{'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}"

const spec = { type: readType('spec'), most: 0, least: 2, fields: new Map([['n', { type: readType('int'), most: 0, least: 1 }], ['s', { type: readType('string'), most: 9, least: 2 }]]) }
const scope = scopeOf({ self: spec.type, any: readType('dyn'), old: readType('optional<spec>'), list: readType('list<string>') }, [spec])
const messages: CelScope = {
  ...scope, patching: true,
  fields: (struct) => (struct === 'JSONPatch' ? (name) => readType(name === 'value' ? 'dyn' : 'string') : struct.startsWith('Object') ? () => readType('dyn') : undefined),
}
const analysed = (source: string, patching = false): string => {
  const found = analyseCel(source, patching ? messages : scope)
  return typeof found === 'string' ? found : fullTypeText(found.type)
}

/** Each fault as `column text`. */
const faults = (source: string): string[] => [...analysed(source).matchAll(/^ERROR: <input>:(\S+): (.*)$/gm)].map(([, place = '', text = '']) => `${place.replace(/^1:/, '')} ${text}`)

describe('syntax', () => {
  it.each<[string, string[]]>([
    ['*@a | b', [`1 Syntax error: extraneous input '*' expecting ${operand}`, "2 Syntax error: token recognition error at: '@'", "5 Syntax error: token recognition error at: '| '", "7 Syntax error: extraneous input 'b' expecting <EOF>"]],
    ['a | b', ["3 Syntax error: token recognition error at: '| '", "5 Syntax error: extraneous input 'b' expecting <EOF>"]],
    ['1 + $', ["5 Syntax error: token recognition error at: '$'", `6 Syntax error: mismatched input '<EOF>' expecting ${operand}`]],
    ['1 + 2\n3 +', ["2:1 Syntax error: mismatched input '3' expecting <EOF>"]],
    ['', [`1 Syntax error: mismatched input '<EOF>' expecting ${operand}`]],
    ['1 + +', [`5 Syntax error: mismatched input '+' expecting ${operand}`, `6 Syntax error: mismatched input '<EOF>' expecting ${operand}`]],
    ['"\\xFh"', ["1 Syntax error: token recognition error at: '\"\\xFh'", "6 Syntax error: token recognition error at: '\"'", `7 Syntax error: mismatched input '<EOF>' expecting ${operand}`]],
    ['{', [`2 Syntax error: mismatched input '<EOF>' expecting ${entry}`]],
    ['{:a}', [`2 Syntax error: extraneous input ':' expecting ${entry}`, "4 Syntax error: mismatched input '}' expecting ':'"]],
    ['msg{:a}', [`5 Syntax error: extraneous input ':' expecting ${field}`, "7 Syntax error: mismatched input '}' expecting ':'"]],
    ['func{{a}}', [`6 Syntax error: extraneous input '{' expecting ${field}`, "8 Syntax error: mismatched input '}' expecting ':'", "9 Syntax error: extraneous input '}' expecting <EOF>"]],
    ['0xFFFFFFFFFFFFFFFFF', ['1 invalid int literal']], ['18446744073709551616u', ['1 invalid uint literal']], ['1.99e90000009', ['1 invalid double literal']],
    ['while', ['1 reserved identifier: while']], ['has(x)', ['5 invalid argument to has() macro']],
    ['list.all(x.y, true)', ['11 argument must be a simple name']], ['list.map(1, x)', ['10 argument is not an identifier']],
    ['list.all(__result__, true)', ['10 iteration variable overwrites accumulator variable']], ['any.all(a, a, true)', ['12 duplicate variable name: a']],
    ['self.`s`', ["6 unsupported syntax: '`'"]],
  ])('%s', (source, expected) => {
    expect(faults(source)).toEqual(expected)
  })
  it('of a chain of optional values, each of which stands for two', () => {
    expect(analysed(`optional.of(1)${'.optMap(x, x + 1)'.repeat(100)}`)).toBe('optional_type(int)')
  })
  it('that is too deep or too long', () => {
    expect(analysed(`${'('.repeat(300)}1${')'.repeat(300)}`)).toBe('ERROR: <input>:-1:0: expression recursion limit exceeded: 250')
    expect(analysed(`"${'a'.repeat(100_000)}"`)).toBe('ERROR: <input>:-1:0: expression code point size exceeds limit: size: 100002, limit 100000')
  })
})

describe('types', () => {
  it.each<[string, string[]]>([
    ['1 + self.s', ["3 found no matching overload for '_+_' applied to '(int, string)'"]],
    ['self.s.startsWith(1)', ["18 found no matching overload for 'startsWith' applied to 'string.(int)'"]],
    ['self.x == 1 || nope', ["5 undefined field 'x'", "16 undeclared reference to 'nope' (in container '')"]],
    ['nope(1)', ["5 undeclared reference to 'nope' (in container '')"]], ['self.n.nope()', ["12 undeclared reference to 'nope' (in container '')"]],
    ['self.n.x', ["7 type 'int' does not support field selection"]], ['self.n && true', ["5 expected type 'bool' but found 'int'"]],
    ['self.all(x, true)', ["1 expression of type 'spec' cannot be range of a comprehension (must be list, map, or dynamic)"]],
    ['[1, "a"]', ["5 expected type 'int' but found 'string'"]], ['{"a": 1, 2: 3}', ["10 expected type 'string' but found 'int'"]],
    ['[?self.s]', ["7 expected type 'optional_type(string)' but found 'string'"]],
    ['self.s.matches("(")', ['16 invalid matches argument']], ['duration("1x")', ['10 invalid duration argument']], ['timestamp("2020-02-30T00:00:00Z")', ['11 invalid timestamp argument']],
    ['"%d".format([self.s])', ['18 error during formatting: decimal clause can only be used on integers, was given string']],
    ['"%d".format([1, 2])', ['12 too many arguments supplied to string.format (expected 1, got 2)']],
    ['"%z".format([1])', ['12 could not parse formatting clause: unrecognized formatting clause "z"']],
    ['quantity("1").sign()', ["19 found no matching overload for 'sign' applied to 'kubernetes.Quantity.()'"]],
    ['cel.bind(x, 1, x)', ["1 undeclared reference to 'cel' (in container '')", "10 undeclared reference to 'x' (in container '')", "16 undeclared reference to 'x' (in container '')", "9 undeclared reference to 'bind' (in container '')"]],
    ['math.abs(-1)', ["1 undeclared reference to 'math' (in container '')", "9 undeclared reference to 'abs' (in container '')"]],
    ['Object{}', ["7 undeclared reference to 'Object' (in container '')"]],
  ])('%s', (source, expected) => {
    expect(faults(source).sort()).toEqual([...expected].sort())
  })
  it.each([
    ['self.n + 1 > 2u', 'bool'], ['any', 'dyn'], ['any.x', 'dyn'], ['any + 1', 'int'], ['any == 1', 'bool'], ['old.?s', 'optional_type(string)'], ['old.s.orValue("x")', 'string'], ['list.map(x, x.size())', 'list(int)'],
    ['list.filter(x, x != "")', 'list(string)'], ['list.transformMap(i, v, v)', 'map(int, string)'], ['list[?0].optMap(x, x + "y")', 'optional_type(string)'], ['[]', 'list(dyn)'], ['{"a": [1]}', 'map(string, list(int))'],
    ['type(1)', 'type(int)'], ['null', 'null_type'], ['timestamp("2020-01-01T00:00:00Z") - duration("1s")', 'google.protobuf.Timestamp'], ['true ? any : 1', 'dyn'],
    ['"%s %d".format(["a", 1])', 'string'], ['[[1, 2]].flatten()', 'list(int)'], ['list.sortBy(x, x.size())', 'list(string)'], ['format.uuid().validate("x")', 'optional_type(list(string))'],
  ])('%s is %s', (source, type) => {
    expect(analysed(source)).toBe(type)
  })
  it('of patches', () => {
    expect(analysed('Object{spec: Object.spec{replicas: 3, ?x: optional.none()}}', true)).toBe('Object')
    expect(analysed('[JSONPatch{op: "add", path: "/" + jsonpatch.escapeKey("a/b"), value: 1}]', true)).toBe('list(JSONPatch)')
    expect(analysed('JSONPatch{op: 1}', true)).toContain("1:13: expected type of field 'op' is 'string' but provided type is 'int'")
  })
})

it('marks the place, counting characters', () => {
  expect(analysed('self.n > 0 &&\n\t"ü😀" + self.n == ""')).toBe("ERROR: <input>:2:7: found no matching overload for '_+_' applied to '(string, int)'\n |  \"ü😀\" + self.n == \"\"\n | ..．．..^")
})
