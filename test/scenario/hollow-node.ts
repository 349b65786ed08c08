// One node without containers: binds every pod to itself, says that it runs, and lets it go when it is deleted.
import { keyOf, keyText } from '../../pkg/api/object.ts'
import { isConflict, isNotFound } from '../../pkg/api/status-error.ts'
import { formatTime } from '../../pkg/api/times.ts'
import { nodes } from '../../pkg/api/types-node.ts'
import { pods, type Pod } from '../../pkg/api/types-pod.ts'
import { targetNode } from '../../pkg/controllers/daemon-plan.ts'
import type { Client } from '../../pkg/client/client.ts'
import type { Informers } from '../../pkg/client/informer.ts'
import type { Clock } from '../../pkg/util/clock.ts'
import { WorkQueue } from '../../pkg/util/work-queue.ts'

export class HollowNode {
  /** Which pods become ready; those that do not stay Running and unready. */
  becomesReady: (pod: Pod) => boolean = () => true
  /** The exit code with which a pod's containers end at once; undefined lets them run. */
  endsWith: (pod: Pod) => number | undefined = () => undefined
  /** Which deleted pods go; the others stay terminating. */
  letsGo: (pod: Pod) => boolean = () => true
  readonly name: string
  readonly #client: Client
  readonly #clock: Clock
  readonly #informers: Informers
  readonly #queue: WorkQueue
  readonly #unsubscribe: () => void
  #nextAddress = 1

  constructor({ name, client, informers, clock }: { name: string; client: Client; informers: Informers; clock: Clock }) {
    this.name = name
    this.#client = client
    this.#clock = clock
    this.#informers = informers
    this.#queue = new WorkQueue({ clock, concurrency: 10, work: (key) => this.#work(key) })
    this.#unsubscribe = informers.for(pods).onChange(({ object }) => {
      if (object) this.#queue.add(keyText(keyOf(object)))
    })
  }

  /** Registers the node, ready. */
  async join(): Promise<void> {
    const time = formatTime(this.#clock.now())
    const resources = { cpu: '8', memory: '16Gi', pods: '110' }
    const node = await this.#client.create(nodes, {
      apiVersion: 'v1', kind: 'Node', metadata: { name: this.name, labels: { 'topology.kubernetes.io/zone': 'z1', 'kubernetes.io/hostname': this.name } }, spec: {},
    })
    const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: time, lastTransitionTime: time }]
    await this.#client.patch(nodes, keyOf(node), { type: 'merge', body: { status: { conditions, capacity: resources, allocatable: resources } } }, { subresource: 'status' })
  }

  /** Looks at every pod again, after `becomesReady` or `letsGo` were changed. */
  review(): void {
    for (const pod of this.#informers.for(pods).list()) this.#queue.add(keyText(keyOf(pod)))
  }

  async stop(): Promise<void> {
    this.#unsubscribe()
    await this.#queue.stop()
  }

  async #work(text: string): Promise<void> {
    const [namespace = '', name = ''] = text.split('/')
    const pod = this.#informers.for(pods).get({ namespace, name })
    if (!pod) return
    try {
      await this.#sync(pod)
    } catch (error) {
      if (isNotFound(error)) return
      if (!isConflict(error)) throw error
      this.#queue.retry(text)
    }
  }

  async #sync(pod: Pod): Promise<void> {
    const key = keyOf(pod)
    if (pod.metadata.deletionTimestamp) {
      if (pod.spec.nodeName && this.letsGo(pod)) await this.#client.delete(pods, key, { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } })
      return
    }
    if (!pod.spec.nodeName) {
      const only = targetNode(pod)
      if (only !== undefined && only !== this.name) return
      await this.#client.createSubresource(pods, key, 'binding', {
        apiVersion: 'v1', kind: 'Binding', metadata: { ...key }, target: { kind: 'Node', name: this.name },
      } as never)
      return
    }
    if (pod.spec.nodeName !== this.name || pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return
    const exitCode = this.endsWith(pod)
    if (exitCode !== undefined) return this.#end(pod, exitCode)
    const ready = this.becomesReady(pod) ? 'True' : 'False'
    const before = pod.status?.conditions?.find((condition) => condition.type === 'Ready')?.status
    if (pod.status?.phase === 'Running' && before === ready) return
    const ip = pod.status?.podIP ?? `10.88.${this.#nextAddress >> 8}.${this.#nextAddress++ & 255}`
    const lastTransitionTime = formatTime(this.#clock.now())
    await this.#client.update(pods, {
      ...pod,
      status: {
        ...pod.status, phase: 'Running', podIP: ip, podIPs: [{ ip }], hostIP: '10.0.0.1', startTime: pod.status?.startTime ?? lastTransitionTime,
        conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({ type, status: type.endsWith('eady') ? ready : 'True', lastTransitionTime })),
        containerStatuses: pod.spec.containers.map((container) => ({
          name: container.name, image: container.image ?? '', imageID: '', ready: ready === 'True', restartCount: 0, started: true,
          state: { running: { startedAt: lastTransitionTime } },
        })),
      },
    }, { subresource: 'status' })
  }

  async #end(pod: Pod, exitCode: number): Promise<void> {
    const finishedAt = formatTime(this.#clock.now())
    const containerStatuses = pod.spec.containers.map((container) => ({
      name: container.name, image: container.image ?? '', imageID: '', ready: false, restartCount: 0, started: false,
      state: { terminated: { exitCode, startedAt: finishedAt, finishedAt } },
    }))
    await this.#client.update(pods, { ...pod, status: { ...pod.status, phase: exitCode === 0 ? 'Succeeded' : 'Failed', containerStatuses } }, { subresource: 'status' })
  }
}
