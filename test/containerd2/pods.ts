// A cluster on containerd 2, and its pods as these tests make them.
import { dump } from 'js-yaml'
import type { Node } from '../../pkg/api/types-node.ts'
import type { Pod, PodSpec } from '../../pkg/api/types-pod.ts'
import { eventually, type TestCluster } from '../e2e/cluster.ts'

export interface PodOptions {
  readonly hostUsers?: boolean
  readonly spec?: Partial<PodSpec>
  readonly container?: Partial<PodSpec['containers'][number]>
}

/** One container that waits, unless it is told otherwise. */
export const podOf = (name: string, { hostUsers, spec, container }: PodOptions = {}): Pod => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name },
  spec: {
    terminationGracePeriodSeconds: 1, ...(hostUsers === undefined ? {} : { hostUsers }), ...spec,
    containers: spec?.containers ?? [{ name: 'main', image: 'busybox:1.36', command: ['sleep', '1000'], ...container }],
  },
})

export class PodDriver {
  readonly #cluster: TestCluster

  constructor(cluster: TestCluster) {
    this.#cluster = cluster
  }

  async isAtLeast(major: number, minor: number): Promise<boolean> {
    const { status } = await this.#cluster.json<Node>('get node node-1')
    const [, found = 0, foundMinor = 0] = /:\/\/(\d+)\.(\d+)/.exec(status?.nodeInfo?.containerRuntimeVersion ?? '')?.map(Number) ?? []
    return found > major || (found === major && foundMinor >= minor)
  }

  /** Fails where the containerd on PATH is none of the second generation: the tests would prove nothing. */
  async checkRuntime(): Promise<void> {
    expect(await this.isAtLeast(2, 1)).toBe(true)
  }

  async create(...objects: readonly object[]): Promise<void> {
    await this.#cluster.kubectl('apply -f -', { input: objects.map((each) => dump(each)).join('---\n') })
  }

  get(name: string): Promise<Pod> {
    return this.#cluster.json<Pod>(`get pod ${name}`)
  }

  async until(name: string, fits: (pod: Pod) => boolean, what: string): Promise<Pod> {
    let last: Pod | undefined
    return eventually(async () => {
      last = await this.get(name)
      return fits(last) ? last : undefined
    }, () => `pod ${name} ${what}; its status is ${JSON.stringify(last?.status)}`)
  }

  running(name: string): Promise<Pod> {
    return this.until(name, ({ status }) => status?.phase === 'Running' && status.containerStatuses?.every(({ state }) => state?.running) === true, 'runs')
  }

  async start(...pods: readonly Pod[]): Promise<Pod[]> {
    await this.create(...pods)
    return Promise.all(pods.map(({ metadata }) => this.running(metadata.name ?? '')))
  }

  /** The message of the first container's waiting for this reason. */
  async waiting(name: string, reason: string): Promise<string> {
    const pod = await this.until(name, ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === reason, `waits: ${reason}`)
    return pod.status?.containerStatuses?.[0]?.state?.waiting?.message ?? ''
  }

  async eventOf(name: string, reason: string, words: string): Promise<string> {
    return eventually(async () => {
      const { items } = await this.#cluster.json<{ items: { reason: string; message: string }[] }>(`get events --field-selector=involvedObject.name=${name}`)
      return items.find((event) => event.reason === reason && event.message.includes(words))?.message
    }, `an event of ${name}: ${reason} ${words}`)
  }

  exec(name: string, script: string): Promise<string> {
    return this.#cluster.kubectl(['exec', name, '--', 'sh', '-c', script])
  }

  async remove(...names: readonly string[]): Promise<void> {
    await this.#cluster.kubectl(['delete', 'pod', '--wait', ...names])
  }
}
