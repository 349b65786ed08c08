// The core of the API server: authorize, resolve the kind, hand over to the registry or to a create of its own.
import { exactValue, parseFieldSelector } from '../api/field-selector.ts'
import type { ApiRequest, ApiResponse, Handle, Verb } from '../api/request.ts'
import { unknownPath } from '../api/status-error.ts'
import type { Definition } from '../registry/definition.ts'
import type { Registry } from '../registry/registry.ts'
import type { ResourceAttributes, Authorizer } from './authorizer.ts'
import { requireAllowed } from './authorize.ts'
import { checkWriteOptions, longestManager } from './check-options.ts'
import { checkServed } from './check-served.ts'

/** A request that the registry does not answer by itself. May have side effects; fails with StatusError. */
export type SpecialRequest = (request: ApiRequest, definition: Definition) => ApiResponse | Promise<ApiResponse>

export interface HandleOptions {
  readonly registry: Registry
  readonly authorizer: Authorizer
  /** By `verb group/plural[/subresource]`. */
  readonly special?: ReadonlyMap<string, SpecialRequest>
  /** Checks a write before the registry sees it; throws to refuse (RBAC escalation). */
  readonly guards?: readonly ((request: ApiRequest) => Promise<void> | undefined | void)[]
  /** Answers for kinds that another server has; undefined for what nobody has. */
  readonly elsewhere?: (request: ApiRequest) => Promise<ApiResponse> | undefined
}

const changes = new Set<Verb>(['create', 'update', 'patch'])

export const specialKey = (request: Pick<ApiRequest, 'verb' | 'group' | 'plural' | 'subresource'>): string =>
  `${request.verb} ${request.group}/${request.plural}${request.subresource ? `/${request.subresource}` : ''}`

/** What the authorizer is asked about a request. A collection request for one name by field selector counts as for that name. */
export function attributesOf(request: Omit<ApiRequest, 'options' | 'verb'> & { readonly verb: string; readonly options: { readonly fieldSelector?: string } }): ResourceAttributes {
  const { user, verb, group, version, plural, subresource, namespace } = request
  const name = request.name ?? selectedName(request.options.fieldSelector)
  // A namespace is in itself, so that its own role bindings count.
  const within = group === '' && plural === 'namespaces' ? name : namespace
  return { user, verb, group, version, resource: plural, subresource, namespace: within, name, fieldSelector: request.options.fieldSelector }
}

function selectedName(fieldSelector: string | undefined): string | undefined {
  if (!fieldSelector?.includes('metadata.name')) return undefined
  try {
    return exactValue(parseFieldSelector(fieldSelector), 'metadata.name')
  } catch {
    // The registry tells what is wrong with it, to those who may ask.
    return undefined
  }
}

export function createHandle(options: HandleOptions): Handle {
  const carryOut = createAllowedHandle(options)
  return async (request) => {
    requireAllowed(options.authorizer, attributesOf(request), request.annotate)
    const definition = options.registry.definition(request.group, request.version, request.plural)
    if (definition) checkServed(definition, request)
    return carryOut(request)
  }
}

/** Of requests whose users are known to be allowed to make them, of kinds that are known to have what they ask for. */
export function createAllowedHandle(options: HandleOptions): Handle {
  const { registry, special = new Map<string, SpecialRequest>(), guards = [] } = options
  const specialKinds = new Set([...special.keys()].map((key) => key.split('/')[1]))
  return async (request) => {
    const definition = registry.definition(request.group, request.version, request.plural)
    if (!definition) {
      const answered = options.elsewhere?.(request)
      if (!answered) throw unknownPath()
      return answered
    }
    if (definition.deprecation !== undefined) tellDeprecation(request, definition.deprecation)
    checkWriteOptions(request)
    if (request.patch?.type === 'apply') requireCreate(options, request, definition)
    if (changes.has(request.verb)) {
      for (const guard of guards) {
        const judged = guard(request)
        if (judged) await judged
      }
    }
    const own = specialKinds.has(request.plural) ? special.get(specialKey(request)) : undefined
    return own ? own(request, definition) : answer(registry, definition, managed(request))
  }
}

/** Of a text that says what is deprecated. */
export const removedRelease = (text: string): string | undefined => /unavailable in v(\d+\.\d+)\+/.exec(text)?.[1]

function tellDeprecation({ warn, annotate }: ApiRequest, text: string): void {
  warn?.(text)
  annotate?.('k8s.io/deprecated', 'true')
  const removed = removedRelease(text)
  if (removed) annotate?.('k8s.io/removed-release', removed)
}

/** An apply that makes the object is a create. */
function requireCreate({ authorizer, registry }: HandleOptions, request: ApiRequest, definition: Definition): void {
  const { name = '', namespace, subresource } = request
  if (subresource || definition.storage === undefined || registry.has(definition, { namespace, name })) return
  requireAllowed(authorizer, attributesOf({ ...request, verb: 'create' }))
}

const unknownManager = 'unknown'

/** Writes that name no field manager are their program's. */
function managed(request: ApiRequest): ApiRequest {
  const { verb, options, userAgent = '' } = request
  if (options.fieldManager || (verb !== 'create' && verb !== 'update' && verb !== 'patch')) return request
  return { ...request, options: { ...options, fieldManager: userAgent.split('/')[0]!.slice(0, longestManager) || unknownManager } }
}

async function answer(registry: Registry, definition: Definition, request: ApiRequest): Promise<ApiResponse> {
  const { verb, namespace, subresource } = request
  const asking = { user: request.user, options: request.options, warn: request.warn, annotate: request.annotate, took: request.took }
  const { options } = asking
  const name = request.name ?? ''
  switch (verb) {
    case 'get':
      return { type: 'object', code: 200, object: await registry.getConverted(definition, { namespace, name, subresource, options }) }
    case 'list':
      return { type: 'list', code: 200, list: await registry.listConverted(definition, { ...asking, namespace }) }
    case 'watch':
      return { type: 'watch', code: 200, events: registry.watch(definition, { namespace, name: request.name, options, signal: request.signal }) }
    case 'create':
      return { type: 'object', code: 201, object: await registry.create(definition, { ...asking, namespace, object: request.object! }) }
    case 'update': {
      const { object, created } = await registry.update(definition, { ...asking, namespace, name, subresource, object: request.object! })
      return { type: 'object', code: created ? 201 : 200, object }
    }
    case 'patch': {
      const { object, created } = await registry.patch(definition, { ...asking, namespace, name, subresource, patch: request.patch! })
      return { type: 'object', code: created ? 201 : 200, object }
    }
    case 'delete': {
      const { gone, object, status } = await registry.delete(definition, { ...asking, namespace, name })
      return gone ? { type: 'status', code: 200, status } : { type: 'object', code: options.delete?.orphanDependents === false ? 202 : 200, object }
    }
    case 'deletecollection':
      return { type: 'list', code: 200, list: await registry.deleteCollection(definition, { ...asking, namespace }) }
  }
}
