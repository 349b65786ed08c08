// Pods: how fast they start, one at a time and many at once, beside the same pods made by direct CRI calls; and what they cost while they run.
import { mkdirSync, writeFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import type { Pod } from '../../pkg/api/types-pod.ts'
import { cgroupRoot } from '../../pkg/cluster/node.ts'
import { connectCri } from '../../pkg/containerd/cri.ts'
import type { ContainerConfig, PodSandboxConfig } from '../../pkg/containerd/cri-types.ts'
import { containerLimits } from '../../pkg/kubelet/container-resources.ts'
import { containerConfig, sandboxConfig } from '../../pkg/kubelet/cri-config.ts'
import { parseResolvConf } from '../../pkg/kubelet/dns-config.ts'
import { containerAnnotations } from '../../pkg/kubelet/labels.ts'
import { containerLogPath } from '../../pkg/kubelet/pod-files.ts'
import type { MountSpec } from '../../pkg/kubelet/runtime-service.ts'
import { sandboxSpec } from '../../pkg/kubelet/sandbox-spec.ts'
import { containerSecurity, podNamespaces } from '../../pkg/kubelet/security.ts'
import { systemClock } from '../../pkg/util/clock.ts'
import { median, percentile, rate, usage } from './measure.ts'
import type { ApiConnection, BenchServer } from './server.ts'

export interface PodTimes {
  readonly p50Ms: number
  readonly p99Ms: number
}

const image = 'docker.io/library/busybox:latest'
const podsPath = '/api/v1/namespaces/bench/pods'

const benchPod = (name: string): Pod => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image, imagePullPolicy: 'IfNotPresent', command: ['sleep', '3600'] }] },
})

/** Pods of one namespace, and when each of them began to run and was gone. */
class BenchPods {
  readonly #api: ApiConnection
  readonly #waiting = new Map<string, { running: () => void; gone: () => void }>()
  readonly #ends: Promise<void>[] = []
  readonly #stop: () => void
  #made = 0

  constructor(api: ApiConnection) {
    this.#api = api
    this.#stop = api.watch(`${podsPath}?watch=true`, (line) => {
      const event = JSON.parse(line) as { type: string; object: { metadata: { name: string }; status?: { phase?: string } } }
      const one = this.#waiting.get(event.object.metadata.name)
      if (event.type === 'DELETED') one?.gone()
      else if (event.object.status?.phase === 'Running') one?.running()
    })
  }

  /** Resolves when it runs. */
  async start(): Promise<void> {
    const name = `pod-${++this.#made}`
    const gone = Promise.withResolvers<void>()
    const running = Promise.withResolvers<void>()
    this.#waiting.set(name, { running: running.resolve, gone: gone.resolve })
    this.#ends.push(gone.promise)
    const answer = await this.#api.request('POST', podsPath, benchPod(name))
    if (answer.status !== 201) throw new Error(`pod ${name}: ${answer.body.slice(0, 300)}`)
    await running.promise
  }

  async remove(): Promise<void> {
    await this.#api.request('DELETE', `${podsPath}?gracePeriodSeconds=0`)
    await Promise.all(this.#ends)
    this.#stop()
  }
}

/** `count` pods one after the other; they go together at the end, since removing one slows the start of the next. */
async function podTimes(api: ApiConnection, count: number): Promise<readonly number[]> {
  const pods = new BenchPods(api)
  for (let index = 0; index < 2; index++) await pods.start()
  const { times } = await rate(count, 1, () => pods.start())
  await pods.remove()
  return times
}

/** How long until `count` pods that are created at once all run, and what the server itself worked for it. */
async function podBurst(server: BenchServer, api: ApiConnection, count: number): Promise<{ tookMs: number; cpuMs: number }> {
  const pods = new BenchPods(api)
  const before = usage(server.pid)
  const begin = performance.now()
  await Promise.all(Array.from({ length: count }, () => pods.start()))
  const tookMs = performance.now() - begin
  const cpuMs = 1000 * (usage(server.pid).cpuSeconds - before.cpuSeconds)
  await pods.remove()
  await runtimeQuiet(server)
  return { tookMs, cpuMs }
}

