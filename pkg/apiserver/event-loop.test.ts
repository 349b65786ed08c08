// No input is dealt with in one go of the event loop: schemas, patterns and expressions that are dear, sent by a client in another thread.
import { inOneGoMs, longestTurnMs } from '../util/cpu-time.suite.ts'
import { admin, startServer, type TestServer } from './fixture.suite.ts'
import { outsideCaller } from './outside-caller.suite.ts'

let server: TestServer
let client: ReturnType<typeof outsideCaller>

beforeAll(async () => {
  server = await startServer()
  client = outsideCaller({ port: server.port, ca: server.ca, as: admin })
  await client.call('GET', '/version')
})

afterAll(async () => {
  await client.stop()
  await server.stop()
})

let next = 0
/** A CRD whose `spec` has this schema; JavaScript that makes the schema. */
async function define(schema: string): Promise<string> {
  const plural = `things${next++}`
  const made = await client.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', `{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: '${plural}.a.b' }, spec: { group: 'a.b', scope: 'Cluster',
    names: { plural: '${plural}', singular: '${plural}', kind: '${plural.toUpperCase()}', listKind: '${plural.toUpperCase()}List' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec: ${schema} } } } }] } }`)
  if (made.code !== 201) throw new Error(made.text)
  return plural
}

const create = (plural: string, spec: string): Promise<{ code: number; text: string }> =>
  client.call('POST', `/apis/a.b/v1/${plural}`, `{ apiVersion: 'a.b/v1', kind: '${plural.toUpperCase()}', metadata: { name: 'x${next++}' }, spec: ${spec} }`)

const text = (rest: string): string => `{ type: 'object', properties: { t: { type: 'string', ${rest} } } }`
const rules = (...list: string[]): string => `'x-kubernetes-validations': [${list.map((rule) => `{ rule: ${JSON.stringify(rule)}, message: 'no' }`).join(', ')}]`
/** A list `l` of short texts, and a text `t`. */
const strings = (most: number, rest: string): string =>
  `{ type: 'object', properties: { l: { type: 'array', maxItems: ${most}, items: { type: 'string', maxLength: 6 } }, t: { type: 'string', maxLength: 10 } }, ${rest} }`

describe('custom resources', () => {
  it.each<[string, string, string, number, string]>([
    ['an unanchored pattern', text("pattern: '[\\\\p{L}]{1,1000}$'"), "{ t: 'a'.repeat(4_000) + '!' }", 422, 'should match'],
    ['a pattern on a megabyte', text("pattern: '^(a+)+$'"), "{ t: 'a'.repeat(1_000_000) }", 201, ''],
    ['many items with a pattern', "{ type: 'object', properties: { l: { type: 'array', items: { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' } } } }", "{ l: Array.from({ length: 40_000 }, (_, i) => 'a' + i) }", 201, ''],
    ['many dear patterns', JSON.stringify({ type: 'object', properties: Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`p${index}`, { type: 'string', pattern: `[\\p{L}\\p{N}]{1,${500 + index}}` }])) }), "{ p1: 'a' }", 201, ''],
    ['many rules', JSON.stringify({ type: 'object', properties: Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`p${index}`, { type: 'string', maxLength: 10, 'x-kubernetes-validations': [{ rule: `self != "x${index}" && self.size() < 100` }] }])) }), "Object.fromEntries(Array.from({ length: 500 }, (_, i) => ['p' + i, 'v']))", 201, ''],
    ['loops in loops', strings(80, rules('self.l.all(a, self.l.all(b, self.l.all(c, a != b || b == c || c != self.t)))')), "{ t: 'x', l: Array.from({ length: 80 }, (_, i) => 'a' + i) }", 422, 'cost'],
    ['a list that is looked through again and again', strings(1500, rules('self.l.all(a, a in self.l)')), "{ t: 'x', l: Array.from({ length: 1500 }, (_, i) => 'a' + i) }", 422, 'cost'],
  ])('%s', async (_name, schema, spec, code, said) => {
    const { longestMs: definedMs, result: plural } = await longestTurnMs(() => define(schema))
    const { longestMs, result } = await longestTurnMs(() => create(plural, spec))
    expect([result.code, result.text]).toEqual([code, expect.stringContaining(said)])
    expect([definedMs, longestMs].filter((ms) => ms >= inOneGoMs)).toEqual([])
  }, 60_000)
})

const group = '/apis/admissionregistration.k8s.io/v1'
const rule = "{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE'] }"
const configMap = (name: string, data: string): Promise<{ code: number; text: string }> =>
  client.call('POST', '/api/v1/namespaces/a/configmaps', `{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '${name}' }, data: ${data} }`)
const many = (count: number): string => `Object.fromEntries(Array.from({ length: ${count} }, (_, i) => ['k' + i, 'v' + i]))`

describe('policies', () => {
  const kind = 'ValidatingAdmissionPolicy'
  const path = `${group}/${kind.toLowerCase().replace(/y$/, 'ies')}`
  afterEach(async () => {
    await server.call('DELETE', `${group}/validatingadmissionpolicybindings/p`)
    await server.call('DELETE', `${path}/p`)
  })

  const policy = (spec: string): string => `{ apiVersion: 'admissionregistration.k8s.io/v1', kind: '${kind}', metadata: { name: 'p' }, spec: { matchConstraints: { resourceRules: [${rule}] }, ...${spec} } }`
  const bind = async (): Promise<void> => {
    const { code } = await client.call('POST', `${group}/validatingadmissionpolicybindings`, `{ apiVersion: 'admissionregistration.k8s.io/v1', kind: '${kind}Binding', metadata: { name: 'p' }, spec: { policyName: 'p', validationActions: ['Deny'] } }`)
    expect(code).toBe(201)
  }

  it.each<[string, string, string, number, string]>([
    ['loops in loops', "{ validations: [{ expression: 'object.data.all(a, object.data.all(b, object.data.all(c, a + b + c != \"x\")))' }] }", many(1000), 422, 'cost limit'],
    ['texts that double', `{ validations: [{ expression: '[object.data.k0]${'.map(a, a + a)'.repeat(25)}[0].matches("^(a|b)*$")' }] }`, "{ k0: 'ab'.repeat(1000) }", 422, 'cost limit'],
    ['lists of lists', `{ validations: [{ expression: '[[object.data]]${'.map(a, [a, a])'.repeat(40)} == [[object.data]]${'.map(a, [a, a])'.repeat(40)}' }] }`, many(3), 422, 'cost limit'],
    ['a long pattern and a long text', `{ validations: [{ expression: 'object.data.k0.matches("^([a-z]{1,60}[.]?){1,16}$")' }] }`, "{ k0: 'ab'.repeat(100_000) }", 422, 'failed expression'],
    ['whom may who', '{ validations: [{ expression: \'object.data.all(k, authorizer.group("").resource(k).check("get").allowed())\' }] }'.replaceAll('\\', ''), many(1000), 422, 'cost limit'],
    ['sorted and joined', '{ validations: [{ expression: \'object.data.map(k, object.data[k]).sort().map(v, [v, v].join("-").split("").reverse().join("")).size() > 1\' }] }'.replaceAll('\\', ''), many(600), 201, ''],
    ['an expression of 90 KB', `{ validations: [{ expression: 'object.data.k0 != \"' + 'x'.repeat(90_000) + '\"' }] }`, many(3), 201, ''],
    ['thousands of expressions', `{ validations: Array.from({ length: 3000 }, (_, i) => ({ expression: 'size(object.data) != ' + i + ' && !object.data.exists(k, k == "x' + i + '")' })) }`, "{ k0: 'v', k1: 'w', k2: 'x', k3: 'y' }", 422, ''],
  ])('%s', async (_name, spec, data, code, said) => {
    const made = await longestTurnMs(() => client.call('POST', path, policy(spec)))
    expect([made.result.code, made.result.text]).toEqual([201, expect.anything()])
    await bind()
    const { longestMs, result } = await longestTurnMs(() => configMap(`m${next++}`, data))
    expect([result.code, result.text]).toEqual([code, expect.stringContaining(said)])
    expect([made.longestMs, longestMs].filter((ms) => ms >= inOneGoMs)).toEqual([])
  }, 120_000)
})

it('conditions of webhooks', async () => {
  const conditions = JSON.stringify(Array.from({ length: 20 }, (_, index) => ({ name: `c${index}`, expression: `object.data.all(a, object.data.all(b, a + b != "x${index}"))` })))
  const made = await longestTurnMs(() => client.call('POST', `${group}/validatingwebhookconfigurations`, `{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', metadata: { name: 'w' }, webhooks: [{
    name: 'w.a.b', clientConfig: { url: 'https://127.0.0.1:1/' }, failurePolicy: 'Ignore', sideEffects: 'None', admissionReviewVersions: ['v1'], timeoutSeconds: 1, rules: [${rule}], matchConditions: ${conditions} }] }`))
  expect([made.result.code, made.result.text]).toEqual([201, expect.anything()])
  const { longestMs, result } = await longestTurnMs(() => configMap(`m${next++}`, many(300)))
  await server.call('DELETE', `${group}/validatingwebhookconfigurations/w`)
  expect([result.code, result.text]).toEqual([201, expect.anything()])
  expect([made.longestMs, longestMs].filter((ms) => ms >= inOneGoMs)).toEqual([])
}, 120_000)
