// Requests for resources over HTTP: from method, path, query and body to an ApiRequest, and the answer back.
import { decodeDeleteOptions, type YamlText } from '../api/decode.ts'
import type { ApiRequest, Handle, UserInfo, Verb } from '../api/request.ts'
import { methodNotAllowed, PageNotFound, unknownPath } from '../api/status-error.ts'
import type { Definition } from '../registry/definition.ts'
import type { Registry } from '../registry/registry.ts'
import type { Clock } from '../util/clock.ts'
import type { Authorizer } from './authorizer.ts'
import { requireAllowed } from './authorize.ts'
import { checkServed } from './check-served.ts'
import { decodeObject, decodePatch, decoded } from './decode-body.ts'
import { checkForm, encodeAnswer } from './encode.ts'
import { header, readBody, type Exchange } from './exchange.ts'
import { attributesOf, removedRelease } from './handle.ts'
import { checkStreamed, negotiate, producedFor } from './negotiate.ts'
import { parseDeleteQuery, parseOptions, truth, wantsPretty } from './query-options.ts'
import type { RequestMetrics } from './metrics.ts'
import { labelsOf } from './request-labels.ts'
import type { ResourcePath } from './request-path.ts'
import { send, wholeText } from './respond.ts'
import { parseInclude } from './table.ts'
import { sendWatch } from './watch-door.ts'

export interface ResourceDoorOptions {
  /** Of requests that are allowed, of kinds that have what they ask for. */
  readonly carryOut: Handle
  readonly registry: Registry
  readonly authorizer: Authorizer
  readonly clock: Clock
  readonly metrics: RequestMetrics
  /** A client stopped reading its watch. */
  readonly onStall: (exchange: Exchange) => void
}

/** undefined for a method that resources don't have. */
export function verbOf(method: string, path: ResourcePath, query: URLSearchParams): Verb | undefined {
  if (path.watch) return 'watch'
  const named = path.name !== undefined
  switch (method) {
    case 'GET': case 'HEAD':
      return named ? 'get' : truth(query, 'watch') ? 'watch' : 'list'
    case 'POST': return 'create'
    case 'PUT': return 'update'
    case 'PATCH': return 'patch'
    case 'DELETE': return named ? 'delete' : 'deletecollection'
    default: return undefined
  }
}

/** Groups of which Kubernetes itself knows the kinds answer for what they have not. */
export const isBuiltIn = (registry: Registry, group: string): boolean => registry.definitions().some(({ resource, schema }) => resource.group === group && schema.goName !== undefined)

