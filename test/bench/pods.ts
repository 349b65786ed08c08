// Pods: how fast they start, one at a time and many at once, beside the same pods made by direct CRI calls; and what they cost while they run.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { connectCri } from '../../pkg/containerd/cri.ts'
import { systemClock } from '../../pkg/util/clock.ts'
import { percentile, rate, usage } from './measure.ts'
import type { ApiConnection, BenchServer } from './server.ts'

export interface PodTimes {
  readonly p50Ms: number
  readonly p99Ms: number
}

const image = 'docker.io/library/busybox:latest'
const podsPath = '/api/v1/namespaces/bench/pods'

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
    const answer = await this.#api.request('POST', podsPath, {
      apiVersion: 'v1', kind: 'Pod', metadata: { name },
      spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image, imagePullPolicy: 'IfNotPresent', command: ['sleep', '3600'] }] },
    })
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
export async function podStartup(api: ApiConnection, count: number): Promise<PodTimes> {
  const pods = new BenchPods(api)
  for (let index = 0; index < 2; index++) await pods.start()
  const result = await rate(count, 1, () => pods.start())
  await pods.remove()
  return result
}

/** The milliseconds until `count` pods that are created at once all run. */
export async function podBurst(api: ApiConnection, count: number): Promise<number> {
  const pods = new BenchPods(api)
  const begin = performance.now()
  await Promise.all(Array.from({ length: count }, () => pods.start()))
  const tookMs = performance.now() - begin
  await pods.remove()
  return tookMs
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

/** The yardstick: sandbox, container and start by the runtime alone. */
class BarePods {
  readonly #cri
  readonly #directory: string
  readonly #made: string[] = []
  #count = 0

  constructor(server: BenchServer) {
    this.#cri = connectCri(join(server.stateDirectory, 'containerd/containerd.sock'), systemClock)
    this.#directory = join(server.directory, 'bare-logs')
  }

  async start(): Promise<void> {
    const name = `bare-${++this.#count}`
    const metadata = { name, namespace: 'bench', uid: name, attempt: 0 }
    const logDirectory = join(this.#directory, name)
    mkdirSync(logDirectory, { recursive: true })
    const config = { metadata, logDirectory, linux: { cgroupParent: `/kubepods/besteffort/pod${name}` } }
    const { podSandboxId } = await this.#cri.runPodSandbox({ config })
    this.#made.push(podSandboxId)
    const { containerId } = await this.#cri.createContainer({
      podSandboxId, sandboxConfig: config, config: { metadata: { name: 'main', attempt: 0 }, image: { image }, command: ['sleep', '3600'], logPath: 'main.log' },
    })
    await this.#cri.startContainer({ containerId })
  }

  async remove(): Promise<void> {
    for (const podSandboxId of this.#made) {
      await this.#cri.stopPodSandbox({ podSandboxId })
      await this.#cri.removePodSandbox({ podSandboxId })
    }
    this.#cri.close()
  }
}

export async function bareStartup(server: BenchServer, count: number): Promise<PodTimes> {
  const pods = new BarePods(server)
  const result = await rate(count, 1, () => pods.start())
  await pods.remove()
  return result
}

export async function bareBurst(server: BenchServer, count: number): Promise<number> {
  const pods = new BarePods(server)
  const begin = performance.now()
  await Promise.all(Array.from({ length: count }, () => pods.start()))
  const tookMs = performance.now() - begin
  await pods.remove()
  return tookMs
}

/** The middle one of several runs. */
export async function median(runs: number, measure: () => Promise<number>): Promise<number> {
  const values: number[] = []
  for (let run = 0; run < runs; run++) values.push(await measure())
  return percentile(values.sort((a, b) => a - b), 0.5)
}
