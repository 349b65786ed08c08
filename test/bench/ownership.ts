// What ownership of fields costs: writes in this process, by the registry over SQLite, with a field manager and without one.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KubeObject } from '../../pkg/api/object.ts'
import { objectText } from '../../pkg/api/object-text.ts'
import type { Patch, RequestOptions } from '../../pkg/api/request.ts'
import { defaultAdmission } from '../../pkg/registry/admission-plugins.ts'
import type { Definition } from '../../pkg/registry/definition.ts'
import { builtinDefinitions } from '../../pkg/registry/kinds.ts'
import { encoded } from '../../pkg/registry/object-view.ts'
import { Registry } from '../../pkg/registry/registry.ts'
import { SqliteStore } from '../../pkg/storage/sqlite-store.ts'
import { systemClock } from '../../pkg/util/clock.ts'
import { median } from './measure.ts'

const user = { username: 'bench', groups: ['system:masters'] }
const namespace = 'bench'
const width = 32

export interface Cost {
  /** Of this thread, a write, at the median. */
  readonly withMs: number
  readonly withoutMs: number
  /** With by without, at the median of the rounds. */
  readonly ratio: number
}

export interface OwnershipCosts {
  readonly costs: Readonly<Record<string, Cost>>
  /** Server-side apply of a changed Deployment with fifty fields in its container, at the median. */
  readonly applyMs: number
}

type Writing = (index: number, options: RequestOptions) => Promise<unknown>

class Bench {
  readonly registry: Registry
  readonly #definitions = builtinDefinitions()

  constructor(store: SqliteStore) {
    this.registry = new Registry({ store, definitions: this.#definitions, admission: defaultAdmission, clock: systemClock })
  }

  definition(plural: string): Definition {
    const found = this.#definitions.find(({ resource }) => resource.plural === plural)
    if (!found) throw new Error(`no ${plural}`)
    return found
  }

  /** What a client is sent is made of every answer. */
  async create(plural: string, object: KubeObject, options: RequestOptions): Promise<void> {
    const definition = this.definition(plural)
    encoded(await this.registry.create(definition, { user, options, object, ...(definition.resource.namespaced ? { namespace } : {}) }))
  }

  async patch(plural: string, name: string, patch: Patch, options: RequestOptions & { subresource?: string }): Promise<void> {
    const { subresource, ...rest } = options
    const definition = this.definition(plural)
    encoded((await this.registry.patch(definition, { user, options: rest, namespace, name, patch, ...(subresource ? { subresource } : {}) })).object)
  }
}

const configMap = (name: string): KubeObject => ({
  apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels: { app: 'bench' } },
  data: Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`key-${index}`, 'x'.repeat(80)])),
} as KubeObject)

const container = {
  name: 'c', image: 'busybox:1', command: ['sh', '-c', 'sleep 1'], ports: [{ containerPort: 80, name: 'http' }], env: [{ name: 'A', value: 'b' }],
  resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
}
const pod = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: 'bench' } }, spec: { containers: [container] } } as KubeObject)

const running = (index: number): object => ({
  status: {
    phase: 'Running', podIP: `10.42.0.${index % 250}`, startTime: '2026-01-01T00:00:00Z',
    conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({ type, status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z', message: String(index) })),
    containerStatuses: [{ name: 'c', image: 'busybox:1', imageID: 'i', ready: true, restartCount: index, state: { running: { startedAt: '2026-01-01T00:00:00Z' } } }],
  },
})

/** A Deployment with fifty fields in its container. */
export const bigDeployment = (value: string): object => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'big', namespace, labels: { app: 'big' } },
  spec: {
    replicas: 3, selector: { matchLabels: { app: 'big' } },
    template: {
      metadata: { labels: { app: 'big' } },
      spec: {
        containers: [{
          ...container, imagePullPolicy: 'IfNotPresent', workingDir: '/', terminationMessagePath: '/dev/termination-log',
          env: Array.from({ length: 40 }, (_, index) => ({ name: `NAME_${index}`, value: index === 7 ? value : `value ${index}` })),
          livenessProbe: { httpGet: { path: '/', port: 80 }, periodSeconds: 10 }, readinessProbe: { httpGet: { path: '/', port: 80 } },
          securityContext: { runAsUser: 1000, allowPrivilegeEscalation: false },
        }],
      },
    },
  },
})

export async function ownershipCosts(rounds = 25, count = 200): Promise<OwnershipCosts> {
  const directory = mkdtempSync(join(tmpdir(), 'kinglet-ownership-'))
  const store = await SqliteStore.open({ directory, clock: systemClock, text: objectText })
  const bench = new Bench(store)
  try {
    await bench.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, {})
    await bench.create('serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } }, {})
    const costs: Record<string, Cost> = {}
    const measure = async (name: string, write: (kind: string) => Writing): Promise<void> => { costs[name] = await compared(write, rounds, count) }
    await measure('CREATE of a ConfigMap', (kind) => (index, options) => bench.create('configmaps', configMap(`${kind}-${index}`), options))
    await measure('merge PATCH of a ConfigMap', (kind) => (index, options) => bench.patch('configmaps', `${kind}-${index}`, { type: 'merge', body: { data: { changed: `${index}` } } }, options))
    await measure('CREATE of a Pod', (kind) => (index, options) => bench.create('pods', pod(`${kind}-${index}`), options))
    await measure('status PATCH of a Pod', (kind) => (index, options) => bench.patch('pods', `${kind}-${index}`, { type: 'merge', body: running(index) }, { ...options, subresource: 'status' }))
    return { costs, applyMs: await applied(bench, count) }
  } finally {
    bench.registry.stop()
    await store.close()
    rmSync(directory, { recursive: true })
  }
}

/** By turns, so that a machine that is slow for a while is slow for both. */
async function compared(write: (kind: string) => Writing, rounds: number, count: number): Promise<Cost> {
  const times = { owned: [] as number[], free: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    for (const kind of round % 2 === 0 ? ['owned', 'free'] as const : ['free', 'owned'] as const) {
      const options = kind === 'owned' ? { fieldManager: 'bench' } : {}
      const begin = process.threadCpuUsage()
      await concurrently(count, (index) => write(kind)(round * count + index, options))
      const { user, system } = process.threadCpuUsage(begin)
      times[kind].push((user + system) / 1000 / count)
    }
  }
  return { withMs: median(times.owned), withoutMs: median(times.free), ratio: median(times.owned.map((time, round) => time / (times.free[round] ?? NaN))) }
}


async function concurrently(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  await Promise.all(Array.from({ length: width }, async () => {
    while (next < count) await work(next++)
  }))
}

async function applied(bench: Bench, count: number): Promise<number> {
  const times: number[] = []
  for (let index = 0; index < count; index++) {
    const begin = process.threadCpuUsage()
    await bench.patch('deployments', 'big', { type: 'apply', body: bigDeployment(`changed ${index}`) }, { fieldManager: 'bench' })
    const { user, system } = process.threadCpuUsage(begin)
    times.push((user + system) / 1000)
  }
  return median(times)
}

if (import.meta.main) {
  const { costs, applyMs } = await ownershipCosts()
  for (const [name, { withMs, withoutMs, ratio }] of Object.entries(costs)) {
    console.log(`${name.padEnd(30)} ${(withMs * 1000).toFixed(0)} µs with owners, ${(withoutMs * 1000).toFixed(0)} µs without: ${(100 * (ratio - 1)).toFixed(0)} % more`)
  }
  console.log(`apply of a big Deployment      ${applyMs.toFixed(2)} ms`)
}
