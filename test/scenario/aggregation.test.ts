// Aggregated APIs with the real kubectl: an extension API server behind a Service without selector, reached through this one.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { Cluster } from '../../pkg/cluster/cluster.ts'
import { defaultClusterOptions } from '../../pkg/cluster/options.ts'
import { createAuthority, issueCertificate, type KeyPair } from '../../pkg/pki/certificates.ts'
import { systemClock as clock } from '../../pkg/util/clock.ts'
import { ExtensionServer } from './extension-server.ts'
import { ownAddress } from '../own-address.ts'

const own = resolve(import.meta.dirname, '../../.cache/tools/kubectl')
const program = existsSync(own) ? own : '/usr/bin/kubectl'

let cluster: Cluster
let directory: string
let extension: ExtensionServer
let port: number
let serving: KeyPair
let authentication: Record<string, string>
let authority: KeyPair
const logged: string[] = []

const extensionServer = (): ExtensionServer => new ExtensionServer({
  serving, requestHeaderCa: authentication['requestheader-client-ca-file']!, allowedNames: JSON.parse(authentication['requestheader-allowed-names']!) as string[],
})

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kinglet-aggregation-'))
  cluster = await Cluster.start({
    ...defaultClusterOptions, nodeName: 'aggregation', nodeIP: '127.0.0.1', bindAddress: '127.0.0.1', httpsPort: 0, inMemory: true, disableAgent: true,
    dataDirectory: join(directory, 'data'), stateDirectory: join(directory, 'state'), kubeconfigPath: join(directory, 'kubeconfig'),
  }, { log: (text) => void logged.push(text) })
  authority = await createAuthority({ commonName: 'wardle-ca', clock })
  serving = await issueCertificate(authority, { commonName: 'wardle', usages: ['server'], names: ['wardle.default.svc'], clock })
  authentication = (JSON.parse(await ok('get configmap -n kube-system extension-apiserver-authentication -o json')) as { data: Record<string, string> }).data
  extension = extensionServer()
  port = await extension.listen(ownAddress)
  extension.put('first')
})
afterAll(async () => {
  await cluster.stop()
  await extension.stop()
  rmSync(directory, { recursive: true })
  // Its server is stopped for a while below.
  expect(logged.filter((text) => !/^watch of flunders failed: error trying to reach service: dial tcp \S+: connect: connection refused$/.test(text))).toEqual([])
})

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

const environment = (): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'], HOME: directory, KUBECONFIG: join(directory, 'kubeconfig') })

function kubectl(command: string, input = ''): Promise<Run> {
  return new Promise((resolve) => {
    const child = execFile(program, command.split(' '), { env: environment(), timeout: 30_000 }, (error, out, err) => resolve({ code: error ? 1 : 0, out, err }))
    child.stdin!.end(input)
  })
}

async function ok(command: string, input?: string): Promise<string> {
  const { code, out, err } = await kubectl(command, input)
  if (code !== 0) throw new Error(`kubectl ${command}: ${err}`)
  return out
}

/** The API server and the administrator's certificate, as the kubeconfig has them. */
function server(): { url: string; tls: { ca: string; cert: string; key: string } } {
  const data = (name: string): string => Buffer.from(new RegExp(`${name}-data: (\\S+)`).exec(cluster.kubeconfig)![1]!, 'base64').toString()
  return { url: `https://127.0.0.1:${cluster.port}`, tls: { ca: data('certificate-authority'), cert: data('client-certificate'), key: data('client-key') } }
}

