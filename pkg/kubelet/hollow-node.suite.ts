// A node for the kubelet's tests: the hollow runtime, the real API server on the memory store, and a clock that is stepped.
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Container, Pod, PodSpec } from '../api/types-pod.ts'
import { pods } from '../api/types-pod.ts'
import { type Node, nodes } from '../api/types-node.ts'
import { ApiServer } from '../apiserver/api-server.ts'
import { DirectClient } from '../client/direct-client.ts'
import { ServiceAccountTokens } from '../pki/service-account-tokens.ts'
import { nodeRestriction } from '../registry/admission-node-restriction.ts'
import { ensureObjects } from '../registry/bootstrap.ts'
import { builtinDefinitions } from '../registry/kinds.ts'
import { Registry } from '../registry/registry.ts'
import { MemoryStore } from '../storage/memory-store.ts'
import { ManualClock, systemClock } from '../util/clock.ts'
import { HollowRuntime } from './hollow-runtime.ts'
import { Kubelet } from './kubelet.ts'
import type { KubeletOptions } from './kubelet-options.ts'
import { hollowFiles } from './node-files.ts'

const issuer = 'https://kubernetes.default.svc'
const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
/** Files are read and removed in between, which takes real time. */
const patienceMs = 50_000
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export class HollowTestNode {
  readonly directory = mkdtempSync(join(tmpdir(), 'kinglet-hollow-'))
  readonly clock = new ManualClock()
  readonly runtime = new HollowRuntime({ clock: this.clock })
  /** Events: `object Reason: message`. */
  readonly told: string[] = []
  readonly logged: string[] = []
  readonly client: DirectClient
  kubelet: Kubelet | undefined
  readonly #store = new MemoryStore()
  readonly #registry = new Registry({ store: this.#store, definitions: builtinDefinitions(), admission: [nodeRestriction], clock: this.clock })
  readonly #api = new ApiServer({
    registry: this.#registry, clock: systemClock, audiences: [issuer], nodeConnections: () => this.kubelet, accountTokens: new ServiceAccountTokens({ issuer, key, clock: systemClock }),
  })

  constructor() {
    this.client = new DirectClient(this.#api.handle, { username: 'admin', groups: ['system:masters'] })
  }

  async start(options: Partial<KubeletOptions> = {}): Promise<void> {
    await ensureObjects(this.#registry, [
      ...['default', 'kube-system', 'kube-node-lease'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } },
    ])
    await this.startKubelet(options)
  }

  async startKubelet(options: Partial<KubeletOptions> = {}): Promise<void> {
    const client = new DirectClient(this.#api.handle, { username: 'system:node:n', groups: ['system:nodes', 'system:authenticated'] }, 'kubelet')
    this.kubelet = new Kubelet({
      nodeName: 'n', client, clock: this.clock, runtime: this.runtime, images: this.runtime, dataDirectory: this.directory, logDirectory: join(this.directory, 'logs'),
      nodeAddresses: ['192.168.0.1'], files: hollowFiles,
      events: { record: (about, { reason, message }) => void this.told.push(`${about.metadata.name} ${reason}: ${message}`) }, log: (text) => void this.logged.push(text), ...options,
    })
    await this.kubelet.start(new AbortController().signal)
  }

  async stop(): Promise<void> {
    await this.kubelet?.stop()
    await this.#api.stop()
    this.#registry.stop()
    await this.#store.close()
    rmSync(this.directory, { recursive: true, force: true })
  }

  create(name: string, container: Partial<Container> = {}, spec: Partial<PodSpec> = {}): Promise<Pod> {
    return this.client.create(pods, {
      apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec: { nodeName: 'n', ...spec, containers: [{ name: 'c', image: 'i', ...container }] },
    })
  }

  pod(name: string, namespace = 'default'): Promise<Pod | undefined> {
    return this.client.get(pods, { namespace, name }).catch(() => undefined)
  }

  node(): Promise<Node> {
    return this.client.get(nodes, { name: 'n' })
  }

  /** Waits, without time passing, until the condition holds. */
  async until<T>(look: () => Promise<T> | T, fits: (found: T) => boolean, what: string): Promise<T> {
    let found = await look()
    for (const deadline = performance.now() + patienceMs; performance.now() < deadline; found = await look()) {
      if (fits(found)) return found
      // What is due now happens.
      this.clock.step(0)
      await nextTurn()
    }
    throw new Error(`${what} did not come: ${JSON.stringify((found as { status?: unknown } | undefined)?.status ?? found)}\nlogged: ${this.logged.join('\n')}`)
  }

  async untilPod(name: string, fits: (pod: Pod | undefined) => boolean, namespace = 'default'): Promise<Pod> {
    return await this.until(() => this.pod(name, namespace), fits, `what was expected of pod ${name}`) as Pod
  }
}

export const isRunning = (pod: Pod | undefined): boolean => pod?.status?.phase === 'Running' && pod.status.containerStatuses?.[0]?.state?.running !== undefined
export const isGone = (pod: Pod | undefined): boolean => pod === undefined
