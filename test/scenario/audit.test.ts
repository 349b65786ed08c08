// A cluster with an audit log: all that was asked stands in the file when it has stopped, and a policy that is wrong is told at the start.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configMaps } from '../../pkg/api/types-config.ts'
import { Cluster } from '../../pkg/cluster/cluster.ts'
import type { AuditOptions } from '../../pkg/cluster/audit-options.ts'
import { type ClusterOptions, defaultClusterOptions } from '../../pkg/cluster/options.ts'

const directory = mkdtempSync(join(tmpdir(), 'kinglet-audit-cluster-'))
const policyFile = join(directory, 'policy.yaml')
const logPath = join(directory, 'logs', 'audit.log')
const options = (audit: AuditOptions): ClusterOptions => ({
  ...defaultClusterOptions, dataDirectory: directory, stateDirectory: join(directory, 'run'), bindAddress: '127.0.0.1', httpsPort: 0,
  nodeName: 'test', nodeIP: '192.0.2.7', kubeconfigPath: join(directory, 'kubeconfig.yaml'), disableAgent: true, audit,
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

interface Event {
  readonly kind: string
  readonly stage: string
  readonly verb: string
  readonly user: { readonly username: string }
  readonly annotations?: Readonly<Record<string, string>>
  readonly objectRef?: { readonly resource: string; readonly name?: string }
}

it('has every request when it stops, those of its own parts too', async () => {
  writeFileSync(policyFile, 'apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- {level: None, verbs: [get, list, watch]}\n- {level: Metadata}\n')
  const cluster = await Cluster.start(options({ policyFile, logPath }))
  const names = Array.from({ length: 300 }, (_, index) => `c${index}`)
  await Promise.all(names.map((name) => cluster.client.create(configMaps, { metadata: { name, namespace: 'default' } })))
  await cluster.stop()
  const text = readFileSync(logPath, 'utf8')
  expect(text.endsWith('\n')).toBe(true)
  const events = text.trimEnd().split('\n').map((line) => JSON.parse(line) as Event)
  const mine = events.filter(({ user, objectRef }) => user.username === 'system:admin' && objectRef?.resource === 'configmaps')
  expect(new Set(mine.map(({ objectRef }) => objectRef?.name))).toEqual(new Set(names))
  expect(new Set(events.map(({ kind, stage }) => `${kind} ${stage}`))).toEqual(new Set(['Event ResponseComplete']))
  expect(events.filter(({ verb }) => ['get', 'list', 'watch'].includes(verb))).toEqual([])
  const account = 'system:serviceaccount:kube-system:service-account-controller'
  const made = events.filter(({ user, verb, objectRef }) => user.username === account && verb === 'create' && objectRef?.resource === 'serviceaccounts')
  expect(made.length).toBeGreaterThan(2)
  expect(made[0]?.annotations?.['authorization.k8s.io/reason']).toBe('RBAC: allowed by ClusterRoleBinding "system:controller:service-account-controller" of ClusterRole "system:controller:service-account-controller" to ServiceAccount "service-account-controller/kube-system"')
  // Whatever the cluster's own parts do, they may.
  expect(events.filter(({ annotations }) => annotations?.['authorization.k8s.io/decision'] === 'forbid')).toEqual([])
})

it.each<[string, string | undefined, Partial<AuditOptions>]>([
  ['--audit-policy-file: DIR/missing.yaml can\'t be read (ENOENT)', undefined, { policyFile: join(directory, 'missing.yaml') }],
  ['--audit-policy-file: DIR/policy.yaml: rules[0].level: expected one of None, Metadata, Request, RequestResponse, found "Everything"', 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Everything}]\n', {}],
  ['--audit-log-path: DIR/policy.yaml/audit.log can\'t be written (EEXIST)', 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: None}]\n', { logPath: join(policyFile, 'audit.log') }],
  ['--audit-log-format: expected json or legacy, found "xml"', undefined, { logFormat: 'xml' }],
])('%s', async (message, policy, more) => {
  if (policy !== undefined) writeFileSync(policyFile, policy)
  await expect(Cluster.start(options({ policyFile, logPath, ...more }))).rejects.toThrow(message.replace('DIR', directory))
})

it('sends what it tells to another server, too', async () => {
  const { createServer } = await import('node:http')
  const sent: Event[] = []
  const server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = []
    incoming.on('data', (part: Buffer) => parts.push(part))
    incoming.on('end', () => {
      sent.push(...(JSON.parse(Buffer.concat(parts).toString()) as { items: Event[] }).items)
      outgoing.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const webhookConfig = join(directory, 'webhook.yaml')
  writeFileSync(webhookConfig, `{current-context: c, contexts: [{name: c, context: {cluster: k}}], clusters: [{name: k, cluster: {server: 'http://127.0.0.1:${port}/events'}}]}`)
  writeFileSync(policyFile, 'apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- {level: Request, verbs: [create], resources: [{group: "", resources: [configmaps]}], users: ["system:admin"]}\n- {level: None}\n')
  const both = join(directory, 'logs', 'both.log')
  const cluster = await Cluster.start({ ...options({ policyFile, logPath: both, webhookConfig, more: { 'webhook-batch-max-size': '3', 'webhook-truncate-enabled': 'true', 'webhook-truncate-max-event-size': '2000' } }), inMemory: true })
  for (const [index, size] of [10, 3000, 10, 10].entries()) await cluster.client.create(configMaps, { metadata: { name: `w${index}`, namespace: 'default' }, data: { a: 'x'.repeat(size) } })
  await cluster.stop()
  await new Promise<void>((resolve) => void server.close(() => resolve()))
  expect(sent.map(({ objectRef, annotations }) => [objectRef?.name, annotations?.['audit.k8s.io/truncated']])).toEqual([['w0', undefined], ['w1', 'true'], ['w2', undefined], ['w3', undefined]])
  expect(readFileSync(both, 'utf8').trimEnd().split('\n').map((line) => (JSON.parse(line) as Event).objectRef?.name)).toEqual(['w0', 'w1', 'w2', 'w3'])
})
