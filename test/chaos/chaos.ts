// A node under fire: pods are made, resized, killed and deleted at random while kinglet and containerd are killed at random;
// afterwards everything must be as wished, and nothing may be left over.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { stateDirectoryOf } from '../../cmd/cluster-flags.ts'
import { type Pod, pods } from '../../pkg/api/types-pod.ts'
import { HttpsClient } from '../../pkg/client/https-client.ts'
import { connectCri } from '../../pkg/containerd/cri.ts'
import { eventually, processesOfPod, type TestCluster } from '../e2e/cluster.ts'
import { connectionTo } from '../e2e/connection.ts'

export interface ChaosReport {
  /** How often each thing was done. */
  readonly done: Readonly<Record<string, number>>
  readonly podsMade: number
}

interface Wish {
  readonly kind: 'runs' | 'ends'
  readonly uid: string
  /** A program of it was killed by us. */
  killed: boolean
}

const attacks = ['create', 'delete', 'resize', 'kill a program', 'kill containerd', 'kill kinglet'] as const
const namespace = 'default'
const image = 'docker.io/library/busybox:1.36'
/** With two containers of 40m each they fit on one core. */
const maxPods = 12

/** mulberry32: the same seed, the same run, as far as chaos allows. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

export class Chaos {
  readonly #cluster: TestCluster
  readonly #client: HttpsClient
  readonly #random: () => number
  readonly #wishes = new Map<string, Wish>()
  readonly #uids = new Set<string>()
  /** When containerd was killed; ms since the epoch. */
  readonly #outages: number[] = []
  readonly #done: Record<string, number> = {}
  readonly #log: (line: string) => void
  #made = 0

  constructor(cluster: TestCluster, options: { readonly seed: number; readonly log?: (line: string) => void }) {
    this.#cluster = cluster
    this.#client = new HttpsClient(connectionTo(cluster))
    this.#random = randomNumbers(options.seed)
    this.#log = options.log ?? (() => undefined)
  }

  /** For so many seconds, and until each attack was made; fails with what is wrong; the pods are gone afterwards. */
  async run(seconds: number): Promise<ChaosReport> {
    try {
      const witness = await this.#witness()
      const end = performance.now() + seconds * 1000
      while (performance.now() < end || attacks.some((name) => !this.#done[name])) await this.#step()
      this.#log('the dust settles')
      await this.#settles()
      await witness()
      await this.#endsWithoutTrace()
      return { done: this.#done, podsMade: this.#made }
    } finally {
      this.#client.close()
    }
  }

  /** A pod that nobody attacks: its process must live through it all. */
  async #witness(): Promise<() => Promise<void>> {
    await this.#create('witness', 'runs')
    const first = await eventually(async () => {
      const pod = await this.#client.get(pods, { namespace, name: 'witness' })
      return pod.status?.phase === 'Running' ? pod : undefined
    }, 'the witness runs')
    const before = await eventually(() => {
      const found = processesOfPod(first.metadata.uid ?? '', 'sleep')
      return found.length === 1 ? found : undefined
    }, 'the witness has its process')
    return async () => {
      const pod = await this.#client.get(pods, { namespace, name: 'witness' })
      const after = processesOfPod(first.metadata.uid ?? '', 'sleep')
      const [then, now] = [first, pod].map(({ status }) => status?.containerStatuses?.map(({ containerID, restartCount }) => [containerID, restartCount]))
      if (JSON.stringify([before, then]) !== JSON.stringify([after, now])) throw new Error(`the witness was disturbed: ${JSON.stringify([before, then, after, now])}`)
    }
  }

  async #step(): Promise<void> {
    const steps: readonly [weight: number, name: string, run: () => Promise<boolean>][] = [
      [40, 'create', () => this.#createSome()],
      [15, 'delete', () => this.#delete()],
      [15, 'kill a program', () => this.#killProgram()],
      [10, 'resize', () => this.#resize()],
      [4, 'kill containerd', () => this.#killContainerd()],
      [4, 'kill kinglet', () => this.#killServer()],
      [3, 'kill both', async () => { await this.#killContainerd(); return this.#killServer() }],
    ]
    let at = this.#random() * steps.reduce((sum, [weight]) => sum + weight, 0)
    const [, name, run] = steps.find(([weight]) => (at -= weight) < 0) ?? steps[0]!
    if (!await run()) return
    this.#done[name] = (this.#done[name] ?? 0) + 1
    // Things happen in bursts, and sometimes things come to rest.
    await new Promise((resolve) => setTimeout(resolve, this.#random() < 0.7 ? this.#random() * 100 : this.#random() * 3000))
  }

  async #createSome(): Promise<boolean> {
    if (this.#wishes.size >= maxPods) return this.#delete()
    const count = 1 + Math.floor(this.#random() * 3)
    for (let each = 0; each < count; each++) await this.#create(`chaos-${++this.#made}`, this.#random() < 0.7 ? 'runs' : 'ends')
    return true
  }

  async #create(name: string, kind: Wish['kind']): Promise<void> {
    const seconds = kind === 'runs' ? '1000000' : (this.#random() * 3).toFixed(1)
    const two = this.#random() < 0.3
    const container = (suffix: string) => ({
      name: `main${suffix}`, image, command: ['sleep', seconds], resources: { limits: { cpu: '20m', memory: '32Mi' } },
      volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
    })
    const created = await this.#client.create<Pod>(pods, {
      apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels: { app: 'chaos' } },
      spec: {
        terminationGracePeriodSeconds: this.#random() < 0.5 ? 0 : 1, restartPolicy: kind === 'runs' ? 'Always' : 'Never',
        containers: two && name !== 'witness' ? [container(''), container('-too')] : [container('')],
        volumes: [{ name: 'scratch', emptyDir: this.#random() < 0.5 ? { medium: 'Memory' } : {} }],
      },
    })
    this.#uids.add(created.metadata.uid ?? '')
    this.#wishes.set(name, { kind, uid: created.metadata.uid ?? '', killed: false })
  }

  /** The name of a pod that may be attacked. */
  #victim(fits: (wish: Wish) => boolean = () => true): string | undefined {
    const names = [...this.#wishes].flatMap(([name, wish]) => (name !== 'witness' && fits(wish) ? [name] : []))
    return names[Math.floor(this.#random() * names.length)]
  }

  async #delete(): Promise<boolean> {
    const name = this.#victim()
    if (!name) return false
    this.#wishes.delete(name)
    await this.#client.delete(pods, { namespace, name }, this.#random() < 0.3 ? { gracePeriodSeconds: 0 } : {})
    return true
  }

  async #killProgram(): Promise<boolean> {
    const name = this.#victim()
    const wish = name === undefined ? undefined : this.#wishes.get(name)
    const pid = processesOfPod(wish?.uid ?? '-', 'sleep')[0]
    if (!wish || pid === undefined) return false
    wish.killed = true
    process.kill(pid, 'SIGKILL')
    return true
  }

  async #resize(): Promise<boolean> {
    const name = this.#victim(({ kind }) => kind === 'runs')
    if (!name) return false
    const limits = { cpu: `${20 + Math.floor(this.#random() * 3) * 10}m`, memory: '32Mi' }
    await this.#client.patch(pods, { namespace, name }, { type: 'strategic', body: { spec: { containers: [{ name: 'main', resources: { limits, requests: limits } }] } } }, { subresource: 'resize' })
    return true
  }

  async #killContainerd(): Promise<boolean> {
    const found = this.#cluster.network.processes().find((line) => /^\d+ \S*containerd .*--config/.test(line))
    if (!found) return false
    process.kill(Number(found.split(' ')[0]), 'SIGKILL')
    this.#outages.push(Date.now())
    return true
  }

  async #killServer(): Promise<boolean> {
    process.kill(await this.#cluster.serverPid(), 'SIGKILL')
    await this.#cluster.up()
    return true
  }

  async #settles(): Promise<void> {
    let wrong: readonly string[] = []
    await eventually(async () => {
      wrong = await this.#deviations()
      return wrong.length === 0
    }, () => `the cluster is as wished:\n${wrong.join('\n')}`, 400_000)
  }

  async #deviations(): Promise<string[]> {
    const { items } = await this.#client.list(pods, { namespace })
    const found = new Map(items.map((pod) => [pod.metadata.name ?? '', pod]))
    const wrong = [...found.keys()].filter((name) => !this.#wishes.has(name)).map((name) => `${name} is still there`)
    for (const [name, wish] of this.#wishes) {
      const pod = found.get(name)
      const fault = pod ? deviation(pod, wish, this.#outages) : 'is lost'
      if (fault !== '') wrong.push(`${name} ${fault}`)
    }
    return [...wrong, ...await this.#runtimeDeviations(items)]
  }

  /** What containerd runs is what the API says, no more and no less. */
  async #runtimeDeviations(items: readonly Pod[]): Promise<string[]> {
    const cri = connectCri(join(stateDirectoryOf(this.#cluster.dataDirectory), 'containerd/containerd.sock'))
    try {
      const { items: sandboxes } = await cri.listPodSandbox({})
      const { containers } = await cri.listContainers({})
      const running = items.filter(({ status }) => status?.phase === 'Running')
      const ready = sandboxes.filter(({ state }) => state === 'SANDBOX_READY').map(({ metadata }) => metadata.uid)
      const wanted = running.map(({ metadata }) => metadata.uid ?? '')
      const live = containers.filter(({ state }) => state === 'CONTAINER_RUNNING').length
      const wantedLive = running.flatMap(({ spec }) => spec?.containers ?? []).length
      const known = new Set(items.map(({ metadata }) => metadata.uid))
      return [
        ...sandboxes.filter(({ metadata }) => !known.has(metadata.uid)).map(({ metadata }) => `sandbox of ${metadata.name} is left`),
        ...containers.filter(({ labels }) => !known.has(labels['io.kubernetes.pod.uid'])).map(({ metadata }) => `container ${metadata.name} of no pod`),
        ...wanted.filter((uid) => !ready.includes(uid)).map((uid) => `pod ${uid} has no sandbox that is ready`),
        ...(new Set(ready).size === ready.length ? [] : ['a pod has two sandboxes that are ready']),
        ...(live === wantedLive ? [] : [`${live} containers run; the pods have ${wantedLive}`]),
      ]
    } finally {
      cri.close()
    }
  }

  async #endsWithoutTrace(): Promise<void> {
    this.#wishes.clear()
    await this.#client.deleteCollection(pods, { namespace })
    let left: readonly string[] = []
    await eventually(async () => {
      left = [...await this.#deviations(), ...this.#traces()]
      return left.length === 0
    }, () => `nothing is left:\n${left.join('\n')}`, 120_000)
  }

  /** On the machine, of any pod that ever was. */
  #traces(): string[] {
    const data = this.#cluster.dataDirectory
    const state = stateDirectoryOf(data)
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').flatMap((line) => line.split(' ')[4] ?? [])
    const links = execFileSync('ip', ['-n', this.#cluster.network.name, '-br', 'link', 'show', 'type', 'veth'], { encoding: 'utf8' }).split('\n').filter((line) => line !== '' && !line.startsWith('eth0'))
    const hierarchies = ['', ...namesIn('/sys/fs/cgroup')].map((name) => join('/sys/fs/cgroup', name))
    const cgroups = hierarchies.flatMap((hierarchy) => ['', 'burstable', 'besteffort'].flatMap((qos) => namesIn(join(hierarchy, 'kinglet', qos)).filter((name) => this.#uids.has(name.replace(/^pod/, '')))))
    const addresses = namesIn(join(data, 'agent/ipam')).flatMap((network) => namesIn(join(data, 'agent/ipam', network))).filter((name) => /^\d+\.\d+\.\d+\.\d+$/.test(name))
    const shims = this.#cluster.network.processes().filter((line) => line.includes('containerd-shim'))
    return [
      ...mounts.filter((path) => (path.startsWith(data) || path.startsWith(state)) && /pods|sandboxes|shm|rootfs/.test(path)).map((path) => `mount ${path}`),
      ...links.map((line) => `link ${line}`), ...cgroups.map((name) => `cgroup ${name}`),
      ...namesIn(join(data, 'agent/pods')).map((name) => `pod directory ${name}`),
      ...addresses.map((name) => `address ${name}`), ...shims.map((line) => `process ${line}`),
    ]
  }
}

/** What of a pod is not as wished; empty when all is. */
function deviation(pod: Pod, { kind, killed }: Wish, outages: readonly number[]): string {
  const { status, spec, metadata } = pod
  const phase = status?.phase ?? ''
  if (metadata.deletionTimestamp) return 'is being deleted'
  if (kind === 'ends') return phase === 'Succeeded' || ((killed || interrupted(pod, outages)) && phase === 'Failed') ? '' : `should have ended, and is ${JSON.stringify(status)}`
  const ready = status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')
  if (phase !== 'Running' || !ready) return `should run, and is ${JSON.stringify(status)}`
  const wished = spec?.containers[0]?.resources?.limits?.['cpu']
  const has = status?.containerStatuses?.find(({ name }) => name === 'main')?.resources?.limits?.['cpu']
  return wished === has ? '' : `should have ${wished} CPU, and has ${has}`
}

/**
 * Whether containerd was killed while it started a program, which fails the start, or while the program ended, of which it knows
 * nothing afterwards: a pod that is not to be started again has failed then, here as with any kubelet.
 */
function interrupted({ status }: Pod, outages: readonly number[]): boolean {
  const slackMs = 2000
  return (status?.containerStatuses ?? []).some(({ state }) => {
    const { exitCode = 0, startedAt = '', finishedAt = '' } = state?.terminated ?? {}
    const [start, end] = [Date.parse(startedAt), Date.parse(finishedAt)]
    return exitCode !== 0 && outages.some((ms) => Math.abs(ms - start) < slackMs || Math.abs(ms - end) < slackMs)
  })
}

const namesIn = (directory: string): string[] => (existsSync(directory) ? readdirSync(directory) : [])

