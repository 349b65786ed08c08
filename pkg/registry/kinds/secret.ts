// Secret: bytes by key, typed.
import { secrets } from '../../api/types-config.ts'
import type { Secret } from '../../api/types-config.ts'
import { ageColumn, integer, nameColumn, text } from './columns.ts'
import { maxDataBytes } from './config-map.ts'
import { define } from './define.ts'
import type { Errors } from './rules.ts'
import { checkConfigKey, checkImmutable, forbiddenField, invalid, required, same, tooLong } from './rules.ts'

// stringData is write-only: it is merged into data and never stored.
function mergeStringData(draft: Secret): void {
  if (!draft.stringData) return
  const encoded = Object.entries(draft.stringData).map(([key, value]) => [key, Buffer.from(value).toString('base64')])
  draft.data = { ...draft.data, ...Object.fromEntries(encoded) }
  delete draft.stringData
}

function parsesAsObject(base64: string): boolean {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64, 'base64').toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

/** Keys that a type of Secret must have. */
const requiredKeys: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
}

function checkType(out: Errors, { type = '', data = {}, metadata }: Secret): void {
  for (const key of requiredKeys[type] ?? []) {
    if (!(key in data)) out.push(required(`data[${key}]`))
    else if (key.startsWith('.docker') && !parsesAsObject(data[key] ?? '')) out.push(invalid(`data[${key}]`, '<secret contents redacted>', 'invalid character in JSON, expected an object'))
  }
  if (type === 'kubernetes.io/service-account-token' && !metadata.annotations?.['kubernetes.io/service-account.name']) {
    out.push(required('metadata.annotations[kubernetes.io/service-account.name]'))
  }
  if (type === 'kubernetes.io/basic-auth' && !('username' in data) && !('password' in data)) {
    out.push(required('data[username]'), required('data[password]'))
  }
}

function validate(object: Secret, old?: Secret): Errors {
  const out: Errors = []
  let bytes = 0
  for (const [key, value] of Object.entries(object.data ?? {})) {
    checkConfigKey(out, `data[${key}]`, key)
    bytes += Buffer.byteLength(value ?? '', 'base64')
  }
  if (bytes > maxDataBytes) out.push(tooLong('data', maxDataBytes))
  checkType(out, object)
  if (!old) return out
  checkImmutable(out, 'type', object.type, old.type)
  if (old.immutable) {
    if (object.immutable !== true) out.push(forbiddenField('immutable', 'field is immutable when `immutable` is set'))
    if (!same(object.data ?? {}, old.data ?? {})) out.push(forbiddenField('data', 'field is immutable when `immutable` is set'))
  }
  return out
}

export default define(secrets, {
  generation: false,
  defaults(draft) {
    draft.type ||= 'Opaque'
    mergeStringData(draft)
  },
  validate,
  fields: { type: ({ type = '' }) => type },
  columns: [
    nameColumn,
    text('Type', 'What the secret is for, by which its keys are checked.', ({ type = '' }) => type),
    integer('Data', 'Number of keys.', ({ data }) => Object.keys(data ?? {}).length),
    ageColumn,
  ],
})
