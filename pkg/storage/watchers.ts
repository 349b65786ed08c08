// The watchers of one store: who is told of which changes.
import type { Change, Watch } from './store.ts'

type Listener = (changes: readonly Change[]) => void

interface Watcher {
  readonly listener: Listener
  /** The newest revision it has been told of or needs not be told of. */
  seen: number
  /** Changes that wait for its first call; undefined once that was made. */
  backlog?: Change[]
  closed: boolean
}

/** Tells each watcher of each change under its prefix once, in order, also when a listener causes further changes. */
export class Watchers {
  readonly #byPrefix = new Map<string, Set<Watcher>>()
  /** Those of the prefixes that do not end with a slash. */
  readonly #odd = new Set<string>()
  readonly #queue: (readonly Change[])[] = []
  #telling = false

  /** `missed` are the changes since the revision the watcher knows; they are told in a microtask, before anything newer. */
  add(prefix: string, seen: { revision: number; missed: Change[] }, listener: Listener): Watch {
    const backlog = seen.missed.filter((change) => change.key.startsWith(prefix))
    const watcher: Watcher = { listener, seen: seen.revision, backlog: backlog.length > 0 ? backlog : undefined, closed: false }
    const group = this.#byPrefix.get(prefix) ?? new Set()
    this.#byPrefix.set(prefix, group.add(watcher))
    if (!prefix.endsWith('/')) this.#odd.add(prefix)
    if (watcher.backlog) queueMicrotask(() => this.#catchUp(watcher))
    return {
      close: () => {
        watcher.closed = true
        group.delete(watcher)
        if (group.size > 0 || this.#byPrefix.get(prefix) !== group) return
        this.#byPrefix.delete(prefix)
        this.#odd.delete(prefix)
      },
    }
  }

  tell(changes: readonly Change[]): void {
    this.#queue.push(changes)
    if (this.#telling) return
    this.#telling = true
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) this.#tellAll(next)
    this.#telling = false
  }

  closeAll(): void {
    for (const group of this.#byPrefix.values()) for (const watcher of group) watcher.closed = true
    this.#byPrefix.clear()
    this.#odd.clear()
  }

  #tellAll(changes: readonly Change[]): void {
    const [first] = changes
    if (first && changes.length === 1) return this.#tellOfOne(first.key, changes)
    for (const [prefix, group] of this.#byPrefix) this.#tellGroup(prefix, group, changes)
  }

  /** Looks for those who watch it, instead of asking each. */
  #tellOfOne(key: string, changes: readonly Change[]): void {
    for (let at = key.indexOf('/'); at >= 0; at = key.indexOf('/', at + 1)) {
      const group = this.#byPrefix.get(key.slice(0, at + 1))
      if (group) for (const watcher of group) this.#tellOne(watcher, changes)
    }
    for (const prefix of this.#odd) {
      const group = this.#byPrefix.get(prefix)
      if (group) this.#tellGroup(prefix, group, changes)
    }
  }

  #tellGroup(prefix: string, group: ReadonlySet<Watcher>, changes: readonly Change[]): void {
    const matching = changes.every((change) => change.key.startsWith(prefix)) ? changes : changes.filter((change) => change.key.startsWith(prefix))
    if (matching.length > 0) for (const watcher of group) this.#tellOne(watcher, matching)
  }

  #tellOne(watcher: Watcher, changes: readonly Change[]): void {
    if (watcher.closed) return
    // A watcher that was added while these changes waited in the queue may have them in its backlog.
    const fresh = (changes[0] as Change).revision > watcher.seen ? changes : changes.filter((change) => change.revision > watcher.seen)
    if (fresh.length === 0) return
    watcher.seen = (fresh[fresh.length - 1] as Change).revision
    if (watcher.backlog) watcher.backlog.push(...fresh)
    else call(watcher.listener, fresh)
  }

  #catchUp(watcher: Watcher): void {
    const backlog = watcher.backlog
    watcher.backlog = undefined
    if (!watcher.closed && backlog) call(watcher.listener, backlog)
  }
}

function call(listener: Listener, changes: readonly Change[]): void {
  try {
    listener(changes)
  } catch (error) {
    // A listener must not throw. One that does is a bug of its owner: it becomes an uncaught exception and harms no other watcher.
    queueMicrotask(() => {
      throw error
    })
  }
}
