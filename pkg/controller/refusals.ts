// Refusals of the server that a controller meets in the ordinary course of things.
import { isConflict, isNotFound, StatusError } from '../api/status-error.ts'

/** Nothing can be created any more: what there is to do ends with the namespace. */
export function isNamespaceTerminating(error: unknown): boolean {
  return error instanceof StatusError && error.code === 403 && (error.status.details?.causes ?? []).some((cause) => cause.reason === 'NamespaceTerminating')
}

/** The object is not there any more, or another one has its name. For deletes with a uid precondition. */
export function isGone(error: unknown): boolean {
  return isNotFound(error) || isConflict(error)
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
