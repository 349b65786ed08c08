// Waits for what a write needs and what is about to appear, instead of refusing at once.
import type { Clock } from '../util/clock.ts'
import { NotYet } from './admission.ts'
import { keyOf } from './object-view.ts'
import type { WriteContext } from './transaction-step.ts'

const patienceMs = 1500

/** Resolves when the key is there, or when the time is over. */
function appearance(context: WriteContext, key: string, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    if (context.store.get(key)) return resolve()
    const end = (): void => {
      timer.cancel()
      watch.close()
      resolve()
    }
    const timer = clock.setTimer(end, patienceMs)
    const watch = context.store.watch(key, context.store.revision, (changes) => {
      if (changes.some((change) => change.key === key && change.type === 'put')) end()
    })
  })
}

/** Runs a write; where it says NotYet, once more when the missing object has appeared. */
export async function withPatience<R>(context: WriteContext, write: () => Promise<R>): Promise<R> {
  try {
    return await write()
  } catch (error) {
    if (!(error instanceof NotYet)) throw error
    const definition = context.stored(error.resource)
    if (!definition) throw error.refusal
    await appearance(context, keyOf(definition, error.key.namespace, error.key.name), context.clock)
  }
  try {
    return await write()
  } catch (error) {
    throw error instanceof NotYet ? error.refusal : error
  }
}