export async function serveResource(exchange: Exchange, path: ResourcePath, options: ResourceDoorOptions): Promise<void> {
  const { registry, authorizer, clock, carryOut } = options
  const { query, user, incoming, audit } = exchange
  const verb = verbOf(exchange.method, path, query)
  const { group, version, plural, namespace, name, subresource } = path
  const parsed = verb ? parseOptions(query, verb) : {}
  // A body is read only for those who may send it.
  const decidedMs = options.metrics.access.measured(clock, () => requireAllowed(authorizer, attributesOf({ verb: verb ?? '', user, group, version, plural, subresource, namespace, name, options: parsed }), audit?.annotate))
  audit?.took('authorization', decidedMs)
  const definition = registry.definition(group, version, plural)
  if (!definition) throw isBuiltIn(registry, group) ? unknownPath() : new PageNotFound()
  if (path.rest !== undefined || name === '' || subresource === '') throw unknownPath()
  checkServed(definition, { verb: verb ?? '', namespace, name, subresource })
  // Kubernetes' own kinds are read by GET only.
  if (!verb || (exchange.method !== 'GET' && (exchange.method === 'HEAD' || verb === 'watch') && definition.schema.goName !== undefined)) throw methodNotAllowed()
  if (definition.deprecation !== undefined) options.metrics.deprecated(labelsOf(path, exchange.method, query), removedRelease(definition.deprecation) ?? '')
  const form = negotiate(header(incoming, 'accept'), definition.schema.goName === undefined ? undefined : producedFor(verb))
  checkForm(definition, form)
  if (verb === 'watch') checkStreamed(form)
  const include = form.as === 'Table' ? parseInclude(query.get('includeObject')) : 'Metadata'

  const body = writes.has(verb) ? exchange.body ?? await readBody(exchange) : undefined
  const sent = body && decodedBody(exchange, body, { verb, definition, subresource, registry })
  const request: ApiRequest = {
    verb, user, group, version, plural, subresource, namespace, name,
    options: verb === 'delete' || verb === 'deletecollection' ? { ...parsed, ...await deletion(exchange, registry) } : parsed,
    ...(sent instanceof Promise ? await sent : sent),
    annotate: audit?.annotate, took: exchange.tally?.took,
    userAgent: header(incoming, 'user-agent'),
    warn: (text) => void exchange.warnings.push(text),
    signal: verb === 'watch' ? exchange.lasting() : undefined,
  }
  audit?.requested(request)
  const response = await carryOut(request)
  if (response.type === 'watch') {
    const { ended, sizes } = options.metrics.watchStarted(labelsOf(path, exchange.method, query))
    exchange.onStream()
    try {
      await audit?.started(200)
      await sendWatch(exchange, response.events, { definition, form, include, clock, sizes, onStall: () => options.onStall(exchange) })
    } finally {
      ended()
    }
    return
  }
  const answeredMs = audit && clock.monotonic()
  const answer = encodeAnswer(response, definition, { form, include, now: clock.now(), pretty: wantsPretty(incoming, query) })
  audit?.responded(response, form.as && form.media !== 'application/yaml' ? () => JSON.parse(wholeText(answer)) : undefined)
  const encodedMs = audit && clock.monotonic()
  if (answeredMs !== undefined && encodedMs !== undefined) audit?.took('serialize-response-object', encodedMs - answeredMs)
  const sending = send(exchange, answer)
  if (!sending) return
  await sending
  if (encodedMs === undefined) return
  const tookMs = clock.monotonic() - encodedMs
  audit?.took('response-write', tookMs)
  if ('pieces' in answer) audit?.took('serialize-response-object', tookMs)
}

const writes = new Set<Verb>(['create', 'update', 'patch'])

async function deletion(exchange: Exchange, registry: Registry): Promise<Partial<ApiRequest['options']>> {
  const { incoming, query, user } = exchange
  const contentType = header(incoming, 'content-type')
  const body = await readBody(exchange)
  if (body.length === 0) return { delete: parseDeleteQuery(query) }
  const { dryRun, ...rest } = await decoded(body, contentType, yamlReader(registry, user), (yaml) => decodeDeleteOptions(body, contentType, yaml))
  exchange.audit?.requested({ deletion: { kind: 'DeleteOptions', apiVersion: 'v1', ...rest, ...(dryRun?.length ? { dryRun } : {}) } })
  return { delete: rest, ...(dryRun?.length ? { dryRun } : {}) }
}

type Sent = Pick<ApiRequest, 'object' | 'patch'>

/** Long YAML is read by a worker. */
const yamlReader = (registry: Registry, user: UserInfo) => (text: string): Promise<YamlText> => registry.aside(user, { job: 'yaml', text })

function decodedBody({ incoming, query, warnings, user }: Exchange, body: Buffer, { verb, definition, subresource, registry }: { verb: Verb; definition: Definition; subresource?: string; registry: Registry }): Sent | Promise<Sent> {
  const contentType = header(incoming, 'content-type')
  const context = { definition, subresource, contentType, fieldValidation: query.get('fieldValidation') ?? undefined, warn: (text: string) => void warnings.push(text) }
  return decoded<Sent>(body, contentType, yamlReader(registry, user), verb === 'patch'
    ? function* (yaml) { return { patch: yield* decodePatch(body, { ...context, ...(yaml ? { yaml } : {}) }) } }
    : function* (yaml) { return { object: yield* decodeObject(body, { ...context, ...(yaml ? { yaml } : {}) }) } })
}
