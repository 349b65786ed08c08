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
import { percentile, rate, usage } from './measure.ts'
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
export async function podStartup(api: ApiConnection, count: number): Promise<PodTimes> {
  const pods = new BenchPods(api)
  for (let index = 0; index < 2; index++) await pods.start()
  const result = await rate(count, 1, () => pods.start())
  await pods.remove()
  return result
}

/** How long until `count` pods that are created at once all run, and what the server itself worked for it. */
export async function podBurst(server: BenchServer, api: ApiConnection, count: number, done: () => void = () => undefined): Promise<{ tookMs: number; cpuMs: number }> {
  const pods = new BenchPods(api)
  const before = usage(server.pid)
  const begin = performance.now()
  await Promise.all(Array.from({ length: count }, () => pods.start()))
  const tookMs = performance.now() - begin
  const cpuMs = 1000 * (usage(server.pid).cpuSeconds - before.cpuSeconds)
  done()
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
    for (const podSandboxId of this.#made) {
      await this.#cri.stopPodSandbox({ podSandboxId })
      await this.#cri.removePodSandbox({ podSandboxId })
    }
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
  const answer = await api.request('POST', `${podsPath}?dryRun=All`, benchPod('bare'))
  if (answer.status !== 201) throw new Error(answer.body.slice(0, 300))
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

export async function bareStartup(server: BenchServer, template: BarePod, count: number): Promise<PodTimes> {
  const pods = new BarePods(server, template)
  const starts = Array.from({ length: count }, () => pods.prepare())
  const result = await rate(count, 1, (index) => starts[index]!())
  await pods.remove()
  return result
}

/** With as many calls at once as suit the runtime best. */
export async function bareBurst(server: BenchServer, template: BarePod, count: number): Promise<number> {
  const times: number[] = []
  for (const width of [8, count]) times.push(await median(3, () => bareBurstOf(server, template, { count, width })))
  return Math.min(...times)
}

export async function bareBurstOf(server: BenchServer, template: BarePod, { count, width, done = () => undefined }: { count: number; width: number; done?: () => void }): Promise<number> {
  const pods = new BarePods(server, template)
  const starts = Array.from({ length: count }, () => pods.prepare())
  const begin = performance.now()
  await rate(count, width, (index) => starts[index]!())
  const tookMs = performance.now() - begin
  done()
  await pods.remove()
  return tookMs
}

/** The middle one of several runs. */
export async function median(runs: number, measure: () => Promise<number>): Promise<number> {
  const values: number[] = []
  for (let run = 0; run < runs; run++) values.push(await measure())
  return percentile(values.sort((a, b) => a - b), 0.5)
}
