// One version of a custom kind whose objects another program converts: what it has converted, and what is still to come.
import type { AnyObject } from '../api/object.ts'
import { apiVersionOf } from '../api/object.ts'
import { Awaiting } from './admission.ts'
import type { Conversions, ConvertObjects } from './conversions.ts'
import type { CustomVersionRules } from './custom-version.ts'
import type { Conversion } from './definition.ts'

interface Group {
  readonly objects: readonly AnyObject[]
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

export interface OutsideOptions {
  readonly group: string
  readonly rules: CustomVersionRules
  readonly stored: CustomVersionRules
  readonly versions: ReadonlyMap<string, CustomVersionRules>
  readonly convert: ConvertObjects
}

/**
 * Stored objects are asked about once, however many readers there are, and those that are wanted at the same time together.
 * What is converted is forgotten with the stored object.
 */
export class OutsideVersion implements Conversion {
  readonly #options: OutsideOptions
  readonly #apiVersion: string
  readonly #storedVersion: string
  readonly stored: boolean
  /** By the stored object. */
  readonly #shown = new WeakMap<AnyObject, AnyObject>()
  /** Values that are known to be as this version wants them. */
  readonly #own = new WeakSet<AnyObject>()
  readonly #coming = new Map<AnyObject, Promise<void>>()
  #gathered: Group[] = []

  constructor(options: OutsideOptions) {
    const { group, rules, stored } = options
    this.#options = options
    this.#apiVersion = apiVersionOf({ group, version: rules.stated.name })
    this.#storedVersion = apiVersionOf({ group, version: stored.stated.name })
    this.stored = rules === stored || !stored.stated.served
  }

  fromStored(object: AnyObject, made?: Conversions): AnyObject {
    if (this.#own.has(object)) return object
    const shown = this.#shown.get(object)
    if (shown) return shown
    if (object.apiVersion === this.#apiVersion) return this.#show(object, this.#read(object))
    if (made) return this.#show(object, this.#accepted(made.convert(this.#read(object), this.#apiVersion, this.#options.convert)))
    const ask = this.ready([object])
    throw ask ? new Awaiting(ask) : new Error('expected a conversion to be missing')
  }

  toStored(draft: AnyObject, made?: Conversions): AnyObject {
    if (this.#apiVersion === this.#storedVersion) {
      this.#own.add(draft)
      return draft
    }
    if (!made) throw new Error(`${this.#apiVersion} is converted to ${this.#storedVersion} in writes only`)
    return this.#options.stored.prune(made.convert({ ...draft, apiVersion: this.#apiVersion }, this.#storedVersion, this.#options.convert))
  }

  toVersion(object: Readonly<AnyObject>, apiVersion: string, made: Conversions): AnyObject {
    return made.convert({ ...object, apiVersion: this.#apiVersion }, apiVersion, this.#options.convert)
  }

  ready(stored: readonly AnyObject[]): (() => Promise<void>) | undefined {
    const missing = stored.filter((object) => object.apiVersion !== this.#apiVersion && !this.#shown.has(object) && !this.#own.has(object))
    return missing.length === 0 ? undefined : () => this.#obtain(missing)
  }

  /** In the version it was stored in, with that version's defaults. */
  #read(object: AnyObject): AnyObject {
    const from = this.#options.versions.get(object.apiVersion?.split('/')[1] ?? '')
    if (!from) return object
    const draft = from.prune(object)
    from.default(draft)
    return draft
  }

  #accepted(converted: AnyObject): AnyObject {
    return this.#options.rules.prune(converted)
  }

  #show(stored: AnyObject, object: AnyObject): AnyObject {
    this.#shown.set(stored, object)
    return object
  }

  async #obtain(objects: readonly AnyObject[]): Promise<void> {
    const coming = new Set<Promise<void>>()
    const fresh: AnyObject[] = []
    for (const object of new Set(objects)) {
      const there = this.#coming.get(object)
      if (there) coming.add(there)
      else if (!this.#shown.has(object)) fresh.push(object)
    }
    if (fresh.length > 0) coming.add(this.#order(fresh))
    await Promise.all(coming)
  }

  #order(objects: readonly AnyObject[]): Promise<void> {
    const order = new Promise<void>((done, failed) => {
      if (this.#gathered.push({ objects, done, failed }) === 1) queueMicrotask(() => void this.#flush(this.#gathered.splice(0)))
    })
    for (const object of objects) this.#coming.set(object, order)
    const over = (): void => objects.forEach((object) => this.#coming.delete(object))
    order.then(over, over)
    return order
  }

  /** Nobody fails for what others want to see. */
  async #flush(groups: readonly Group[]): Promise<void> {
    try {
      await this.#convert(groups.flatMap(({ objects }) => objects))
      for (const { done } of groups) done()
    } catch (error) {
      const [first, ...others] = groups
      if (others.length === 0) first?.failed(error)
      else await Promise.all(groups.map((group) => this.#flush([group])))
    }
  }

  async #convert(stored: readonly AnyObject[]): Promise<void> {
    const made = await this.#options.convert(stored.map((object) => this.#read(object)), this.#apiVersion)
    for (const [index, object] of stored.entries()) this.#show(object, this.#accepted(made[index]!))
  }
}
