// What the tests of kinds share: a definition by name, an object as the engine would make it, errors as lines.
import type { AnyObject } from '../../api/object.ts'
import { ManualClock } from '../../util/clock.ts'
import type { Definition, RuleContext } from '../definition.ts'
import { builtinDefinitions } from '../kinds.ts'

export const definitions = builtinDefinitions()

/** `deployments.apps/v1`, `pods.v1`. */
export function definitionOf(name: string): Definition {
  const dot = name.indexOf('.')
  const plural = name.slice(0, dot)
  const [version, group = ''] = name.slice(dot + 1).split('/').reverse()
  const found = definitions.find(({ resource }) => resource.plural === plural && resource.group === group && resource.version === version)
  if (!found) throw new Error(`no definition ${name}`)
  return found
}

export const context: RuleContext = { user: { username: 'ann', groups: ['dev'] }, clock: new ManualClock(), warn: () => undefined, definitions: () => definitions }

export function defaulted<T>(name: string, object: T): T {
  const draft = structuredClone(object) as AnyObject
  definitionOf(name).defaults?.(draft)
  return draft as T
}

/** What a create stores, short of allocation. */
export function created<T>(name: string, object: T): T {
  const draft = defaulted(name, object) as AnyObject
  definitionOf(name).prepareCreate?.(draft, context)
  return draft as T
}

/** What an update stores. */
export function updated<T>(name: string, object: T, old: T): T {
  const draft = defaulted(name, object) as AnyObject
  definitionOf(name).prepareUpdate?.(draft, old as AnyObject, context)
  return draft as T
}

/** The errors of a create (or of an update of `old`), one line each. */
export function faults(name: string, object: object, old?: object): string[] {
  const draft = (old ? updated(name, object, old) : created(name, object)) as AnyObject
  return (definitionOf(name).validate?.(draft, old as AnyObject | undefined) ?? []).map(({ field, text }) => `${field}: ${text}`)
}

export const now = Date.parse('2026-01-02T00:00:00Z')

export function cells(name: string, object: object): Record<string, unknown> {
  return Object.fromEntries(definitionOf(name).columns.map((column) => [column.name, column.value(object as AnyObject, { now })]))
}