/** What `count` pods that do nothing cost the server while they run, beyond what it uses without them. */
export async function podCost(server: BenchServer, api: ApiConnection, count: number, seconds: number): Promise<{ cpuPercent: number; memoryMb: number }> {
  const over = async (): Promise<{ cpuPercent: number; residentMb: number }> => {
    // What has just been done is cleared away first.
    await new Promise((resolve) => setTimeout(resolve, 20_000))
    const before = usage(server.pid)
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    const { cpuSeconds, residentMb } = usage(server.pid)
    return { cpuPercent: (100 * (cpuSeconds - before.cpuSeconds)) / seconds, residentMb }
  }
  const without = await over()
  const pods = new BenchPods(api)
  await rate(count, 10, () => pods.start())
  const having = await over()
  await pods.remove()
  return { cpuPercent: having.cpuPercent - without.cpuPercent, memoryMb: having.residentMb - without.residentMb }
}

/** The yardstick: the same sandbox, container and start by the runtime alone, with the files that are mounted made before. */
class BarePods {
  readonly #cri
  readonly #server: BenchServer
  readonly #template: BarePod
  readonly #made: string[] = []
  #count = 0

  constructor(server: BenchServer, template: BarePod) {
    this.#cri = connectCri(containerdSocket(server), systemClock)
    this.#server = server
    this.#template = template
  }

