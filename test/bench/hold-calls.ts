// What inputs that are dear to serve are made of: calls, and bodies of all forms.
import type { Api, Reply } from './hold-inputs.ts'

export const base = '/api/v1/namespaces/default'
export const configMaps = `${base}/configmaps`
export const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
export const merge = { 'content-type': 'application/merge-patch+json' }
export const strategic = { 'content-type': 'application/strategic-merge-patch+json' }
export const jsonPatch = { 'content-type': 'application/json-patch+json' }
export const apply = { 'content-type': 'application/apply-patch+yaml' }
export const yaml = { 'content-type': 'application/yaml' }
export const protobuf = { 'content-type': 'application/vnd.kubernetes.protobuf' }

export const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index))
export const keyed = <T>(count: number, make: (index: number) => T, prefix = 'k'): Record<string, T> => Object.fromEntries(times(count, (index) => [`${prefix}${index}`, make(index)]))

export async function gone(api: Api, path: string): Promise<void> {
  await api.call('DELETE', path)
}

/** Many calls, some at once. */
export async function all(count: number, call: (index: number) => Promise<Reply>, width = 50): Promise<string> {
  const codes = new Map<number, number>()
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      const { code } = await call(index)
      codes.set(code, (codes.get(code) ?? 0) + 1)
    }
  }
  await Promise.all(times(Math.min(width, count), worker))
  return [...codes].map(([code, number]) => `${code}×${number}`).join(' ')
}

/** Its parts: calls that follow each other. */
export function calls(...list: ((api: Api) => Promise<Reply>)[]): (api: Api) => Promise<string> {
  return async (api) => {
    const shown: string[] = []
    for (const call of list) {
      const { code, text } = await call(api)
      shown.push(`${code}${code >= 400 ? ` ${(JSON.parse(text) as { message?: string }).message?.slice(0, 160)}` : ` ${text.length}`}`)
    }
    return shown.join('; ')
  }
}

export const post = (path: string, body: string | Uint8Array | object, headers?: Record<string, string>) => (api: Api) => api.call('POST', path, body, headers)
export const patch = (path: string, body: string | object, headers: Record<string, string>) => (api: Api) => api.call('PATCH', path, body, headers)
export const get = (path: string, accept?: string) => (api: Api) => api.call('GET', path, undefined, accept ? { accept } : {})

export const configMap = (name: string, data: object, more: object = {}): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...more }, data })

export function crd(plural: string, schema: object = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, kind = plural): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.holds.example.com` },
    spec: {
      group: 'holds.example.com', scope: 'Namespaced', names: { plural, singular: plural, kind, listKind: `${kind}List` },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  }
}
export const customPath = (plural: string): string => `/apis/holds.example.com/v1/namespaces/default/${plural}`
export const custom = (kind: string, name: string, rest: object): object => ({ apiVersion: 'holds.example.com/v1', kind, metadata: { name }, ...rest })

export async function defined(api: Api, plural: string, schema?: object): Promise<void> {
  await api.call('POST', crds, crd(plural, schema))
  while ((await api.call('GET', customPath(plural))).code !== 200) await new Promise((next) => setTimeout(next, 20))
}

/** A length-delimited field of a protobuf message. */
export function field(number: number, bytes: Uint8Array): Buffer {
  const length: number[] = []
  let rest = bytes.length
  for (; rest > 127; rest = Math.floor(rest / 128)) length.push((rest % 128) | 0x80)
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length, rest]), bytes])
}
export const text = (value: string): Buffer => Buffer.from(value)
export const message = (kind: string, raw: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([0x6b, 0x38, 0x73, 0]), field(1, Buffer.concat([field(1, text('v1')), field(2, text(kind))])), field(2, raw)])
export const protobufConfigMap = (name: string, count: number): Buffer => message('ConfigMap', Buffer.concat([
  field(1, field(1, text(name))), ...times(count, (index) => field(2, Buffer.concat([field(1, text(`k${index}`)), field(2, text('v'))]))),
]))
