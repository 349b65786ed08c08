// Flow control of the API server over real sockets: who is put where, and that a flood by one client starves nobody.
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect, type ClientHttp2Session } from 'node:http2'
import { join, resolve } from 'node:path'
import { loadAll } from 'js-yaml'
import { admin, startServer, type TestServer } from '../../pkg/apiserver/fixture.suite.ts'
import { mandatoryFlowObjects } from '../../pkg/registry/kinds/mandatory-flow.ts'

const root = resolve(import.meta.dirname, '../..')
const flowControl = '/apis/flowcontrol.apiserver.k8s.io/v1'
const accounts = '/api/v1/namespaces/a/serviceaccounts'

let server: TestServer
const children: ChildProcess[] = []

beforeAll(async () => {
  server = await startServer()
  for (const object of [...mandatoryFlowObjects(), ...loadAll(readFileSync(join(root, 'manifests/flow-control.yaml'), 'utf8')) as { kind: string }[]]) {
    const plural = object.kind === 'FlowSchema' ? 'flowschemas' : 'prioritylevelconfigurations'
    expect((await server.call('POST', `${flowControl}/${plural}`, { body: object })).code).toBe(201)
  }
  const rbac = '/apis/rbac.authorization.k8s.io/v1'
  await server.call('POST', `${rbac}/clusterroles`, { body: { metadata: { name: 'reader' }, rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] } })
  await server.call('POST', `${rbac}/clusterrolebindings`, {
    body: { metadata: { name: 'reader' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' }, subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'system:authenticated' }] },
  })
}, 60_000)
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await server.stop()
})

async function tokenOf(name: string): Promise<string> {
  await server.call('POST', accounts, { body: { metadata: { name } } })
  const { json } = await server.call('POST', `${accounts}/${name}/token`, { body: {} })
  return (json['status'] as { token: string }).token
}

const uidOf = async (plural: string, name: string): Promise<string | undefined> => (await server.call('GET', `${flowControl}/${plural}/${name}`)).json.metadata?.uid

describe('requests are classified', () => {
  const as = (user: string, ...groups: string[]) => ({ headers: { 'impersonate-user': user, 'impersonate-group': groups } })
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/x'

  it.each<[string, string, ReturnType<typeof as>, string, string]>([
    ['the administrator', '/api/v1/pods', { headers: {} } as ReturnType<typeof as>, 'exempt', 'exempt'],
    ['a user', '/api/v1/pods', as('u'), 'global-default', 'global-default'],
    ['a user of a path', '/version', as('u'), 'global-default', 'global-default'],
    ['a service account', '/api/v1/pods', as('system:serviceaccount:a:x'), 'service-accounts', 'workload-low'],
    ['a system account', '/api/v1/pods', as('system:serviceaccount:kube-system:x'), 'kube-system-service-accounts', 'workload-high'],
    ['a node', '/api/v1/pods', as('system:node:n', 'system:nodes'), 'system-nodes', 'system'],
    ['a node for itself', '/api/v1/nodes/n', as('system:node:n', 'system:nodes'), 'system-node-high', 'node-high'],
    ['a leader', leases, as('system:kube-scheduler'), 'system-leader-election', 'leader-election'],
    ['a scheduler', '/api/v1/pods', as('system:kube-scheduler'), 'kube-scheduler', 'workload-high'],
  ])('%s', async (_, path, options, schema, level) => {
    const { headers } = await server.call('GET', path, options)
    expect([headers['x-kubernetes-pf-flowschema-uid'], headers['x-kubernetes-pf-prioritylevel-uid']]).toEqual([await uidOf('flowschemas', schema), await uidOf('prioritylevelconfigurations', level)])
  })

  it('by schemas and levels that are added, as long as they are there', async () => {
    const user = as('e2e-test-user')
    const level = await server.call('POST', `${flowControl}/prioritylevelconfigurations`, {
      body: { metadata: { name: 'own' }, spec: { type: 'Limited', limited: { nominalConcurrencyShares: 1, limitResponse: { type: 'Reject' } } } },
    })
    const schema = await server.call('POST', `${flowControl}/flowschemas`, {
      body: {
        metadata: { name: 'own' },
        spec: {
          matchingPrecedence: 1000, priorityLevelConfiguration: { name: 'own' }, distinguisherMethod: { type: 'ByUser' },
          rules: [{ subjects: [{ kind: 'User', user: { name: 'e2e-test-user' } }], nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }] }],
        },
      },
    })
    const found = async (): Promise<unknown[]> => {
      const { headers } = await server.call('GET', '/version', user)
      return [headers['x-kubernetes-pf-flowschema-uid'], headers['x-kubernetes-pf-prioritylevel-uid']]
    }
    for (;;) if ((await found())[0] === schema.json.metadata?.uid) break
    expect(await found()).toEqual([schema.json.metadata?.uid, level.json.metadata?.uid])
    await server.call('DELETE', `${flowControl}/prioritylevelconfigurations/own`)
    for (;;) if ((await found())[0] === await uidOf('flowschemas', 'global-default')) break
    await server.call('DELETE', `${flowControl}/flowschemas/own`)
  })
})