function get(path: string, headers: Record<string, string> = {}): Promise<{ code: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${server().url}${path}`, { ...server().tls, headers }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => void (text += chunk.toString())).on('end', () => resolve({ code: response.statusCode, text }))
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

const service = (): string => `
apiVersion: v1
kind: Service
metadata: {name: wardle, namespace: default}
spec: {ports: [{name: https, port: 443, targetPort: ${port}}]}
`
const slice = (): string => `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: wardle-1, namespace: default, labels: {kubernetes.io/service-name: wardle}}
addressType: IPv4
endpoints: [{addresses: ["${ownAddress}"], conditions: {ready: true}}]
ports: [{name: https, port: ${port}}]
`
const apiService = (): string => `
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1alpha1.wardle.example.com}
spec:
  group: wardle.example.com
  version: v1alpha1
  groupPriorityMinimum: 2000
  versionPriority: 200
  caBundle: ${Buffer.from(authority.certificate).toString('base64')}
  service: {name: wardle, namespace: default}
`
const wait = (reason: string): Promise<string> =>
  ok(`wait apiservice v1alpha1.wardle.example.com --timeout=20s --for=jsonpath={.status.conditions[?(@.type=="Available")].reason}=${reason}`)
const flunders = '/apis/wardle.example.com/v1alpha1/namespaces/default/flunders'

it('what this server has itself is local: built-in groups, metrics, and custom ones as they come and go', async () => {
  for (const name of ['v1.', 'v1.apps', 'v1beta1.metrics.k8s.io']) expect(await ok(`get apiservice ${name} --no-headers`)).toMatch(/Local\s+True/)
  const schema = { openAPIV3Schema: { type: 'object' } }
  await ok('create -f -', JSON.stringify({
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'things.local.example.com' },
    spec: { group: 'local.example.com', scope: 'Namespaced', names: { plural: 'things', kind: 'Thing' }, versions: [{ name: 'v1', served: true, storage: true, schema }, { name: 'v2', served: true, storage: false, schema }] },
  }))
  for (const version of ['v1', 'v2']) {
    await ok(`wait apiservice ${version}.local.example.com --for=create --timeout=10s`)
    await ok(`wait apiservice ${version}.local.example.com --for=condition=Available --timeout=10s`)
  }
  expect(await ok('get apiservice v2.local.example.com -o jsonpath={.metadata.labels.kube-aggregator\\.kubernetes\\.io/automanaged}/{.spec.groupPriorityMinimum}/{.spec.versionPriority}')).toBe('true/1000/100')
  // Others may serve what was this server's own, such as a metrics server of one's own choice.
  await ok('delete apiservice v1beta1.metrics.k8s.io')
  await ok('delete apiservice v1.local.example.com')
  await ok('wait apiservice v1.local.example.com --for=create --timeout=10s')
  expect(await ok('get apiservice v1beta1.metrics.k8s.io --ignore-not-found')).toBe('')
  await ok('delete crd things.local.example.com')
  await ok('wait apiservice v1.local.example.com v2.local.example.com --for=delete --timeout=10s')
}, 60_000)

describe('an aggregated API', () => {
  it('is unavailable while its Service, then its endpoints are missing', async () => {
    await ok('create -f -', apiService())
    await wait('ServiceNotFound')
    expect((await kubectl(`get --raw ${flunders}`)).err).toContain('currently unable to handle the request')
    const discovery = await get('/apis', { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' })
    const { items } = JSON.parse(discovery.text) as { items: { metadata: { name: string }; versions: object[] }[] }
    expect(items.find(({ metadata }) => metadata.name === 'wardle.example.com')?.versions).toEqual([{ version: 'v1alpha1', resources: [], freshness: 'Stale' }])
    expect(await get(flunders)).toEqual({ code: 503, text: 'service unavailable\n' })
    await ok('create -f -', service())
    await wait('EndpointsNotFound')
  }, 60_000)

  it('becomes available, is discovered and answers, to the front proxy in the user\'s name', async () => {
    await ok('create -f -', slice())
    await ok('wait apiservice v1alpha1.wardle.example.com --for=condition=Available --timeout=20s')
    expect(await ok('get apiservice v1alpha1.wardle.example.com --no-headers')).toMatch(/default\/wardle\s+True/)
    expect(await ok('api-resources --api-group=wardle.example.com --no-headers')).toMatch(/^flunders\s+fl\s+wardle.example.com\/v1alpha1\s+true\s+Flunder/)
    expect(await ok('api-versions')).toContain('wardle.example.com/v1alpha1\n')
    expect(await ok('get fl')).toContain('first')
    expect(await ok('get --raw /apis/wardle.example.com')).toContain('"preferredVersion":{"groupVersion":"wardle.example.com/v1alpha1","version":"v1alpha1"}')
    expect(await ok('explain flunders')).toContain('A Flunder is something small.')
    const asked = extension.asked.findLast(({ url }) => url.startsWith(flunders))!
    expect(asked).toMatchObject({ caller: 'front-proxy-client', user: 'kubernetes-admin', groups: 'system:masters, system:authenticated' })
    await ok('create -f -', '{"apiVersion":"wardle.example.com/v1alpha1","kind":"Flunder","metadata":{"name":"second","namespace":"default"}}')
    expect(await ok('get flunders -o name')).toBe('flunder.wardle.example.com/first\nflunder.wardle.example.com/second\n')
    await ok('delete flunder second --wait=false')
    expect((await kubectl('get flunder second')).err).toContain('flunders.wardle.example.com "second" not found')
  }, 60_000)

  it('is authorized here, and believes no identity that a client claims', async () => {
    expect((await kubectl('get flunders --as=nobody')).err).toContain('User "nobody" cannot list resource "flunders" in API group "wardle.example.com" in the namespace "default"')
    const seen = extension.asked.length
    const { code } = await get(flunders, { 'x-remote-user': 'root', 'x-remote-group': 'kings', 'x-remote-extra-scopes': 'all', 'impersonate-user': 'ann', 'impersonate-group': 'system:masters', 'impersonate-extra-example.com%2fscope': 'one' })
    expect(code).toBe(200)
    const [asked] = extension.asked.slice(seen)
    expect(asked).toMatchObject({ user: 'ann', groups: expect.stringContaining('system:masters') as string })
    expect(asked?.headers['x-remote-extra-example.com%2fscope']).toBe('one')
    expect(Object.keys(asked?.headers ?? {}).filter((name) => /authorization|impersonate|scopes/.test(name))).toEqual([])
    expect(asked?.groups).not.toContain('kings')
  }, 60_000)

  it('sends nobody elsewhere, and says what request it is about', async () => {
    expect(await get(`${flunders}/moved`)).toEqual({ code: 502, text: 'the backend attempted to redirect this request, which is not permitted' })
    await get(flunders, { 'audit-id': 'mine', 'x-forwarded-for': '10.1.2.3' })
    expect(extension.asked.at(-1)?.headers).toMatchObject({ 'audit-id': 'mine', 'x-forwarded-uri': flunders, 'x-forwarded-for': '10.1.2.3, 127.0.0.1' })
  })

  it('takes no request for another one', async () => {
    const seen = extension.asked.length
    // As the client wrote it: URL parsers would take the dots out.
    const outgoing = request({ host: '127.0.0.1', port: cluster.port, path: `${flunders}/../../secret`, ...server().tls })
    const code = await new Promise((resolve, reject) => outgoing.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject).end())
    expect(code).toBe(404)
    expect(extension.asked.length).toBe(seen)
  })

  it('survives that its server closes kept connections', async () => {
    for (let round = 0; round < 3; round++) {
      expect((await get(flunders)).code).toBe(200)
      extension.closeIdle()
      expect((await get(flunders)).code).toBe(200)
    }
    expect(await ok('get apiservice v1alpha1.wardle.example.com --no-headers')).toMatch(/True/)
  })

  it('streams watches', async () => {
    const child = spawn(program, ['get', 'flunders', '--watch-only', '-o', 'name'], { env: environment() })
    try {
      const seen = once(createInterface(child.stdout), 'line')
      const watched = (): boolean => extension.asked.some(({ url, user }) => url.includes('watch=') && user === 'kubernetes-admin')
      while (!watched()) await new Promise((resolve) => setImmediate(resolve))
      extension.put('third')
      expect(await seen).toEqual(['flunder.wardle.example.com/third'])
    } finally {
      child.kill()
    }
  }, 60_000)

  it('passes upgrades through', async () => {
    const text = await new Promise<string>((resolve, reject) => {
      const outgoing = request(`${server().url}${flunders}/first/console`, {
        ...server().tls, headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'x-remote-user': 'root' },
      })
      outgoing.on('error', reject)
      outgoing.on('response', (response) => reject(new Error(`answered ${response.statusCode}`)))
      outgoing.on('upgrade', (_response, socket, head) => {
        let all = head.toString()
        const look = (chunk = Buffer.alloc(0)): void => {
          all += chunk.toString()
          if (all === 'hello kubernetes-admin') socket.write('!')
          if (!all.endsWith('!')) return
          socket.destroy()
          resolve(all)
        }
        socket.on('data', look)
        look()
      })
      outgoing.end()
    })
    expect(text).toBe('hello kubernetes-admin!')
  })

  it('is known to quotas, garbage collection and the end of namespaces', async () => {
    await ok('create namespace agg')
    await ok('create quota flunders --hard=count/flunders.wardle.example.com=5 -n agg')
    await ok('create configmap owner -n agg')
    const uid = await ok('get configmap owner -n agg -o jsonpath={.metadata.uid}')
    const flunder = (name: string, ownerReferences: object[]): string => JSON.stringify({ apiVersion: 'wardle.example.com/v1alpha1', kind: 'Flunder', metadata: { name, namespace: 'agg', ownerReferences } })
    await ok('create -f -', flunder('owned', [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }]))
    await ok('create -f -', flunder('free', []))
    const uidOfFree = await ok('get flunder free -n agg -o jsonpath={.metadata.uid}')
    await ok('create -f -', JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'dependent', namespace: 'agg', ownerReferences: [{ apiVersion: 'wardle.example.com/v1alpha1', kind: 'Flunder', name: 'free', uid: uidOfFree }] } }))
    await ok('delete configmap owner -n agg')
    await ok('wait flunder owned -n agg --for=delete --timeout=20s')
    expect(await ok('get configmap dependent -n agg -o name')).toBe('configmap/dependent\n')
    await ok('create quota again --hard=count/flunders.wardle.example.com=5 -n agg')
    await ok('wait quota again -n agg --for=jsonpath={.status.used.count/flunders\\.wardle\\.example\\.com}=1 --timeout=20s')
    await ok('delete flunder free -n agg --wait=false')
    await ok('wait configmap dependent -n agg --for=delete --timeout=20s')
    extension.put('last', { namespace: 'agg' })
    await ok('delete namespace agg --timeout=40s')
    expect(await ok('get flunders -A -o name')).not.toContain('last')
  }, 120_000)

  it('is found out when its server is gone, and when it is back', async () => {
    await extension.stop()
    expect((await kubectl(`get --raw ${flunders}`)).code).toBe(1)
    await wait('FailedDiscoveryCheck')
    // Nobody knows what it has of a namespace.
    await ok('create namespace doubtful')
    await ok('delete namespace doubtful --wait=false')
    await ok('wait namespace doubtful --for=condition=NamespaceDeletionDiscoveryFailure --timeout=20s')
    extension = extensionServer()
    await extension.listen(ownAddress, port)
    await ok('wait apiservice v1alpha1.wardle.example.com --for=condition=Available --timeout=40s')
    expect(await ok('get flunders -o name')).toBe('')
    await ok('wait namespace doubtful --for=delete --timeout=20s')
  }, 90_000)

  it('goes with its APIService', async () => {
    await ok('delete apiservice v1alpha1.wardle.example.com')
    expect(await ok('api-versions')).not.toContain('wardle')
    expect((await get(`/apis/wardle.example.com/v1alpha1`)).code).toBe(404)
    expect((await get('/apis/wardle.example.com')).code).toBe(404)
  }, 60_000)
})