  /** What a kubelet does before it calls the runtime is not the runtime's. */
  prepare(): () => Promise<void> {
    const name = `bare-${++this.#count}`
    const { sandbox, container } = bareConfigs(this.#template, name, this.#server.directory)
    return async () => {
      const { podSandboxId } = await this.#cri.runPodSandbox({ config: sandbox })
      this.#made.push(podSandboxId)
      const { containerId } = await this.#cri.createContainer({ podSandboxId, sandboxConfig: sandbox, config: container })
      await this.#cri.startContainer({ containerId })
    }
  }

  async remove(): Promise<void> {
    await rate(this.#made.length, 4, async (index) => {
      const podSandboxId = this.#made[index] ?? ''
      await this.#cri.stopPodSandbox({ podSandboxId })
      await this.#cri.removePodSandbox({ podSandboxId })
    })
    this.#cri.close()
    await runtimeQuiet(this.#server)
  }
}

const containerdSocket = (server: BenchServer): string => join(server.stateDirectory, 'containerd/containerd.sock')

/** Until the runtime has removed everything: it goes on for a while after the API has forgotten its pods. */
async function runtimeQuiet(server: BenchServer): Promise<void> {
  const cri = connectCri(containerdSocket(server), systemClock)
  while ((await cri.listPodSandbox({})).items.length > 0) await new Promise((resolve) => setTimeout(resolve, 200))
  cri.close()
  await new Promise((resolve) => setTimeout(resolve, 1000))
}

/** A pod as the API server completes it, and its image as the runtime names it. */
export interface BarePod {
  readonly pod: Pod
  readonly imageId: string
}

export async function barePod(server: BenchServer, api: ApiConnection): Promise<BarePod> {
  let answer = await api.request('POST', `${podsPath}?dryRun=All`, benchPod('bare'))
  // A new namespace has its service account a moment later.
  for (let tries = 0; answer.status !== 201; tries++) {
    if (tries === 100) throw new Error(answer.body.slice(0, 300))
    await new Promise((resolve) => setTimeout(resolve, 50))
    answer = await api.request('POST', `${podsPath}?dryRun=All`, benchPod('bare'))
  }
  const cri = connectCri(containerdSocket(server), systemClock)
  const imageId = (await cri.imageStatus({ image: { image } })).image?.id ?? ''
  cri.close()
  return { pod: JSON.parse(answer.body) as Pod, imageId }
}

/** The messages that the kubelet would send: cgroups, names, mounts, security and environment as its pods have them. */
function bareConfigs({ pod: template, imageId }: BarePod, name: string, directory: string): { sandbox: PodSandboxConfig; container: ContainerConfig } {
  const pod: Pod = { ...template, metadata: { ...template.metadata, name, uid: name } }
  const spec = sandboxSpec(pod, 0, {
    dns: { clusterDns: ['10.43.0.10'], clusterDomain: 'cluster.local', host: parseResolvConf('') },
    paths: { pods: join(directory, 'bare-pods'), logs: join(directory, 'bare-logs'), seccomp: '' }, cgroupDriver: 'cgroupfs', cgroupRoot,
  }, { handler: '' })
  const files = join(directory, 'bare-pods', name)
  for (const path of [spec.logDirectory, join(files, 'token')]) mkdirSync(path, { recursive: true })
  for (const file of ['hosts', 'message', 'token/token', 'token/ca.crt', 'token/namespace']) writeFileSync(join(files, file), 'x')
  const container = pod.spec.containers[0]!
  const mount = (containerPath: string, file: string, readOnly: boolean): MountSpec => ({ containerPath, hostPath: join(files, file), readOnly, propagation: 'None' })
  return {
    sandbox: sandboxConfig(spec, 'bare'),
    container: containerConfig(spec, {
      name: container.name, attempt: 0, image: imageId, userImage: image, command: container.command ?? [], args: [], workingDir: '', devices: [], stdin: false, stdinOnce: false, tty: false,
      env: ['SERVICE_HOST', 'SERVICE_PORT', 'SERVICE_PORT_HTTPS', 'PORT', 'PORT_443_TCP', 'PORT_443_TCP_PROTO', 'PORT_443_TCP_PORT', 'PORT_443_TCP_ADDR'].map((each) => ({ name: `KUBERNETES_${each}`, value: '10.43.0.1' })),
      mounts: [mount('/var/run/secrets/kubernetes.io/serviceaccount', 'token', true), mount('/etc/hosts', 'hosts', false), mount('/dev/termination-log', 'message', false)],
      annotations: containerAnnotations(pod, container, 0, join(files, 'message')), limits: containerLimits(pod, container, totalmem()), namespaces: podNamespaces(pod),
      security: containerSecurity(pod, container, { seccompRoot: '', seccompDefault: false }), logPath: containerLogPath(container.name, 0),
    }, 'bare'),
  }
}

async function bareTimes(server: BenchServer, template: BarePod, { count, width }: { count: number; width: number }): Promise<{ tookMs: number; times: readonly number[] }> {
  const pods = new BarePods(server, template)
  const starts = Array.from({ length: count }, () => pods.prepare())
  const begin = performance.now()
  const { times } = await rate(count, width, (index) => starts[index]!())
  const tookMs = performance.now() - begin
  await pods.remove()
  return { tookMs, times }
}

/** What takes pods by the server, and what the same pods by the runtime alone. */
export interface Comparison<T> {
  readonly pods: T
  readonly bare: T
  readonly ratio: number
}

/** While bare pods are made the server stands still: it would look after every event of theirs. */
async function alone<T>(server: BenchServer, work: () => Promise<T>): Promise<T> {
  server.pause()
  try {
    return await work()
  } finally {
    server.resume()
    // What it has missed is looked at by now.
    await new Promise((resolve) => setTimeout(resolve, 2000))
  }
}

const timesOf = (times: readonly number[]): PodTimes => ({ p50Ms: median(times), p99Ms: percentile(times.toSorted((a, b) => a - b), 0.99) })

/** One at a time, in turns, so that a machine that grows slower or faster does so for both. */
export async function compareStarts(server: BenchServer, api: ApiConnection, template: BarePod, { rounds, count }: { rounds: number; count: number }): Promise<Comparison<PodTimes>> {
  const times: { pods: number[]; bare: number[] } = { pods: [], bare: [] }
  for (let round = 0; round < rounds; round++) {
    times.bare.push(...(await alone(server, () => bareTimes(server, template, { count, width: 1 }))).times)
    times.pods.push(...await podTimes(api, count))
    await runtimeQuiet(server)
  }
  const [pods, bare] = [timesOf(times.pods), timesOf(times.bare)]
  return { pods, bare, ratio: pods.p50Ms / bare.p50Ms }
}

/**
 * Many at once, in turns. The runtime alone is called both a few at a time and all at once: what suits it better counts.
 * The ratio is the middle one of the rounds' own.
 */
export async function compareBursts(server: BenchServer, api: ApiConnection, template: BarePod, { rounds, count }: { rounds: number; count: number }): Promise<Comparison<number> & { readonly cpuMs: readonly number[] }> {
  const bursts: { tookMs: number; cpuMs: number }[] = []
  const bare = [8, count].map((width) => ({ width, tookMs: [] as number[] }))
  for (let round = 0; round < rounds; round++) {
    await alone(server, async () => {
      for (const { width, tookMs } of bare) tookMs.push((await bareTimes(server, template, { count, width })).tookMs)
    })
    bursts.push(await podBurst(server, api, count))
  }
  const tookMs = bursts.map((burst) => burst.tookMs)
  const ratios = bare.map((one) => median(tookMs.map((each, round) => each / (one.tookMs[round] ?? NaN))))
  return { pods: median(tookMs), bare: Math.min(...bare.map((one) => median(one.tookMs))), ratio: Math.max(...ratios), cpuMs: bursts.map((burst) => burst.cpuMs) }
}
