// A real API server on the memory store, and a plain HTTPS caller, for tests.
import { generateKeyPairSync } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { KubeObject } from '../api/object.ts'
import { createAuthority, issueCertificate, type KeyPair } from '../pki/certificates.ts'
import { kubeconfigYaml } from '../pki/kubeconfig.ts'
import { ServiceAccountTokens } from '../pki/service-account-tokens.ts'
import { defaultAdmission } from '../registry/admission-plugins.ts'
import type { CallWebhook } from '../registry/admission-webhook-dispatch.ts'
import { WebhookAdmission } from '../registry/admission-webhooks.ts'
import { ensureObjects } from '../registry/bootstrap.ts'
import { CustomResources } from '../registry/custom-resources.ts'
import { builtinDefinitions } from '../registry/kinds.ts'
import { Registry } from '../registry/registry.ts'
import { ServiceAllocator } from '../registry/service-allocator.ts'
import { EvaluationPool } from '../cluster/evaluation-pool.ts'
import { MemoryStore } from '../storage/memory-store.ts'
import { systemClock } from '../util/clock.ts'
import { ApiServer } from './api-server.ts'
import { Auditor, type AuditSink } from './audit.ts'
import type { AuditPolicy } from './audit-policy.ts'
import type { NodeConnections } from '../api/node-connection.ts'
import type { FrontLimits } from './front-limits.ts'
import { WebhookCaller } from './webhook-call.ts'

export const issuer = 'https://kubernetes.default.svc.cluster.local'
const clock = systemClock
const authority = await createAuthority({ commonName: 'test-ca', clock })
const serving = await issueCertificate(authority, { commonName: 'apiserver', usages: ['server'], names: ['localhost', '127.0.0.1'], clock })
export const admin = await issueCertificate(authority, { commonName: 'admin', organizations: ['system:masters'], usages: ['client'], clock })
export const alice = await issueCertificate(authority, { commonName: 'alice', organizations: ['devs'], usages: ['client'], clock })
const strangers = await createAuthority({ commonName: 'other-ca', clock })
export const stranger = await issueCertificate(strangers, { commonName: 'admin', organizations: ['system:masters'], usages: ['client'], clock })
const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

export interface Reply {
  readonly code: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The body, when it is JSON. */
  readonly json: Record<string, unknown> & { message?: string; reason?: string; metadata?: KubeObject['metadata'] }
}

export interface CallOptions {
  readonly as?: KeyPair | 'nobody'
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string | string[]>>
}

export interface TestServer {
  readonly api: ApiServer
  readonly webhooks: WebhookAdmission
  readonly registry: Registry
  readonly tokens: ServiceAccountTokens
  readonly port: number
  readonly url: string
  readonly ca: string
  /** Of the user admin. */
  readonly kubeconfig: string
  readonly logged: string[]
  /** As admin, unless said otherwise. A body that is no string is sent as JSON. */
  call(method: string, path: string, options?: CallOptions): Promise<Reply>
  stop(): Promise<void>
}

const object = (apiVersion: string, kind: string, metadata: KubeObject['metadata'], rest: object = {}): KubeObject => ({ apiVersion, kind, metadata, ...rest })

export interface TestServerOptions {
  readonly nodeConnections?: NodeConnections
  readonly limits?: Partial<FrontLimits>
  readonly audit?: { readonly policy: AuditPolicy; readonly sink: AuditSink }
}

export async function startServer({ nodeConnections = () => undefined, limits, audit }: TestServerOptions = {}): Promise<TestServer> {
  const store = new MemoryStore()
  const logged: string[] = []
  const caller = new WebhookCaller({ registry: () => registry, clock })
  const callWebhook: CallWebhook = (client, body, timeoutMs) => caller.call(client, body, timeoutMs)
  const webhooks = new WebhookAdmission({ call: callWebhook, log: (text) => void logged.push(text) })
  const evaluator = new EvaluationPool({ clock })
  const registry: Registry = new Registry({ store, definitions: builtinDefinitions(), admission: defaultAdmission, asyncAdmission: webhooks, evaluator, allocators: [new ServiceAllocator({ cidr: '10.43.0.0/16' })], clock })
  await ensureObjects(registry, [
    object('v1', 'Namespace', { name: 'default' }), object('v1', 'Namespace', { name: 'a' }),
    object('v1', 'ServiceAccount', { name: 'default', namespace: 'default' }), object('v1', 'ServiceAccount', { name: 'default', namespace: 'a' }),
  ])
  const custom = new CustomResources({ registry, store, clock, call: callWebhook, log: (text) => void logged.push(text) })
  await custom.start()
  const tokens = new ServiceAccountTokens({ issuer, key, clock })
  const api = new ApiServer({
    registry, clock, nodeConnections, webhooks, ...(limits ? { limits } : {}), ...(audit ? { auditor: new Auditor({ ...audit, clock }) } : {}), audiences: [issuer], log: (text) => void logged.push(text),
    accountTokens: tokens,
    staticTokens: new Map([['secret-token', { username: 'token-user', groups: [] }]]),
  })
  const { port } = await api.listen({ host: '127.0.0.1', port: 0, tls: { key: serving.key, cert: serving.certificate, clientCa: authority.certificate } })
  return {
    api, registry, webhooks, tokens, port, logged, ca: authority.certificate, url: `https://127.0.0.1:${port}`,
    kubeconfig: kubeconfigYaml({ server: `https://127.0.0.1:${port}`, serverAuthority: authority.certificate, user: admin }),
    call: (method, path, options) => call(port, method, path, options),
    async stop() {
      await api.stop()
      custom.stop()
      registry.stop()
      await evaluator.stop()
      caller.stop()
      await store.close()
    },
  }
}

function call(port: number, method: string, path: string, { as = admin, body, headers = {} }: CallOptions = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const credentials = as === 'nobody' ? {} : { cert: as.certificate, key: as.key }
    const outgoing = httpsRequest({
      host: '127.0.0.1', port, method, path, ca: authority.certificate, agent: false, ...credentials,
      headers: { ...(body === undefined || typeof body === 'string' ? {} : { 'content-type': 'application/json' }), ...headers },
    })
    outgoing.on('error', reject)
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('error', reject)
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        resolve({ code: incoming.statusCode ?? 0, headers: incoming.headers, text, json: text.startsWith('{') && !headers['accept-encoding'] ? JSON.parse(text) : {} })
      })
    })
    outgoing.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body))
  })
}
