// What the tests of kinds share: a definition by name, an object as the engine would make it, errors as lines.
import type { JsonObject } from '../../api/json.ts'
import type { AnyObject } from '../../api/object.ts'
import { mergePatch } from '../../api/patch-merge.ts'
import { ManualClock } from '../../util/clock.ts'
import type { Definition, RuleContext } from '../definition.ts'
import { Evaluations } from '../evaluation.ts'
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

const user = { username: 'ann', groups: ['dev'] }
export const context: RuleContext = { user, clock: new ManualClock(), warn: () => undefined, definitions: () => definitions, evaluations: new Evaluations(undefined, { user }) }

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

/** The errors of an object that has kept what is behind features that are off, one line each. */
export function judged(name: string, object: object): string[] {
  return (definitionOf(name).validate?.(defaulted(name, object) as AnyObject) ?? []).map(({ field, text }) => `${field}: ${text}`)
}

/** The errors of a write to a subresource, one line each; `object` is the state that the write would leave. */
export function partFaults(name: string, part: string, object: object, old: object): string[] {
  const subresource = definitionOf(name).subresources.find((candidate) => candidate.name === part)
  if (!subresource?.validate) throw new Error(`${name}/${part} checks nothing`)
  const draft = structuredClone(object) as AnyObject
  subresource.prepareUpdate?.(draft, old as AnyObject, context)
  return subresource.validate(draft, old as AnyObject).map(({ field, text }) => `${field}: ${text}`)
}

/** What a create (or an update of `old`) is warned of. */
export function warnings(name: string, object: object, old?: object): string[] {
  const draft = (old ? updated(name, object, old) : created(name, object)) as AnyObject
  return definitionOf(name).warnings?.(draft, old as AnyObject | undefined) ?? []
}

export const now = Date.parse('2026-01-02T00:00:00Z')

export function cells(name: string, object: object): Record<string, unknown> {
  return Object.fromEntries(definitionOf(name).columns.map((column) => [column.name, column.value(object as AnyObject, { now })]))
}

export type Json = Record<string, unknown>

/** The object with a change laid over it, as a merge patch is: null takes a field away, lists are replaced. */
export const changed = <T extends object>(base: T, change: object): T => mergePatch(base as JsonObject, change) as T

/** The errors of writing the status of an object, which then is as `change` says. */
export function statusFaults(name: string, base: object, change: object): string[] {
  const old = created(name, base)
  return partFaults(name, 'status', defaulted(name, changed(old, change)), old)
}

/** A change to an object that is valid, and what is said of the result. */
export type Case = [what: string, change: Json, expected: string[]]

export function creates(name: string, base: Json, cases: readonly Case[]): void {
  describe(`${name}: create`, () => {
    it('takes the object that the rest is made of', () => expect(faults(name, base)).toEqual([]))
    it.each(cases)('%s', (_, change, expected) => expect(faults(name, changed(base, change))).toEqual(expected))
  })
}

/** The changes are to what was created. */
export function updates(name: string, base: Json, cases: readonly Case[]): void {
  describe(`${name}: update`, () => {
    it.each(cases)('%s', (_, change, expected) => {
      const old = created(name, base)
      expect(faults(name, changed(old, change), old)).toEqual(expected)
    })
  })
}

export function statuses(name: string, base: Json, cases: readonly Case[]): void {
  describe(`${name}: status`, () => {
    it.each(cases)('%s', (_, change, expected) => expect(statusFaults(name, base, change)).toEqual(expected))
  })
}