class Flood {
  readonly #child: ChildProcess
  #output = ''

  constructor(orders: object) {
    this.#child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'test/scenario/flood-client.ts'), JSON.stringify(orders)], { stdio: ['pipe', 'pipe', 'inherit'] })
    children.push(this.#child)
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => void (this.#output += text))
  }

  async flooding(): Promise<void> {
    while (!this.#output.includes('flooding')) await new Promise((done) => this.#child.stdout!.once('data', done))
  }

  async end(): Promise<{ codes: Record<string, number>; p50Ms: number }> {
    this.#child.stdin!.end()
    await new Promise((done) => this.#child.once('exit', done))
    return JSON.parse(this.#output.trim().split('\n').pop()!) as { codes: Record<string, number>; p50Ms: number }
  }
}

/** GETs at a steady pace, whether or not the ones before are answered; how long each took, from short to long. */
async function gets(session: ClientHttp2Session, path: string, token: string, count: number): Promise<number[]> {
  const one = async (): Promise<number> => {
    const begin = performance.now()
    const code = await new Promise((done, fail) => {
      const stream = session.request({ ':path': path, authorization: `Bearer ${token}` })
      let status: unknown
      stream.on('response', (headers) => void (status = headers[':status']))
      stream.on('error', fail)
      stream.on('end', () => done(status))
      stream.resume()
    })
    expect(code).toBe(200)
    return performance.now() - begin
  }
  const all: Promise<number>[] = []
  for (let index = 0; index < count; index++) {
    all.push(one())
    await new Promise((next) => setTimeout(next, 10))
  }
  return (await Promise.all(all)).sort((a, b) => a - b)
}

describe('a flood', () => {
  const configMaps = '/api/v1/namespaces/a/configmaps'
  const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
  beforeAll(async () => {
    const session = connect(server.url, { ca: server.ca, cert: admin.certificate, key: admin.key })
    await Promise.all(Array.from({ length: 300 }, (_, index) => new Promise((done, fail) => {
      const stream = session.request({ ':path': configMaps, ':method': 'POST', 'content-type': 'application/json' })
      stream.on('error', fail).on('end', done).resume()
      stream.end(JSON.stringify({ metadata: { name: `c${index}` }, data: { k: 'x'.repeat(500) } }))
    })))
    session.destroy()
  }, 60_000)

  it('of lists by one client leaves another its gets', async () => {
    const [flooder, victim] = [await tokenOf('flooder'), await tokenOf('victim')]
    const session = connect(server.url, { ca: server.ca })
    await gets(session, `${configMaps}/c1`, victim, 20)
    const flood = new Flood({ url: server.url, ca: server.ca, path: `${configMaps}?includeObject=None`, width: 250, headers: { ...table, authorization: `Bearer ${flooder}` } })
    await flood.flooding()
    const times = await gets(session, `${configMaps}/c1`, victim, 200)
    session.destroy()
    const result = await flood.end()
    const [p50, p90] = [times[100]!, times[180]!]
    console.log(`under a flood of ${JSON.stringify(result)}: get p50 ${p50.toFixed(1)} ms, p90 ${p90.toFixed(1)} ms`)
    expect(result.codes['200']).toBeGreaterThan(100)
    expect(p90).toBeLessThan(result.p50Ms / 3)
  }, 60_000)

  it('that finds its queue full is told to try again, in Kubernetes\' words', async () => {
    const token = await tokenOf('crowd')
    const session = connect(server.url, { ca: server.ca })
    const answers = await Promise.all(Array.from({ length: 900 }, () => new Promise<{ code: unknown; retry: unknown; type: unknown; text: string }>((done, fail) => {
      const stream = session.request({ ':path': configMaps, authorization: `Bearer ${token}` })
      const chunks: Buffer[] = []
      let headers: Record<string, unknown> = {}
      stream.on('response', (found) => void (headers = found))
      stream.on('data', (chunk: Buffer) => void chunks.push(chunk))
      stream.on('error', fail)
      stream.on('end', () => done({ code: headers[':status'], retry: headers['retry-after'], type: headers['content-type'], text: Buffer.concat(chunks).toString() }))
    })))
    session.destroy()
    const refused = answers.filter(({ code }) => code === 429)
    expect(refused.length).toBeGreaterThan(0)
    expect(answers.filter(({ code }) => code === 200).length).toBeGreaterThanOrEqual(300)
    expect(refused[0]).toEqual({ code: 429, retry: '1', type: 'text/plain; charset=utf-8', text: 'Too many requests, please try again later.\n' })
    const { text } = await server.call('GET', '/metrics')
    expect(text).toMatch(/apiserver_flowcontrol_rejected_requests_total\{flow_schema="[a-z-]+",priority_level="workload-low",reason="queue-full"\} [1-9]/)
    expect(text).toMatch(/apiserver_flowcontrol_current_inqueue_requests\{flow_schema="[a-z-]+",priority_level="workload-low"\} 0/)
    expect(text).toMatch(/apiserver_flowcontrol_request_wait_duration_seconds_count\{execute="false",flow_schema="[a-z-]+",priority_level="workload-low"\} [1-9]/)
    expect(text).toMatch(/apiserver_request_terminations_total\{code="429",component="apiserver",group="",resource="configmaps",scope="namespace",subresource="",verb="LIST",version="v1"\} [1-9]/)
  }, 60_000)

  it('of the administrator leaves other connections of the administrator their turn, and is never turned away', async () => {
    const token = await tokenOf('root')
    await server.call('POST', `${flowControl}/flowschemas`, {
      body: { metadata: { name: 'root' }, spec: { matchingPrecedence: 3, priorityLevelConfiguration: { name: 'exempt' }, rules: [{ subjects: [{ kind: 'User', user: { name: 'system:serviceaccount:a:root' } }], resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'] }] }] } },
    })
    const session = connect(server.url, { ca: server.ca })
    await gets(session, `${configMaps}/c1`, token, 20)
    const flood = new Flood({ url: server.url, ca: server.ca, path: `${configMaps}?includeObject=None`, width: 400, headers: { ...table, authorization: `Bearer ${token}` } })
    await flood.flooding()
    const times = await gets(session, `${configMaps}/c1`, token, 100)
    session.destroy()
    const result = await flood.end()
    expect(Object.keys(result.codes)).toEqual(['200'])
    expect(times[90]).toBeLessThan(result.p50Ms / 3)
  }, 60_000)
})

it('requests that leave while they wait are forgotten', async () => {
  const token = await tokenOf('leaver')
  const session = connect(server.url, { ca: server.ca })
  session.on('error', () => undefined)
  for (let index = 0; index < 200; index++) session.request({ ':path': '/api/v1/namespaces/a/configmaps', authorization: `Bearer ${token}` }).on('error', () => undefined)
  await new Promise((done) => session.ping(done))
  session.destroy()
  for (;;) {
    const { text } = await server.call('GET', '/metrics')
    // Of the administrator that asks, nothing is seated.
    if (!/current_(inqueue|executing)_requests\{flow_schema="[a-z-]+",priority_level="workload-low"\} [1-9]/.test(text)) break
  }
})
