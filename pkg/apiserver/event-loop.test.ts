// No input holds the event loop for long: schemas, patterns and expressions that are dear, sent by a client in another thread.
import { longestTurnMs } from '../util/cpu-time.suite.ts'
import { admin, startServer, type TestServer } from './fixture.suite.ts'
import { outsideCaller } from './outside-caller.suite.ts'

const mostMs = 50
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
    ['loops in loops', strings(100, rules('self.l.all(a, self.l.all(b, self.l.all(c, a != b || b == c || c != self.t)))')), "{ t: 'x', l: Array.from({ length: 100 }, (_, i) => 'a' + i) }", 422, 'cost'],
    ['a list that is looked through again and again', strings(1500, rules('self.l.all(a, a in self.l)')), "{ t: 'x', l: Array.from({ length: 1500 }, (_, i) => 'a' + i) }", 422, 'cost'],
  ])('%s', async (_name, schema, spec, code, said) => {
    const plural = await define(schema)
    const { longestMs, result } = await longestTurnMs(() => create(plural, spec))
    expect([result.code, result.text]).toEqual([code, expect.stringContaining(said)])
    expect(longestMs).toBeLessThan(mostMs)
  }, 60_000)
})
