// States of the past: how they differ from the newest one. Those who read on in one share what was found out about it.
import type { ChangeLog } from './change-log.ts'
import type { Entry } from './store.ts'

/** Keys whose entry differs from the newest one; undefined: not there. */
export type Overlay = ReadonlyMap<string, Entry | undefined>

interface Past {
  /** Grows with each later change of a key that was not changed since. */
  readonly overlay: Map<string, Entry | undefined>
  /** The revision up to which changes were looked at. */
  upTo: number
}

/** So many are remembered, as long as memory is not needed for something else. */
const most = 8

export class Pasts {
  readonly #known = new Map<string, WeakRef<Past>>()

  /** The keys under `prefix` that were changed after `revision`, and what they were then. Others may be added that have not changed since. */
  at(prefix: string, revision: number, log: ChangeLog): Map<string, Entry | undefined> {
    const name = `${revision} ${prefix}`
    const known = this.#known.get(name)?.deref()
    if (known) log.check(revision)
    const changes = log.after(known?.upTo ?? revision)
    const past = known ?? this.#remember(name)
    for (const change of changes) {
      if (change.key.startsWith(prefix) && !past.overlay.has(change.key)) past.overlay.set(change.key, change.previous)
    }
    past.upTo = log.newest
    return past.overlay
  }

  #remember(name: string): Past {
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < most) break
      this.#known.delete(oldest)
    }
    const past: Past = { overlay: new Map(), upTo: 0 }
    this.#known.delete(name)
    this.#known.set(name, new WeakRef(past))
    return past
  }
}
