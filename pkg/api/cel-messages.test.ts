// Messages in expressions: how they are read, what they make, and where they do not belong.
import { celBudget, celEnvironment } from './cel.ts'
import { compileWithMessages, jsonOf, registerCelMessages, withoutMessages } from './cel-messages.ts'
import { anyValue } from './cel-schema.ts'

const environment = celEnvironment()
registerCelMessages(environment)
environment.registerVariable('object', 'dyn')

function made(expression: string): [string, unknown] {
  const program = compileWithMessages(environment, expression)
  return [program.type, jsonOf(program.run({ object: anyValue({ a: 2, list: [{ n: 'x' }] }) }, celBudget()))]
}

it.each<[string, string, unknown]>([
  ['Object{}', 'Object', {}],
  ['Object{spec: Object.spec{replicas: object.a + 1, list: [1.5, true, null]}}', 'Object', { spec: { replicas: 3, list: [1.5, true, null] } }],
  ['Object { // a comment }\n  spec : Object . spec { a : {"k": "v"} } }', 'Object', { spec: { a: { k: 'v' } } }],
  ['Object{list: object.list.map(one, Object.list{`na-me`: one.n, __namespace__: "y", a__dash__b: 1})}', 'Object', { list: [{ 'na-me': 'x', namespace: 'y', 'a-b': 1 }] }],
  ['Object{?a: object.?a, ?b: object.?b, c: object.?b.orValue(1)}', 'Object', { a: 2, c: 1 }],
  ['has(object.b) ? Object{b: 1} : Object{c: "}"}', 'Object', { c: '}' }],
  ['Object{at: timestamp("2020-01-02T03:04:05Z"), for: duration("90s"), raw: b"ab"}', 'Object', { at: '2020-01-02T03:04:05Z', for: '90s', raw: 'YWI=' }],
  ['[JSONPatch{op: "add", path: "/a/" + jsonpatch.escapeKey("b/c~"), value: Object.spec{x: 1}}]', 'list<JSONPatch>', [{ op: 'add', path: '/a/b~1c~0', value: { x: 1 } }]],
  ['"Object{a: 1}" + \'"\' + r"\\{"', 'string', 'Object{a: 1}"\\{'],
  ['{"Object": {"a": 1}}', 'map<string, map<string, int>>', { Object: { a: 1 } }],
])('%s', (expression, type, value) => {
  expect(made(expression)).toEqual([type, value])
})

it.each([
  ['object.spec{a: 1}', 'compilation failed'],
  ['Object.spec{a 1}', 'compilation failed'],
  ['Object{a: 1', 'compilation failed'],
  ['JSONPatch{to: 1}', "undefined field 'to'"],
  ['Object{a: Object.b{}}', 'unexpected type name "Object.b", expected "Object.a"'],
  ['Object{?a: 1}', 'no such overload'],
])('refuses %s', (expression, text) => {
  expect(() => made(expression)).toThrow(text)
})

it('leaves other expressions as they are', () => {
  for (const text of ['a.b{', 'x ? {"a": 1} : {}', '// {Object{\n"Object{"', 'Objects.all(o, o.x > 1)', '"""Object{""" + r\'Object{\'']) expect(withoutMessages(text)).toBe(text)
})
