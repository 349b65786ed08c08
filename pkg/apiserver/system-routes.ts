// The paths that are no resources: version, health, metrics, issuer discovery, and the index at the root.
import { Hono } from 'hono'
import { PageNotFound, methodNotAllowed, unknownPath } from '../api/status-error.ts'
import { healthAnswer, healthPaths, type HealthChecks } from './health.ts'
import type { Answer } from './respond.ts'
import { json, pageNotFound, statusOf, text } from './respond.ts'
import { flagsPage, type Verbosity } from './verbosity.ts'
import { versionInfo } from './version.ts'

/** What discovery and OpenAPI are asked. The path has no query. */
export interface DocumentRequest {
  readonly path: string
  readonly query: URLSearchParams
  readonly accept: string | undefined
  readonly ifNoneMatch: string | undefined
  /** `host:port` that the client used. */
  readonly host: string
}

/** Answers discovery and OpenAPI paths; undefined for a path that is none. Throws StatusError. */
export type Documents = (request: DocumentRequest) => Answer | undefined | Promise<Answer | undefined>

/** The public half of the ServiceAccount token issuer. */
export interface IssuerDocuments {
  discovery(keySetUrl: string): unknown
  /** A JSON Web Key Set. */
  jwks(): unknown
}

export interface SystemRoutesOptions {
  readonly health: HealthChecks
  readonly metrics: () => string
  /** What health checks came to. */
  readonly healthMetrics?: () => string
  readonly checked?: (name: string, endpoint: string, ok: boolean) => void
  /** The state of flow control, as text. */
  readonly dumpFlows?: (what: 'dump_priority_levels' | 'dump_queues' | 'dump_requests', details: boolean) => string
  readonly verbosity?: Verbosity
  readonly documents?: Documents
  readonly issuer?: IssuerDocuments
  readonly log: (text: string) => void
  /** Whether a path belongs to Kubernetes' own groups, which answer for it themselves. */
  readonly isBuiltIn?: (path: string) => boolean
  /** Paths for the index beside the fixed ones. */
  readonly groupVersions: () => readonly string[]
}

const fixedPaths = [
  '/.well-known/openid-configuration', '/api', '/api/v1', '/apis', '/healthz', '/livez', '/metrics',
  '/openapi/v2', '/openapi/v3', '/openid/v1/jwks', '/readyz', '/version',
]

/** Who checks tokens may keep the keys. */
const forAnHour = { 'cache-control': 'public, max-age=3600' }

/** Documents can be tens of megabytes: too much to be copied into a response and out of it again. */
const longBody = 64 * 1024
const longBodies = new WeakMap<Response, Buffer>()

const toResponse = ({ code, contentType, body, headers }: Answer): Response => {
  const long = typeof body !== 'string' && body.length > longBody
  const response = new Response(code === 304 || long ? null : body as Uint8Array<ArrayBuffer>, { status: code })
  if (long) longBodies.set(response, body)
  response.headers.set('content-type', contentType)
  for (const [name, value] of Object.entries(headers ?? {})) response.headers.set(name, [value].flat().join(', '))
  return response
}

/** The body of a response of these routes. */
export const bodyOf = async (response: Response): Promise<Buffer> => longBodies.get(response) ?? Buffer.from(await response.arrayBuffer())

export function createSystemRoutes(options: SystemRoutesOptions): Hono {
  const app = new Hono()
  for (const path of ['/version', '/version/']) app.get(path, () => toResponse({ ...json(200, null), body: JSON.stringify(versionInfo, null, 2) }))
  app.get('/metrics', () => toResponse({ ...text(200, options.metrics()), contentType: 'text/plain; version=0.0.4; charset=utf-8' }))
  app.get('/metrics/slis', () => toResponse({ ...text(200, options.healthMetrics?.() ?? ''), contentType: 'text/plain; version=0.0.4; charset=utf-8' }))
  const { dumpFlows } = options
  for (const what of ['dump_priority_levels', 'dump_queues', 'dump_requests'] as const) {
    if (dumpFlows) app.get(`/debug/api_priority_and_fairness/${what}`, ({ req }) => toResponse(text(200, dumpFlows(what, Boolean(req.query('includeRequestDetails'))))))
  }
  const { verbosity } = options
  if (verbosity) {
    app.all('/debug/flags/v', async ({ req }) => toResponse(verbosity.answer(req.method, await req.text())))
    for (const path of ['/debug/flags', '/debug/flags/*']) app.all(path, () => toResponse(flagsPage))
  }
  for (const endpoint of ['healthz', 'livez', 'readyz'] as const) {
    // Names of checks have slashes.
    for (const path of [`/${endpoint}`, `/${endpoint}/*`]) {
      app.get(path, async ({ req }) => {
        const only = req.path === `/${endpoint}` ? undefined : req.path.slice(endpoint.length + 2)
        return toResponse(await healthAnswer(endpoint, only, new URL(req.url).searchParams, options))
      })
    }
  }
  for (const path of ['/', '/index.html']) app.get(path, () => {
    const paths = [...new Set([...fixedPaths, ...healthPaths(options.health), ...options.groupVersions()])].sort()
    return toResponse({ ...json(200, null), body: JSON.stringify({ paths }, null, 2) })
  })
  const { issuer } = options
  if (issuer) {
    for (const path of ['/.well-known/openid-configuration', '/.well-known/openid-configuration/']) app.get(path, ({ req }) => toResponse({ ...json(200, issuer.discovery(`https://${new URL(req.url).host}/openid/v1/jwks`)), headers: forAnHour }))
    for (const path of ['/openid/v1/jwks', '/openid/v1/jwks/']) app.get(path, () => toResponse({ ...json(200, issuer.jwks()), contentType: 'application/jwk-set+json', headers: forAnHour }))
  }
  app.all('*', async (context) => {
    const { url, method } = context.req
    const { pathname, searchParams, host } = new URL(url)
    const answer = await options.documents?.({
      path: pathname, query: searchParams, accept: context.req.header('accept'), ifNoneMatch: context.req.header('if-none-match'), host,
    })
    const reading = method === 'GET' || method === 'HEAD'
    if (answer ? !reading : !reading && fixedPaths.includes(pathname)) throw methodNotAllowed()
    if (!answer) throw options.isBuiltIn?.(pathname) ? unknownPath() : new PageNotFound()
    return toResponse(answer)
  })
  app.onError((error) => {
    if (error instanceof PageNotFound) return toResponse(pageNotFound)
    const status = statusOf(error, options.log)
    return toResponse(json(status.code ?? 500, status))
  })
  return app
}
