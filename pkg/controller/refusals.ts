// Refusals of the server that a controller meets in the ordinary course of things.
import { StatusError } from '../api/status-error.ts'

/** Nothing can be created any more: what there is to do ends with the namespace. */
export function isNamespaceTerminating(error: unknown): boolean {
  return error instanceof StatusError && error.code === 403 && (error.status.details?.causes ?? []).some((cause) => cause.reason === 'NamespaceTerminating')
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
