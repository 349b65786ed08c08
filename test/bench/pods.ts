// Pod start-up: from the create to Running, beside the same pod made by direct CRI calls.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { connectCri } from '../../pkg/containerd/cri.ts'
import { systemClock } from '../../pkg/util/clock.ts'
import { percentile, rate } from './measure.ts'
import type { ApiConnection, BenchServer } from './server.ts'

export interface PodTimes {
  readonly p50Ms: number
  readonly p99Ms: number
}

const image = 'docker.io/library/busybox:latest'

/** `count` pods one after the other; they go together at the end, since removing one slows the start of the next. */
export async function podStartup(api: ApiConnection, count: number): Promise<PodTimes> {
  const waiting = new Map<string, { running: () => void; gone: () => void }>()
  const end = api.watch('/api/v1/namespaces/bench/pods?watch=true', (line) => {
    const event = JSON.parse(line) as { type: string; object: { metadata: { name: string }; status?: { phase?: string } } }
    const one = waiting.get(event.object.metadata.name)
    if (event.type === 'DELETED') one?.gone()
    else if (event.object.status?.phase === 'Running') one?.running()
  })
  const times: number[] = []
  const ends: Promise<void>[] = []
  for (let index = -2; index < count; index++) {
    const name = `pod-${index + 2}`
    const gone = Promise.withResolvers<void>()
    const running = Promise.withResolvers<void>()
    waiting.set(name, { running: running.resolve, gone: gone.resolve })
    const begin = performance.now()
    const answer = await api.request('POST', '/api/v1/namespaces/bench/pods', {
      apiVersion: 'v1', kind: 'Pod', metadata: { name },
      spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image, imagePullPolicy: 'IfNotPresent', command: ['sleep', '3600'] }] },
    })
    if (answer.status !== 201) throw new Error(`pod ${name}: ${answer.body.slice(0, 300)}`)
    await running.promise
    if (index >= 0) times.push(performance.now() - begin)
    ends.push(gone.promise)
  }
  await api.request('DELETE', '/api/v1/namespaces/bench/pods?gracePeriodSeconds=0')
  await Promise.all(ends)
  end()
  times.sort((a, b) => a - b)
  return { p50Ms: percentile(times, 0.5), p99Ms: percentile(times, 0.99) }
}

/** The yardstick: sandbox, container and start by the runtime alone. */
export async function bareStartup(server: BenchServer, count: number): Promise<PodTimes> {
  const cri = connectCri(join(server.stateDirectory, 'containerd/containerd.sock'), systemClock)
  const one = async (index: number): Promise<string> => {
    const metadata = { name: `bare-${index}`, namespace: 'bench', uid: `bare-${index}`, attempt: 0 }
    const logDirectory = join(server.directory, 'bare-logs', metadata.name)
    mkdirSync(logDirectory, { recursive: true })
    const config = { metadata, logDirectory, linux: { cgroupParent: '/kubepods/besteffort' } }
    const { podSandboxId } = await cri.runPodSandbox({ config })
    const { containerId } = await cri.createContainer({
      podSandboxId, sandboxConfig: config, config: { metadata: { name: 'main', attempt: 0 }, image: { image }, command: ['sleep', '3600'], logPath: 'main.log' },
    })
    await cri.startContainer({ containerId })
    return podSandboxId
  }
  const made: string[] = []
  const result = await rate(count, 1, async (index) => void made.push(await one(index)))
  for (const podSandboxId of made) {
    await cri.stopPodSandbox({ podSandboxId })
    await cri.removePodSandbox({ podSandboxId })
  }
  cri.close()
  return result
}
