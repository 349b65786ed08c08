// What conformance tests share: the cluster, a client with an administrator's rights, plain requests, and a namespace for each test.
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { configMaps, namespaces, serviceAccounts } from '../../pkg/api/types-config.ts'
import { StatusError } from '../../pkg/api/status-error.ts'
import { VersionedClient } from './version-watch.ts'
import { TestCluster, eventually } from '../e2e/cluster.ts'
import { connectionTo } from '../e2e/connection.ts'

export { eventually } from '../e2e/cluster.ts'

/** The cluster that start-cluster.ts has started: `kubectl`, `tryKubectl`, `json`, `follow`, `helm`, `kinglet`, `inNetwork`. */
export const cluster = TestCluster.of(Number(process.env['KINGLET_TEST_CLUSTER']))

/** How to reach the API server from this process: for clients of other kinds, and for other identities. */
export const connection = connectionTo(cluster)

/** Typed by the resources of pkg/api; errors are StatusError. */
export const client = new VersionedClient({ ...connection, userAgent: 'conformance' })

const agent = new Agent({ keepAlive: true, ca: connection.ca, cert: connection.certificate, key: connection.key })

afterAll(() => {
  client.close()
  agent.destroy()
})

export interface Answer<T = Record<string, unknown>> {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  /** The body as JSON; fails when it is none. */
  json(): T
}

export interface Sending {
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON, a string as it is. */
  readonly body?: unknown
}

/** One plain request as administrator; any status is an answer. `path` has its query. */
export function http<T = Record<string, unknown>>(method: string, path: string, { headers, body }: Sending = {}): Promise<Answer<T>> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
    const sent = request(new URL(path, connection.server), {
      method, agent, headers: { accept: 'application/json', ...(text === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject).on('end', () => {
        const answer = Buffer.concat(chunks).toString('utf8')
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: answer, json: () => JSON.parse(answer) as T })
      })
    })
    sent.on('error', reject).end(text)
  })
}

/** The head of an answer whose body goes on, such as a watch; it ends with the signal. Any status but 200 is an error. */
export function openStream(path: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(new URL(path, connection.server), { agent, signal, headers: { accept: 'application/json' } }, (response) => {
      if (response.statusCode === 200) return resolve(response)
      response.resume()
      reject(new Error(`${path} was answered with ${response.statusCode}`))
    }).on('error', reject).end()
  })
}

let made = 0
// Files share a process, but not their modules.
const runId = randomBytes(4).toString('hex')

/** A name that no other test of this run uses. */
export const uniqueName = (prefix: string): string => `${prefix}-${runId}-${++made}`

/** A namespace that is ready for pods: it has its service account and root CA. */
export async function createNamespace(prefix: string, labels: Readonly<Record<string, string>> = {}): Promise<string> {
  const name = uniqueName(prefix)
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { 'e2e-run': runId, ...labels } }, spec: {} })
  await eventually(() => existing(client.get(serviceAccounts, { namespace: name, name: 'default' })), `the default service account of ${name}`)
  await eventually(() => existing(client.get(configMaps, { namespace: name, name: 'kube-root-ca.crt' })), `the root CA of ${name}`)
  return name
}

/** Undefined when it does not exist. */
export async function existing<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found
  } catch (error) {
    if (error instanceof StatusError && error.status.reason === 'NotFound') return undefined
    throw error
  }
}

/** The error that a request is meant to end with. */
export async function refusal(sent: Promise<unknown>): Promise<StatusError> {
  try {
    await sent
  } catch (error) {
    if (error instanceof StatusError) return error
    throw error
  }
  throw new Error('the request was accepted')
}

/** The pod security level that the suite gives a namespace; without one, anything may run. */
export const podSecurity = (level: 'baseline' | 'restricted'): Readonly<Record<string, string>> =>
  Object.fromEntries(['enforce', 'warn', 'audit'].map((mode) => [`pod-security.kubernetes.io/${mode}`, level]))

/** Reads, changes and writes again while another writer was faster, five times at most. */
export async function retryOnConflict<T>(write: () => Promise<T>): Promise<T> {
  for (let left = 4; ; left--) {
    try {
      return await write()
    } catch (error) {
      if (left === 0 || !(error instanceof StatusError) || error.status.reason !== 'Conflict') throw error
    }
  }
}

/** A fresh namespace for each test of the file; `name` is the running test's. It goes in the background afterwards. */
export function useNamespace(prefix: string, labels?: Readonly<Record<string, string>>): { readonly name: string } {
  let name = ''
  beforeEach(async () => { name = await createNamespace(prefix, labels) })
  afterEach(async () => { if (name !== '') await client.delete(namespaces, { name }) })
  return { get name() { return name } }
}

/** The same for `test.concurrent`, which knows no beforeEach: for tests that mostly wait, so that a file's tests wait together. */
export async function inNamespace(prefix: string, labels: Readonly<Record<string, string>>, body: (namespace: string) => Promise<void>): Promise<void> {
  const name = await createNamespace(prefix, labels)
  try {
    await body(name)
  } finally {
    await client.delete(namespaces, { name })
  }
}
