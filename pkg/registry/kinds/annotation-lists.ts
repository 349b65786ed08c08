// Lists that annotations hold as JSON, from before they were fields: tolerations of pods, taints and unwanted pods of nodes.
import { kindOf } from '../../api/conform-scalar.ts'
import { JsonSyntaxError, parseJson } from '../../api/json-text.ts'
import type { Taint } from '../../api/types-node.ts'
import type { Toleration } from '../../api/types-pod.ts'
import type { Errors } from './rules.ts'
import { invalid, required } from './rules.ts'

type Annotations = Readonly<Record<string, string>>
type Json = Readonly<Record<string, unknown>>

/** A struct of Go: its name, and its fields of texts. */
interface Struct {
  readonly name: string
  readonly texts: readonly string[]
}

class Unfit extends Error {}

/** Go finds fields whatever their case. */
function fieldsOf(item: unknown, { name, texts }: Struct): Json {
  if (item === null) return {}
  if (typeof item !== 'object' || Array.isArray(item)) throw new Unfit(`json: cannot unmarshal ${kindOf(item)} into Go value of type core.${name}`)
  const fields: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(item)) {
    const field = texts.find((one) => one.toLowerCase() === key.toLowerCase())
    if (field === undefined) fields[key[0]?.toLowerCase() + key.slice(1)] = value
    else if (typeof value === 'string' || value === null) fields[field[0]?.toLowerCase() + field.slice(1)] = value ?? ''
    else throw new Unfit(`json: cannot unmarshal ${kindOf(value)} into Go struct field ${name}.${field} of type string`)
  }
  return fields
}

function read<T>(out: Errors, path: string, key: string, text: string, of: (value: unknown) => T): T | undefined {
  try {
    return of(parseJson(text))
  } catch (error) {
    if (!(error instanceof JsonSyntaxError) && !(error instanceof Unfit)) throw error
    out.push(invalid(path, key, error.message))
    return undefined
  }
}

function listOf(value: unknown, struct: Struct): Json[] {
  if (value === null) return []
  if (!Array.isArray(value)) throw new Unfit(`json: cannot unmarshal ${kindOf(value)} into Go value of type []core.${struct.name}`)
  return value.map((item) => fieldsOf(item, struct))
}

const tolerationsKey = 'scheduler.alpha.kubernetes.io/tolerations'
const taintsKey = 'scheduler.alpha.kubernetes.io/taints'
const avoidKey = 'scheduler.alpha.kubernetes.io/preferAvoidPods'

/** The tolerations that are said in an annotation, by the checks of those in the field. */
export function checkAnnotatedTolerations(out: Errors, path: string, annotations: Annotations, check: (out: Errors, path: string, list: Toleration[]) => void): void {
  const text = annotations[tolerationsKey]
  if (!text) return
  const list = read(out, path, tolerationsKey, text, (value) => listOf(value, { name: 'Toleration', texts: ['Key', 'Operator', 'Value', 'Effect'] }))
  if (list) check(out, `${path}.${tolerationsKey}`, list as Toleration[])
}

export function checkAnnotatedTaints(out: Errors, path: string, annotations: Annotations, check: (out: Errors, path: string, list: Taint[]) => void): void {
  const text = annotations[taintsKey]
  if (!text) return
  const list = read(out, path, taintsKey, text, (value) => listOf(value, { name: 'Taint', texts: ['Key', 'Value', 'Effect'] }))
  if (list) check(out, `${path}.${taintsKey}`, list as unknown as Taint[])
}

/** Pods that a node does not want, by their controllers. */
export function checkAvoidedPods(out: Errors, path: string, annotations: Annotations): void {
  const text = annotations[avoidKey]
  if (!text) return
  const avoided = read(out, `${path}.AvoidPods`, avoidKey, text, (value) => {
    if (value !== null && (typeof value !== 'object' || Array.isArray(value))) throw new Unfit(`json: cannot unmarshal ${kindOf(value)} into Go value of type v1.AvoidPods`)
    return (value ?? {}) as { preferAvoidPods?: ({ podSignature?: { podController?: { controller?: boolean } } } | null)[] }
  })
  const entries = avoided?.preferAvoidPods
  for (const [index, entry] of (Array.isArray(entries) ? entries : []).entries()) {
    const at = `${path}.${avoidKey}[${index}].PodSignature`
    const owner = entry?.podSignature?.podController
    if (!owner) out.push(required(at))
    else if (owner.controller !== true) out.push(invalid(`${at}.PodController.Controller`, false, 'must point to a controller'))
  }
}
