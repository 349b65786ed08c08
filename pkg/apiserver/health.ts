// Health checks: `ok`, the list with `?verbose`, and each check at a path of its own.
import { PageNotFound } from '../api/status-error.ts'
import { text, type Answer } from './respond.ts'

/** Throws, or returns a text, when something is wrong. */
export type HealthCheck = () => string | undefined | Promise<string | undefined>

export interface HealthChecks {
  /** In the order in which they are listed. `ping` is always there. */
  readonly livez?: Readonly<Record<string, HealthCheck>>
  /** Asked by readyz after livez'. */
  readonly readyz?: Readonly<Record<string, HealthCheck>>
  /** What has been done when the server has started: asked after those, everywhere. */
  readonly startup?: Readonly<Record<string, HealthCheck>>
  /** Asked by readyz last. */
  readonly ending?: Readonly<Record<string, HealthCheck>>
}

type Endpoint = 'healthz' | 'livez' | 'readyz'

/** Each check can be asked for by itself. */
export function healthPaths(health: HealthChecks): string[] {
  return (['healthz', 'livez', 'readyz'] as const).flatMap((endpoint) => Object.keys(checksOf(endpoint, health)).map((name) => `/${endpoint}/${name}`))
}

function checksOf(endpoint: Endpoint, { livez, readyz, startup, ending }: HealthChecks): Record<string, HealthCheck> {
  const always = { ping: () => undefined, ...livez }
  return endpoint === 'readyz' ? { ...always, ...readyz, ...startup, ...ending } : { ...always, ...startup }
}

export async function healthAnswer(endpoint: Endpoint, only: string | undefined, query: URLSearchParams, { health, log, checked }: { health: HealthChecks; log: (text: string) => void; checked?: (name: string, endpoint: string, ok: boolean) => void }): Promise<Answer> {
  const all = checksOf(endpoint, health)
  if (only !== undefined) {
    const check = Object.hasOwn(all, only) ? all[only] : undefined
    if (!check) throw new PageNotFound()
    const wrong = await fault(check)
    return wrong === undefined ? plain(200, 'ok') : plain(500, `internal server error: ${wrong}\n`)
  }
  const excluded = new Set(query.getAll('exclude'))
  const lines: string[] = []
  const failed: string[] = []
  for (const [name, check] of Object.entries(all)) {
    if (excluded.delete(name)) {
      lines.push(`[+]${name} excluded: ok`)
      continue
    }
    const wrong = await fault(check)
    checked?.(name, endpoint, wrong === undefined)
    if (wrong !== undefined) failed.push(`${name}: ${wrong}`)
    // Everybody may read this: what is wrong is told to those who may ask for the check itself, and to the log.
    lines.push(wrong === undefined ? `[+]${name} ok` : `[-]${name} failed: reason withheld`)
  }
  if (excluded.size > 0) lines.push(`warn: some health checks cannot be excluded: no matches for ${[...excluded].sort().map((name) => JSON.stringify(name)).join(',')}`)
  if (failed.length > 0) {
    log(`${endpoint} check failed: ${failed.join('; ')}`)
    return plain(500, `${lines.join('\n')}\n${endpoint} check failed\n`)
  }
  return plain(200, query.has('verbose') ? `${lines.join('\n')}\n${endpoint} check passed\n` : 'ok')
}

const plain = (code: number, body: string): Answer => ({ ...text(code, body), headers: { 'x-content-type-options': 'nosniff' } })

async function fault(check: HealthCheck): Promise<string | undefined> {
  try {
    return await check()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
