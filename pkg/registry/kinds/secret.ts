// Secret: bytes by key, typed.
import { kindOf } from '../../api/conform-scalar.ts'
import { JsonSyntaxError, parseJson } from '../../api/json-text.ts'
import { keyPairFault } from '../../api/pem.ts'
import { secrets } from '../../api/types-config.ts'
import type { Secret } from '../../api/types-config.ts'
import { ageColumn, nameColumn, number, text } from './columns.ts'
import { checkFrozen, maxDataBytes } from './config-map.ts'
import { define } from './define.ts'
import type { Errors } from './rules.ts'
import { checkConfigKey, checkImmutable, invalid, required, tooLong } from './rules.ts'

const accountAnnotation = 'kubernetes.io/service-account.name'

// stringData is write-only: it is merged into data and never stored.
function mergeStringData(draft: Secret): void {
  if (!draft.stringData) return
  const encoded = Object.entries(draft.stringData).map(([key, value]) => [key, Buffer.from(value).toString('base64')])
  draft.data = { ...draft.data, ...Object.fromEntries(encoded) }
  delete draft.stringData
}

/** What Go's decoder says of a text that is to be an object; '' when it is one. */
function objectFault(base64: string): string {
  try {
    const value = parseJson(Buffer.from(base64, 'base64').toString())
    if (typeof value === 'object' && !Array.isArray(value)) return ''
    return `json: cannot unmarshal ${kindOf(value)} into Go value of type map[string]interface {}`
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error.message
    throw error
  }
}

type Check = (out: Errors, data: Readonly<Record<string, string>>, secret: Secret) => void

const hasKeys = (...keys: string[]): Check => (out, data) => {
  for (const key of keys) if (!Object.hasOwn(data, key)) out.push(required(`data[${key}]`))
}

const hasObject = (key: string): Check => (out, data) => {
  const value = data[key]
  if (value === undefined) return void out.push(required(`data[${key}]`))
  const fault = objectFault(value)
  if (fault) out.push(invalid(`data[${key}]`, '<secret contents redacted>', fault))
}

/** What a Secret of a type must have. */
const byType: Readonly<Record<string, Check>> = {
  'kubernetes.io/service-account-token': (out, _data, { metadata }) => {
    if (!metadata.annotations?.[accountAnnotation]) out.push(required(`metadata.annotations[${accountAnnotation}]`))
  },
  'kubernetes.io/dockercfg': hasObject('.dockercfg'),
  'kubernetes.io/dockerconfigjson': hasObject('.dockerconfigjson'),
  'kubernetes.io/basic-auth': (out, data) => {
    if (!Object.hasOwn(data, 'username') && !Object.hasOwn(data, 'password')) out.push(required('data[username]'), required('data[password]'))
  },
  'kubernetes.io/ssh-auth': (out, data) => {
    if (!data['ssh-privatekey']) out.push(required('data[ssh-privatekey]'))
  },
  'kubernetes.io/tls': hasKeys('tls.crt', 'tls.key'),
}

function validate(object: Secret, old?: Secret): Errors {
  const out: Errors = []
  if (old) checkImmutable(out, 'type', object.type, old.type)
  checkFrozen(out, object, { old, fields: ['data'] })
  const data = object.data ?? {}
  let bytes = 0
  for (const [key, value] of Object.entries(data)) {
    checkConfigKey(out, `data[${key}]`, key)
    bytes += Buffer.byteLength(value ?? '', 'base64')
  }
  if (bytes > maxDataBytes) out.push(tooLong('data', maxDataBytes))
  const type = object.type ?? ''
  if (Object.hasOwn(byType, type)) byType[type]?.(out, data, object)
  return out
}

export default define(secrets, {
  generation: false,
  defaults(draft) {
    draft.type ||= 'Opaque'
    mergeStringData(draft)
  },
  validate,
  warnings({ type, data = {} }) {
    const text = (key: string): string => Buffer.from(data[key] ?? '', 'base64').toString('latin1')
    const fault = type === 'kubernetes.io/tls' ? keyPairFault(text('tls.crt'), text('tls.key')) : ''
    return fault ? [fault] : []
  },
  fields: { type: ({ type = '' }) => type },
  columns: [
    nameColumn,
    text('Type', 'What the secret is for, by which its keys are checked.', ({ type = '' }) => type),
    number('Data', 'Number of keys.', ({ data }) => Object.keys(data ?? {}).length),
    ageColumn,
  ],
})
