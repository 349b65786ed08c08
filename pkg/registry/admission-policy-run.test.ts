// Policies' variables: evaluated when they are first needed, once, and their failure is that of who needs them.
import type { AccessQuery, Authorize } from './admission.ts'
import { compiledPolicy } from './admission-policy-compile.ts'
import { type PolicyResult, runPolicy } from './admission-policy-run.ts'
import { policyTask } from './admission-policy-tasks.ts'

type Stated = Parameters<typeof compiledPolicy>[0]

const policy = (variables: Readonly<Record<string, string>>, ...validations: readonly string[]): Stated => ({
  metadata: { name: 'p' }, spec: { variables: Object.entries(variables).map(([name, expression]) => ({ name, expression })), validations: validations.map((expression) => ({ expression })) },
}) as unknown as Stated

const run = (stated: Stated, values: Readonly<Record<string, unknown>> = {}): string[] => runPolicy(compiledPolicy(stated), { object: null, ...values }, false).denials.map(({ message }) => message)

const dear = 'lists.range(2000).map(x, lists.range(100).size()).size() > 0'

it.each<[string, Stated, string[]]>([
  ['one that nobody needs fails nothing', policy({ bad: '1 / 0 > 1', good: 'true' }, 'variables.good'), []],
  ['one that is needed and fails', policy({ bad: '1 / 0 > 1' }, 'variables.bad', 'true'), ["expression 'variables.bad' resulted in error: composited variable \"bad\" fails to evaluate: division by zero"]],
  ['one that fails through another', policy({ a: '1 / 0', b: 'variables.a + 1' }, 'variables.b > 0'),
    ["expression 'variables.b > 0' resulted in error: composited variable \"b\" fails to evaluate: composited variable \"a\" fails to evaluate: division by zero"]],
  ['one that fails where it settles nothing', policy({ bad: '1 / 0 > 1' }, 'true || variables.bad', 'variables.bad || true'), []],
  ['one that sees those before', policy({ a: '2', b: 'variables.a * 3' }, 'variables.b == 6', 'variables.a == 2'), []],
  ['one that is too dear and not needed', policy({ bad: 'lists.range(1000).all(x, lists.range(1000).all(y, x + y >= 0))' }, 'true'), []],
  ['one that is asked for in turn', policy({ a: '1' }, 'has(variables.a)'), []],
  ['one that is false', policy({ a: '1 > 2' }, 'variables.a'), ['failed expression: variables.a']],
])('%s', (_name, stated, expected) => {
  expect(run(stated)).toEqual(expected)
})

it('what a variable costs is counted once', () => {
  expect(run(policy({ a: dear }, ...Array<string>(60).fill('variables.a')))).toEqual([])
  expect(run(policy({}, ...Array<string>(500).fill(dear))).at(-1)).toMatch(/out of cost budget/)
})

it('tells what else a policy says', () => {
  const stated = { metadata: { name: 'p' }, spec: {
    matchConditions: [{ name: 'c', expression: 'namespaceObject == null' }], validations: [{ expression: 'namespaceObject.a == 1' }],
    auditAnnotations: [{ key: 'n', valueExpression: 'dyn(1)' }, { key: 'x', valueExpression: 'null' }, { key: 's', valueExpression: '" s "' }],
  } } as unknown as Stated
  expect(runPolicy(compiledPolicy(stated), { namespaceObject: new Map([['a', 1n]]) }, true)).toEqual({
    denials: [{ message: "valueExpression 'dyn(1)' resulted in unsupported return type: int. Return type must be either string or null.", index: 0, always: true }], annotations: [{ key: 's', value: 's' }],
  })
})

describe('what a request is judged by', () => {
  const common = { request: { name: 'a' }, user: { username: 'ann', groups: [] }, requested: { group: '', resource: 'configmaps' } }
  const judge = (stated: Stated, subject: object, authorize?: Authorize): PolicyResult => policyTask.run(stated as never, { subject: subject as never }, authorize ? { authorize } : {})[0]!

  it('is only looked at as far as expressions ask for it', () => {
    const subject = { ...common, object: { metadata: {}, get data(): never { throw new Error('nobody asked') } } }
    expect(judge(policy({ named: 'request.name' }, 'variables.named == "a"'), subject).denials).toEqual([])
    expect(judge(policy({}, 'object == null && oldObject == null && namespaceObject == null'), common).denials).toEqual([])
  })

  it('is judged with each parameter, all of them in one task', () => {
    const params = [{ metadata: {}, least: 3 }, null, { metadata: {}, least: 1 }] as never
    const stated = policy({}, 'params == null || size(object.a) >= params.least')
    const found = policyTask.run({ ...stated, spec: { ...stated.spec, paramKind: { apiVersion: 'v1', kind: 'X' } } } as never, { subject: { ...common, object: { a: 'bb' } } as never, params }, {})
    expect(found.map(({ denials }) => denials.length)).toEqual([1, 0, 0])
  })

  it('asks for each right once, so that all expressions get the same answer', () => {
    const asked: AccessQuery[] = []
    const authorize: Authorize = (query) => ({ allowed: asked.push(query) % 2 === 1 })
    const check = 'authorizer.group("apps").resource("a").check("get").allowed()'
    const stated = policy({ may: check }, check, `variables.may && ${check}`, '!authorizer.group("apps").resource("a").namespace("b").check("get").allowed()', 'authorizer.serviceAccount("a", "b").group("apps").resource("a").check("get").allowed()')
    expect(judge(stated, common, authorize).denials).toEqual([])
    expect(asked.map(({ user, ...query }) => [user.username, query])).toEqual([
      ['ann', { group: 'apps', resource: 'a', verb: 'get' }], ['ann', { group: 'apps', resource: 'a', namespace: 'b', verb: 'get' }],
      ['system:serviceaccount:a:b', { group: 'apps', resource: 'a', verb: 'get' }],
    ])
  })
})
