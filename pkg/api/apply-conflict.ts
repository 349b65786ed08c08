// Conflicts of an apply with other owners, in the words of the API.
import type { Owner } from './apply-owners.ts'
import type { FieldSet } from './field-set.ts'
import { difference, pathsOf } from './field-set.ts'
import { pathText } from './field-paths.ts'
import { StatusError } from './status-error.ts'

export interface Conflict {
  readonly owner: Owner
  readonly fields: FieldSet
}

export const conflictsWithout = (conflicts: readonly Conflict[], allowed: FieldSet | undefined): Conflict[] =>
  conflicts.flatMap(({ owner, fields }) => {
    const rest = difference(fields, allowed)
    return rest ? [{ owner, fields: rest }] : []
  })

function ownerText({ manager, operation, apiVersion, subresource }: Owner): string {
  const name = JSON.stringify(manager) + (subresource ? ` with subresource ${JSON.stringify(subresource)}` : '')
  return operation === 'Update' ? `${name} using ${apiVersion}` : name
}

/** 409 with a cause for each field. */
export function applyConflict(conflicts: readonly Conflict[]): StatusError {
  const groups = conflicts.map(({ owner, fields }) => ({ name: ownerText(owner), paths: [...pathsOf(fields)].map(pathText) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const causes = groups.flatMap(({ name, paths }) => paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${name}`, field })))
  const [only] = causes
  const text = causes.length === 1 && only ? `1 conflict: ${only.message}: ${only.field}`
    : `${causes.length} conflicts: ${groups.flatMap(({ name, paths }) => [`conflicts with ${name}:`, ...paths.map((path) => `- ${path}`)]).join('\n')}`
  return new StatusError(409, 'Conflict', `Apply failed with ${text}`, { causes })
}
