// What a Status received from a server means to a client: the error it stands for.
import { StatusError, type Status } from '../api/status-error.ts'
import type { KubeObject, WatchEvent } from '../api/object.ts'

export function errorOf(status: Partial<Status>): StatusError {
  return new StatusError(status.code ?? 500, status.reason ?? 'Unknown', status.message ?? 'the server gave no message', status.details, status.metadata ?? {})
}

/** The revision that the watch wanted is gone: list again. */
export function isExpired(error: unknown): boolean {
  return error instanceof StatusError && (error.code === 410 || error.reason === 'Expired' || error.reason === 'Gone')
}

/** Throws the error that an ERROR event carries, after what came before it in the batch was handed out. */
export function* splitErrors<T>(batch: readonly WatchEvent<T>[]): Generator<readonly WatchEvent<T>[]> {
  const at = batch.findIndex((event) => event.type === 'ERROR')
  if (at < 0) return yield batch
  if (at > 0) yield batch.slice(0, at)
  throw errorOf(batch[at]?.object as unknown as Partial<Status>)
}

/** True for the bookmark that ends the initial events of a WatchList. */
export function endsInitialEvents(event: WatchEvent<KubeObject>): boolean {
  return event.type === 'BOOKMARK' && event.object.metadata.annotations?.['k8s.io/initial-events-end'] === 'true'
}
