// What the runtime has told of each pod, kept until something happens to it: a look at a pod that has not changed asks nobody.
import type { RuntimeContainer, RuntimeSandbox } from './runtime-service.ts'

export interface SeenSandbox {
  readonly id: string
  /** undefined when it has to be asked for anew. */
  value: RuntimeSandbox | undefined
}

export interface SeenContainer {
  readonly id: string
  readonly sandboxId: string
  value: RuntimeContainer | undefined
}

export interface SeenPod {
  readonly uid: string
  name: string
  namespace: string
  /** Whether everything that the runtime has of the pod is here; otherwise it has to be listed. */
  listed: boolean
  changedAt: number
  readonly sandboxes: Map<string, SeenSandbox>
  readonly containers: Map<string, SeenContainer>
}

/**
 * An entry is replaced, never altered, when something happens to what it is about: an answer that was asked for
 * before belongs to the old entry, and is lost with it.
 */
export class SeenPods {
  readonly #pods = new Map<string, SeenPod>()
  readonly #uids = new Map<string, string>()
  #time = 0
  /** What was asked for before is not taken. */
  #refusedAt = 0
  /** Whether a pod that is not here has nothing in the runtime. */
  #whole = false

  /** Grows with each change; what is put in later must have been asked for since. */
  get time(): number {
    return this.#time
  }

  /** undefined when nothing is known of it; an empty one when it is known to have nothing. */
  find(uid: string): SeenPod | undefined {
    const pod = this.#pods.get(uid) ?? (this.#whole ? this.#empty(uid, true) : undefined)
    return pod?.listed ? pod : undefined
  }

  /** The pod of a sandbox or container. */
  uidOf(id: string): string | undefined {
    return this.#uids.get(id)
  }

  kindOf(id: string): 'sandbox' | 'container' | undefined {
    const pod = this.#podOf(id)
    return pod?.sandboxes.has(id) ? 'sandbox' : pod?.containers.has(id) ? 'container' : undefined
  }

  /** Takes what a listing since `since` has told, unless something has happened to the pod meanwhile. */
  put(pod: Pick<SeenPod, 'uid' | 'name' | 'namespace'> & { sandboxes: readonly RuntimeSandbox[]; containers: readonly (RuntimeContainer & { settled: boolean })[] }, since: number): void {
    for (const { id } of [...pod.sandboxes, ...pod.containers]) this.#uids.set(id, pod.uid)
    if (this.#refusedAt > since || (this.#pods.get(pod.uid)?.changedAt ?? 0) > since) return
    this.#drop(pod.uid)
    const fresh: SeenPod = { ...this.#empty(pod.uid, true), name: pod.name, namespace: pod.namespace }
    for (const value of pod.sandboxes) fresh.sandboxes.set(value.id, { id: value.id, value })
    for (const { settled, ...value } of pod.containers) fresh.containers.set(value.id, { id: value.id, sandboxId: value.sandboxId, value: settled ? value : undefined })
    for (const { id } of [...pod.sandboxes, ...pod.containers]) this.#uids.set(id, pod.uid)
    if (fresh.sandboxes.size + fresh.containers.size > 0 || !this.#whole) this.#pods.set(pod.uid, fresh)
  }

  /** All pods have been listed since `since`: those that are not among them have nothing. */
  putAll(uids: ReadonlySet<string>, since: number): void {
    if (this.#refusedAt > since) return
    for (const [uid, pod] of this.#pods) if (!uids.has(uid) && pod.changedAt <= since) this.#drop(uid)
    this.#whole = true
  }

  addSandbox(pod: Pick<SeenPod, 'uid' | 'name' | 'namespace'>, id: string): void {
    this.#changed(pod).sandboxes.set(id, { id, value: undefined })
    this.#uids.set(id, pod.uid)
  }

  addContainer(pod: Pick<SeenPod, 'uid' | 'name' | 'namespace'>, id: string, sandboxId: string): void {
    this.#changed(pod).containers.set(id, { id, sandboxId, value: undefined })
    this.#uids.set(id, pod.uid)
  }

  /** Something has happened to this sandbox or container. */
  touch(id: string): void {
    const pod = this.#podOf(id)
    const container = pod?.containers.get(id)
    if (container) pod?.containers.set(id, { ...container, value: undefined })
    if (pod?.sandboxes.has(id)) pod.sandboxes.set(id, { id, value: undefined })
    if (pod) pod.changedAt = ++this.#time
    // A listing that is on its way may have it as it was.
    else this.#refusedAt = ++this.#time
  }

  /** The runtime has it no more; unless something has happened to it since it was asked. */
  remove(entry: SeenSandbox | SeenContainer): undefined {
    const pod = this.#podOf(entry.id)
    if (pod?.containers.get(entry.id) === entry) pod.containers.delete(entry.id)
    else if (pod?.sandboxes.get(entry.id) === entry) pod.sandboxes.delete(entry.id)
    else return
    this.#uids.delete(entry.id)
    pod.changedAt = ++this.#time
  }

  /** Anything may have happened to this pod. */
  doubt(uid: string | undefined): void {
    const pod = uid === undefined ? undefined : this.#pods.get(uid)
    if (pod) Object.assign(pod, { listed: false, changedAt: ++this.#time })
    else if (uid !== undefined) this.#pods.set(uid, { ...this.#empty(uid, false), changedAt: ++this.#time })
  }

  /** Anything may have happened to any pod. */
  doubtAll(): void {
    this.#pods.clear()
    this.#uids.clear()
    this.#refusedAt = ++this.#time
    this.#whole = false
  }

  #podOf(id: string): SeenPod | undefined {
    return this.#pods.get(this.#uids.get(id) ?? '')
  }

  #changed({ uid, name, namespace }: Pick<SeenPod, 'uid' | 'name' | 'namespace'>): SeenPod {
    const pod = Object.assign(this.#pods.get(uid) ?? this.#empty(uid, this.#whole), { name, namespace, changedAt: ++this.#time })
    this.#pods.set(uid, pod)
    return pod
  }

  #empty(uid: string, listed: boolean): SeenPod {
    return { uid, name: '', namespace: '', listed, changedAt: 0, sandboxes: new Map(), containers: new Map() }
  }

  #drop(uid: string): void {
    const pod = this.#pods.get(uid)
    for (const id of [...pod?.sandboxes.keys() ?? [], ...pod?.containers.keys() ?? []]) this.#uids.delete(id)
    this.#pods.delete(uid)
  }
}
