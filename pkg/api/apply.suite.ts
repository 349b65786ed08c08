// Plays lists of operations on one object, as clients would do them, and tells the object and its owners after each.
import { applyConfig } from './apply-config.ts'
import type { Owner } from './apply-owners.ts'
import { startingOwners } from './apply-owners.ts'
import type { OwnedType } from './apply-type.ts'
import { ownersAfterUpdate } from './apply-update.ts'
import { conform } from './conform.ts'
import { pathText } from './field-paths.ts'
import { pathsOf } from './field-set.ts'
import type { JsonObject } from './json.ts'
import type { ManagedFieldsEntry } from './object.ts'
import { StatusError } from './status-error.ts'

export type Operation =
  | { readonly apply: string; readonly config: JsonObject; readonly force?: boolean; readonly fails?: string; readonly subresource?: string }
  | { readonly update: string; readonly object: JsonObject; readonly subresource?: string }

export class Play {
  readonly type: OwnedType
  object: JsonObject | undefined
  owners: readonly Owner[] = []
  #second = 0

  constructor(type: OwnedType) {
    this.type = type
  }

  /** The text of a failure. */
  do(operation: Operation): string | undefined {
    const time = `2026-01-01T00:00:${String(this.#second++).padStart(2, '0')}Z`
    const subresource = operation.subresource ? { subresource: operation.subresource } : {}
    try {
      if ('apply' in operation) {
        const { object, owners } = applyConfig(this.type, {
          ...(this.object ? { live: this.object } : {}), owners: this.owners, config: this.#typed(operation.config),
          manager: operation.apply, force: operation.force ?? false, time, ...subresource,
        })
        this.#settle(object, owners)
      } else {
        const after = this.#canonical(this.#typed(operation.object))
        const sent = (after.metadata as { managedFields?: ManagedFieldsEntry[] } | undefined)?.managedFields
        this.#settle(after, ownersAfterUpdate(this.type, {
          ...(this.object ? { before: this.object } : {}), after, owners: startingOwners(sent, this.owners), manager: operation.update, time, ...subresource,
        }))
      }
      return undefined
    } catch (error) {
      if (error instanceof StatusError) return error.message
      throw error
    }
  }

  #settle(object: JsonObject, owners: readonly Owner[]): void {
    const { managedFields: _sent, ...metadata } = (object.metadata ?? {}) as JsonObject
    this.object = this.#canonical({ ...object, metadata })
    this.owners = owners
  }

  #typed = (object: JsonObject): JsonObject => ({ apiVersion: this.type.apiVersion, kind: this.type.kind, ...object })

  #canonical = (object: JsonObject): JsonObject => conform(object, this.type.schema).object

  /** `{ 'kubectl Apply': ['.spec.replicas'] }`. */
  owned(): Record<string, string[]> {
    return Object.fromEntries(this.owners.map(({ manager, operation, subresource, fieldsV1 }) =>
      [`${manager} ${operation}${subresource ? ` ${subresource}` : ''}`, [...pathsOf(fieldsV1)].map(pathText)]))
  }

  time(manager: string): string | undefined {
    return this.owners.find((owner) => owner.manager === manager)?.time?.slice(-3, -1)
  }
}
