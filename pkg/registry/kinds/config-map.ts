// ConfigMap: text and bytes by key, for pods and controllers.
import { configMaps } from '../../api/types-config.ts'
import type { ConfigMap } from '../../api/types-config.ts'
import { ageColumn, integer, nameColumn } from './columns.ts'
import { define } from './define.ts'
import type { Errors } from './rules.ts'
import { checkConfigKey, forbiddenField, invalid, same, tooLong } from './rules.ts'

/** The most that all values of a ConfigMap or Secret may add up to. */
export const maxDataBytes = 1024 * 1024

const keysOf = (map: object | undefined): string[] => Object.keys(map ?? {})

function validate(object: ConfigMap, old?: ConfigMap): Errors {
  const out: Errors = []
  let bytes = 0
  for (const [key, value] of Object.entries(object.data ?? {})) {
    checkConfigKey(out, `data[${key}]`, key)
    if (object.binaryData && key in object.binaryData) out.push(invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'))
    bytes += Buffer.byteLength(value)
  }
  for (const [key, value] of Object.entries(object.binaryData ?? {})) {
    checkConfigKey(out, `binaryData[${key}]`, key)
    bytes += Buffer.byteLength(value, 'base64')
  }
  if (bytes > maxDataBytes) out.push(tooLong('[]', maxDataBytes))
  if (old?.immutable) {
    if (object.immutable !== true) out.push(forbiddenField('immutable', 'field is immutable when `immutable` is set'))
    if (!same(object.data ?? {}, old.data ?? {})) out.push(forbiddenField('data', 'field is immutable when `immutable` is set'))
    if (!same(object.binaryData ?? {}, old.binaryData ?? {})) out.push(forbiddenField('binaryData', 'field is immutable when `immutable` is set'))
  }
  return out
}

export default define(configMaps, {
  generation: false,
  validate,
  columns: [
    nameColumn,
    integer('Data', 'Number of keys.', ({ data, binaryData }) => keysOf(data).length + keysOf(binaryData).length),
    ageColumn,
  ],
})
