// The continue token of a paged list: where the next page starts and which revision it shows.
import { goNameOf } from '../api/decode-type.ts'
import { parseJson } from '../api/json-text.ts'
import { isJsonObject } from '../api/json.ts'
import { badRequest, type StatusError } from '../api/status-error.ts'

export interface ContinueToken {
  /** Negative: the newest state, no longer that of the first page. */
  readonly revision: number
  /** First key of the next page, relative to the list's prefix. */
  readonly start: string
}

const version = 'meta.k8s.io/v1'

const invalid = (why: string): StatusError => badRequest(`invalid continue token: continue key is not valid${why}`)

/** Where Go finds that this is no base64. */
function illegalByte(text: string): number | undefined {
  const at = text.search(/[^A-Za-z0-9_-]/)
  if (at >= 0) return at
  return text.length % 4 === 1 ? text.length - 1 : undefined
}

const misfit = (value: unknown, into: string): StatusError => invalid(`: json: cannot unmarshal ${goNameOf(value)} into Go ${into}`)

function textField(name: string, value: unknown): string {
  if (typeof (value ?? '') !== 'string') throw misfit(value, `struct field continueToken.${name} of type string`)
  return (value ?? '') as string
}

export function encodeContinue(token: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: version, rv: token.revision, start: token.start })).toString('base64url')
}

export function decodeContinue(text: string): ContinueToken {
  const illegal = illegalByte(text)
  if (illegal !== undefined) throw invalid(`: illegal base64 data at input byte ${illegal}`)
  let parsed: unknown
  try {
    parsed = parseJson(Buffer.from(text, 'base64url').toString('latin1'))
  } catch (error) {
    throw invalid(`: ${(error as Error).message}`)
  }
  if (parsed !== null && !isJsonObject(parsed)) throw misfit(parsed, 'value of type storage.continueToken')
  const { v, rv, start } = parsed ?? {}
  const stated = textField('v', v)
  const revision = rv ?? 0
  if (typeof revision !== 'number' || !Number.isSafeInteger(revision)) throw misfit(rv, 'struct field continueToken.rv of type int64')
  const key = textField('start', start)
  if (stated !== version) throw invalid(`: server does not recognize this encoded version ${stated}`)
  if (revision === 0) throw invalid(': incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
  if (key === '') throw invalid(': encoded start key empty (version meta.k8s.io/v1)')
  // A key that leads out of the list.
  if (/(?:^|\/)\.{0,2}(?:\/|$)/.test(key.replace(/^\//, ''))) throw invalid(`: ${key}`)
  return { revision, start: key }
}
