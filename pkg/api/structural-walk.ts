// What the checks of a schema share: where they are in a value, what they found, and how it is told.
import type { FieldError } from './field-error.ts'
import { invalid } from './field-error.ts'

/** A field, an item, or the key of a map where it is told as one: `[key]`. */
export type PathStep = string | number | { readonly key: string }

export interface Walk {
  /** Where the walk is; changes as it goes. */
  readonly path: (string | number)[]
  /** What the whole value is part of, in the fields of errors: their texts begin below it. */
  readonly within: string
  readonly errors: FieldError[]
  /** How much was found right, by which the best of several failed alternatives is told. */
  matches: number
}

/** `old` is what stood there before, null included; undefined where nobody can tell. */
export type Check = (value: unknown, old: unknown, walk: Walk) => void

/** `spec.ports[0].name` */
export function pathText(path: readonly PathStep[]): string {
  let text = ''
  for (const step of path) text += typeof step === 'number' ? `[${step}]` : typeof step === 'object' ? `[${step.key}]` : text === '' ? step : `.${step}`
  return text
}

const fieldText = ({ within }: Walk, at: string): string => (within === '' ? at || '<nil>' : at === '' ? within : `${within}.${at}`)

export function fail(walk: Walk, make: (field: string, body: string, at: string) => FieldError): void {
  const at = pathText(walk.path)
  walk.errors.push(make(fieldText(walk, at), `${at} in body`, at))
}

/** What is wrong with a whole value and not with one field of it has no path. */
export function failComposite(walk: Walk, text: string): void {
  walk.errors.push(invalid(fieldText(walk, ''), '', `${JSON.stringify(pathText(walk.path))} ${text}`))
}
