// Values as messages show them that Kubernetes prints in its internal form: Go's field names, and what is unset with them.
import type { PodSpec, PodTemplateSpec } from '../../api/types-pod.ts'
import { unifiedDiff } from '../../util/unified-diff.ts'
import { podTypes } from './go-pod-types.ts'

/** `unset` has the fields in their order, each with what stands there when it is unset. */
export function inGo(value: object | undefined, unset: Readonly<Record<string, unknown>>): object {
  const fields = new Map(Object.entries(value ?? {}).map(([name, field]) => [name.toLowerCase(), field as unknown]))
  return Object.fromEntries(Object.entries(unset).map(([name, none]) => [name, fields.get(name.toLowerCase()) ?? none]))
}

/** A struct of Go by its fields in order: where the value has each, what stands there when it is unset, and the struct that it holds. */
export type GoShape = Readonly<Record<string, readonly [field: string, unset: unknown, of?: GoShape]>>

/** The value as Go writes it as JSON without names of its own. Free maps are sorted. */
export function goForm(value: object | undefined, shape: GoShape): Record<string, unknown> {
  const fields = (value ?? {}) as Readonly<Record<string, unknown>>
  return Object.fromEntries(Object.entries(shape).map(([name, [field, unset, of]]) => {
    const inner = fields[field]
    if (of && (inner !== undefined || unset !== null)) return [name, Array.isArray(inner) ? inner.map((item: object) => goForm(item, of)) : goForm(inner as object | undefined, of)]
    return [name, inner === undefined ? unset : sorted(inner)]
  }))
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

interface GoField {
  readonly name: string
  readonly kind: string
  readonly of: string
}

const structs = new Map<string, readonly GoField[]>()

function fieldsOf(type: string): readonly GoField[] {
  let fields = structs.get(type)
  if (!fields) {
    fields = (podTypes[type] ?? '').split(' ').map((word) => {
      const [, name = '', kind = '', of = ''] = /^(\w+?)(\[\]|[=*#!?0]|$)(\w*)$/.exec(word) ?? []
      return { name, kind, of }
    })
    structs.set(type, fields)
  }
  return fields
}

const zeros: Readonly<Record<string, unknown>> = { '': '', '#': 0, '!': false, '0': '0' }
/** Where the names differ by more than case. */
const apiNames: Readonly<Record<string, string>> = { CephMonitors: 'monitors', RBDPool: 'pool', RBDImage: 'image', RadosUser: 'user', DataDiskURI: 'diskURI' }

/** A part of a pod as Go writes its struct as JSON. */
export function goStruct(type: string, value: object): Record<string, unknown> {
  const given = new Map(Object.entries(value).map(([name, field]) => [name.toLowerCase(), field as unknown]))
  return Object.fromEntries(fieldsOf(type).map(({ name, kind, of }) => {
    const field = given.get((apiNames[name] ?? name).toLowerCase())
    if (kind === '=') return [name, goStruct(of, (field ?? {}) as object)]
    if (field === undefined || field === null) return [name, zeros[kind] ?? null]
    if (of !== '') return [name, Array.isArray(field) ? field.map((item: object) => goStruct(of, item)) : goStruct(of, field)]
    return [name, sorted(field)]
  }))
}

/** A pod's spec; what is about the host stands in its security context there. */
export function goPodSpec(spec: PodSpec): Record<string, unknown> {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers, securityContext, ...rest } = spec
  return goStruct('PodSpec', { ...rest, securityContext: { hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers, ...securityContext } })
}

const metadataOrder = ['name', 'generateName', 'namespace', 'uid', 'resourceVersion', 'generation', 'creationTimestamp', 'labels', 'annotations', 'ownerReferences', 'finalizers'] as const

/** A template of pods: its metadata is part of it, with names as in the API. */
export function goTemplate({ metadata = {}, spec = { containers: [] } }: PodTemplateSpec): Record<string, unknown> {
  const named = metadataOrder.flatMap((field) => (metadata[field] === undefined ? [] : [[field, sorted(metadata[field])] as const]))
  return { ...Object.fromEntries(named), Spec: goPodSpec(spec) }
}

/** What changed between two such forms, line by line. */
export function goDiff(before: unknown, after: unknown): string {
  const text = (value: unknown): string => JSON.stringify(value, null, 1).replace(/[<>&]/g, (mark) => `\\u00${mark.charCodeAt(0).toString(16)}`)
  return unifiedDiff(text(before), text(after))
}
