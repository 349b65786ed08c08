// The continue token of a paged list: where the next page starts and which revision it shows.
import { badRequest } from '../api/status-error.ts'

export interface ContinueToken {
  /** -1: the newest state, no longer that of the first page. */
  readonly revision: number
  /** First key of the next page, relative to the list's prefix. */
  readonly start: string
}

const version = 'meta.k8s.io/v1'

export function encodeContinue(token: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: version, rv: token.revision, start: token.start })).toString('base64url')
}

export function decodeContinue(text: string): ContinueToken {
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.from(text, 'base64url').toString())
  } catch {
    throw badRequest('invalid continue token: continue key is not valid: the token is not one that this server made')
  }
  const { v, rv, start } = (parsed ?? {}) as Record<string, unknown>
  if (v !== version) throw badRequest(`invalid continue token: continue key is not valid: server does not recognize this encoded version ${JSON.stringify(v)}`)
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0 || rv < -1) throw badRequest('invalid continue token: continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
  if (typeof start !== 'string' || start === '' || start.split('/').includes('..')) throw badRequest('invalid continue token: continue key is not valid: encoded start key is empty or not below the list')
  return { revision: rv, start }
}
