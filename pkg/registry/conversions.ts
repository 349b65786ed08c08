// What one write has had converted by another program, over all runs of its transaction.
import type { AnyObject } from '../api/object.ts'
import { Awaiting } from './admission.ts'

/** Resolves with the objects in the wanted version, in order. Rejects with StatusError. */
export type ConvertObjects = (objects: readonly AnyObject[], apiVersion: string) => Promise<readonly AnyObject[]>

/**
 * Each run builds its objects anew, so they are known by what they say. What a conversion cannot change is not part of
 * that where it differs from run to run, and is taken from the object itself.
 */
export class Conversions {
  readonly #known = new Map<string, AnyObject>()

  /** A new object, whose parts are shared. Awaiting until an earlier run has asked for it. */
  convert(object: Readonly<AnyObject>, apiVersion: string, by: ConvertObjects): AnyObject {
    const { managedFields: _owners, uid: _uid, creationTimestamp: _created, deletionTimestamp: _deleted, resourceVersion: _version, ...told } = object.metadata
    const key = `${apiVersion} ${JSON.stringify({ ...object, metadata: told })}`
    const known = this.#known.get(key)
    if (!known) {
      throw new Awaiting(async () => {
        const [made] = await by([object], apiVersion)
        if (made) this.#known.set(key, made)
      })
    }
    const { labels: _labels, annotations: _annotations, ...kept } = object.metadata
    const { labels, annotations } = known.metadata
    return { ...known, metadata: { ...kept, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) } }
  }
}

/** Runs what may have to wait for conversions until it need not. */
export async function settled<R>(work: () => R): Promise<R> {
  for (;;) {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof Awaiting)) throw error
      await error.ask()
    }
  }
}
