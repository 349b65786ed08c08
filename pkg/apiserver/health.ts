// Health checks: `ok`, the list with `?verbose`, and each check at a path of its own.
import { StatusError } from '../api/status-error.ts'
import { text, type Answer } from './respond.ts'

/** Throws, or returns a text, when something is wrong. */
export type HealthCheck = () => string | undefined | Promise<string | undefined>

export interface HealthChecks {
  /** In the order in which they are listed. `ping` is always there. */
  readonly livez?: Readonly<Record<string, HealthCheck>>
  /** All of livez too. */
  readonly readyz?: Readonly<Record<string, HealthCheck>>
}

type Endpoint = 'healthz' | 'livez' | 'readyz'

export async function healthAnswer(endpoint: Endpoint, only: string | undefined, query: URLSearchParams, checks: HealthChecks): Promise<Answer> {
  const all: Record<string, HealthCheck> = { ping: () => undefined, ...checks.livez, ...(endpoint === 'livez' ? {} : checks.readyz) }
  if (only) {
    const check = Object.hasOwn(all, only) ? all[only] : undefined
    if (!check) throw new StatusError(404, 'NotFound', 'the server could not find the requested resource', {})
    const wrong = await fault(check)
    return wrong === undefined ? text(200, 'ok') : text(500, `internal server error: ${wrong}\n`)
  }
  const excluded = new Set(query.getAll('exclude'))
  const lines: string[] = []
  let failed = false
  for (const [name, check] of Object.entries(all)) {
    if (excluded.has(name)) {
      lines.push(`[+]${name} excluded: ok`)
      continue
    }
    const wrong = await fault(check)
    if (wrong !== undefined) failed = true
    lines.push(wrong === undefined ? `[+]${name} ok` : `[-]${name} failed: ${wrong}`)
  }
  if (failed) return text(500, `${lines.join('\n')}\n${endpoint} check failed\n`)
  return text(200, query.has('verbose') ? `${lines.join('\n')}\n${endpoint} check passed\n` : 'ok')
}

async function fault(check: HealthCheck): Promise<string | undefined> {
  try {
    return await check()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
