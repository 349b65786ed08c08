// Steps of field paths: what an item of a list is known by, and how paths are shown in messages.
import type { Step } from './field-set.ts'
import { isJsonObject } from './json.ts'
import type { JsonObject } from './json.ts'
import type { ListSchema } from './schema.ts'

/** Steps are keys of objects, so making one anew is dear; clients choose names, so the cache has a limit. */
const fieldSteps = new Map<string, Step>()
const mostFieldSteps = 20_000

export function fieldStep(name: string): Step {
  let step = fieldSteps.get(name)
  if (step === undefined) {
    step = `f:${name}`
    if (fieldSteps.size >= mostFieldSteps) fieldSteps.clear()
    if (name.length < 100) fieldSteps.set(name, step)
  }
  return step
}

/** A list whose items have no place in a set of paths. */
export class ListItemError extends Error {
  override name = 'ListItemError'
}

/** The step to an item of a list of type set or map. Fails with ListItemError. */
export function itemStep(list: ListSchema, item: unknown): Step {
  return list.listType === 'map' ? keyStep(list, item) : valueStep(item)
}

function valueStep(item: unknown): Step {
  if (item === null || item === undefined) throw new ListItemError("associative list without keys has an element that's an explicit null")
  if (Array.isArray(item)) throw new ListItemError('not supported: associative list with lists as elements')
  if (typeof item === 'object') throw new ListItemError("associative list without keys has an element that's a map type")
  return `v:${JSON.stringify(item)}`
}

function keyStep(list: ListSchema, item: unknown): Step {
  if (item === null || item === undefined) throw new ListItemError('associative list with keys may not have a null element')
  if (!isJsonObject(item)) throw new ListItemError('associative list with keys may not have non-map elements')
  const [only = '', ...more] = list.listMapKeys ?? []
  const known = more.length === 0 ? item[only] : undefined
  return typeof known === 'string' ? namedStep(list, known, () => keysStep(list, item)) : keysStep(list, item)
}

/** By list, the steps to items that one text tells apart. */
const namedSteps = new WeakMap<ListSchema, Map<string, Step>>()
const mostNamedSteps = 1000

function namedStep(list: ListSchema, name: string, make: () => Step): Step {
  let steps = namedSteps.get(list)
  if (!steps) namedSteps.set(list, steps = new Map())
  let step = steps.get(name)
  if (step === undefined) {
    step = make()
    if (steps.size >= mostNamedSteps) steps.clear()
    if (name.length < 100) steps.set(name, step)
  }
  return step
}

function keysStep(list: ListSchema, item: JsonObject): Step {
  let text = ''
  for (const name of sortedKeys(list)) {
    const value = item[name] ?? defaultOf(list, name)
    if (value !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${JSON.stringify(value)}`
  }
  if (text === '') {
    const names = (list.listMapKeys ?? []).map((name) => JSON.stringify(name)).join(' ')
    throw new ListItemError(`associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`)
  }
  return `k:{${text}}`
}

/** A key that the item leaves out has the default that its field declares. */
function defaultOf(list: ListSchema, name: string): unknown {
  const field = list.items.type === 'object' ? list.items.fields.get(name) : undefined
  if (field?.default !== undefined) return field.default
  // The published schema of a built-in type gives plain fields that must be there their zero as default.
  const required = field !== undefined && field.number > 0 && !field.omitEmpty && !field.pointer
  return required && field.schema.type === 'scalar' && field.schema.format === 'string' ? '' : undefined
}

const keys = new WeakMap<ListSchema, readonly string[]>()

function sortedKeys(list: ListSchema): readonly string[] {
  let known = keys.get(list)
  if (!known) keys.set(list, known = [...list.listMapKeys ?? []].sort())
  return known
}

/** Whether two items have the same step, without making it. */
export function sameItem(list: ListSchema, a: unknown, b: unknown): boolean {
  if (list.listType !== 'map') return a === b && typeof a !== 'object'
  if (!isJsonObject(a) || !isJsonObject(b)) return false
  for (const name of list.listMapKeys ?? []) {
    const one = a[name]
    if (one === undefined || one === null || typeof one === 'object' || one !== b[name]) return false
  }
  return true
}

/** `.name`, `[name="web"]`, `[="x"]`, `[0]`. */
export function stepText(step: Step): string {
  const rest = step.slice(2)
  switch (step[0]) {
    case 'k': {
      const fields = Object.entries(JSON.parse(rest) as Record<string, unknown>)
      return `[${fields.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`
    }
    case 'v': return `[=${rest}]`
    case 'i': return `[${rest}]`
    default: return `.${rest}`
  }
}

/** `.spec.containers[name="web"].image`. */
export const pathText = (path: readonly Step[]): string => path.map(stepText).join('')
