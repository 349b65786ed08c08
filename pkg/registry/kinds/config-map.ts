// ConfigMap: text and bytes by key, for pods and controllers.
import { configMaps } from '../../api/types-config.ts'
import type { ConfigMap } from '../../api/types-config.ts'
import { ageColumn, nameColumn, number } from './columns.ts'
import { define } from './define.ts'
import type { Errors } from './rules.ts'
import { checkConfigKey, forbiddenField, invalid, same, tooLong } from './rules.ts'

/** The most that all values of a ConfigMap or Secret may add up to. */
export const maxDataBytes = 1024 * 1024

const keysOf = (map: object | undefined): string[] => Object.keys(map ?? {})

interface Immutable {
  immutable?: boolean
}

/** What was declared to stay as it is does. Of ConfigMaps and Secrets. */
export function checkFrozen<T extends Immutable>(out: Errors, object: T, { old, fields }: { old: T | undefined; fields: readonly (keyof T & string)[] }): void {
  if (!old?.immutable) return
  const text = 'field is immutable when `immutable` is set'
  if (object.immutable !== true) out.push(forbiddenField('immutable', text))
  for (const field of fields) if (!same(object[field] ?? {}, old[field] ?? {})) out.push(forbiddenField(field, text))
}

function validate(object: ConfigMap, old?: ConfigMap): Errors {
  const out: Errors = []
  checkFrozen(out, object, { old, fields: ['data', 'binaryData'] })
  let bytes = 0
  for (const [key, value] of Object.entries(object.data ?? {})) {
    checkConfigKey(out, `data[${key}]`, key)
    if (object.binaryData && Object.hasOwn(object.binaryData, key)) out.push(invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'))
    bytes += Buffer.byteLength(value)
  }
  for (const [key, value] of Object.entries(object.binaryData ?? {})) {
    checkConfigKey(out, `binaryData[${key}]`, key)
    bytes += Buffer.byteLength(value, 'base64')
  }
  // The path says: the whole object.
  if (bytes > maxDataBytes) out.push(tooLong('[]', maxDataBytes))
  return out
}

export default define(configMaps, {
  generation: false,
  validate,
  columns: [
    nameColumn,
    number('Data', 'Number of keys.', ({ data, binaryData }) => keysOf(data).length + keysOf(binaryData).length),
    ageColumn,
  ],
})
