// Serves discovery and OpenAPI documents for the definitions of the moment.
import { createHash } from 'node:crypto'
import type { Definition } from '../registry/definition.ts'
import { withAggregated, type AggregatedGroupVersion } from './aggregated-discovery.ts'
import { findDescriptions } from './descriptions.ts'
import type { DescriptionSource } from './descriptions.ts'
import { aggregatedDiscovery, apiGroup, apiGroupList, apiResourceList, apiVersions, discoveredGroups } from './discovery.ts'
import type { AggregatedVersion, DiscoveredGroup, DiscoveredVersion } from './discovery.ts'
import { documentPath, emptyOpenApiV2 } from './openapi.ts'
import { OpenApiDocuments, type ServedKinds } from './openapi-documents.ts'
import type { Answer } from './respond.ts'
import { json } from './respond.ts'
import type { DocumentRequest, Documents } from './system-routes.ts'

export interface DocumentOptions {
  /** Answers the same array until something changes. */
  readonly definitions: () => readonly Definition[]
  readonly descriptions?: DescriptionSource
  readonly aggregation?: {
    /** What other servers serve; the same array until something changes. */
    discovered(): readonly AggregatedGroupVersion[]
    /** One's OpenAPI document, as its server answers. */
    openApi(group: string, version: string, url: string): Promise<Answer>
  }
}

const nothing: readonly AggregatedGroupVersion[] = []

/** What was worked out for one state of the definitions. */
interface State extends ServedKinds {
  readonly aggregated: readonly AggregatedGroupVersion[]
  /** Discovery bodies by path and form. */
  readonly bodies: Map<string, Answer>
  index?: Promise<Answer>
}

export function createDocuments({ definitions, descriptions = findDescriptions(), aggregation }: DocumentOptions): Documents {
  let state: State | undefined
  const openApi = new OpenApiDocuments(descriptions)

  const current = (): State => {
    const now = definitions()
    const aggregated = aggregation?.discovered() ?? nothing
    if (state?.definitions !== now || state.aggregated !== aggregated) {
      state = { definitions: now, aggregated, groups: withAggregated(discoveredGroups(now), aggregated), bodies: new Map() }
    }
    return state
  }

  const openApiIndex = (): Promise<Answer> => {
    const state = current()
    return (state.index ??= openApi.index(state, hasOpenApi).then((index) => json(200, index)))
  }

  const openApiDocument = async (path: string, request: DocumentRequest): Promise<Answer | undefined> => {
    for (const { group, versions } of current().groups) {
      const member = versions.find(({ version }) => documentPath({ group, version }) === path)
      if (!member) continue
      if (member.remote) return member.remote.openApiUrl === undefined ? undefined : aggregation?.openApi(group, member.version, member.remote.openApiUrl)
      const hash = await openApi.hashOf(member)
      const asked = request.query.get('hash')
      if (asked !== null && asked !== hash) {
        return { ...json(301, null), body: '', headers: { location: `/openapi/v3/${path}?hash=${hash}` } }
      }
      const headers: Record<string, string> = { etag: `"${hash}"`, ...(asked === null ? {} : { 'cache-control': 'public, immutable' }) }
      if (request.ifNoneMatch?.includes(`"${hash}"`)) return { ...json(304, null), body: '', headers }
      return { code: 200, contentType: 'application/json', body: await openApi.version3(member.definitions, hash), headers }
    }
    return undefined
  }

  const swagger = async (request: DocumentRequest): Promise<Answer> => {
    if (onlyProtobuf(request.accept)) return { code: 200, contentType: protobufV2, body: emptyOpenApiV2() }
    if (request.ifNoneMatch !== undefined) {
      const etag = `"${await openApi.version2Hash(current())}"`
      if (request.ifNoneMatch.includes(etag)) return { ...json(304, null), body: '', headers: { etag } }
    }
    const { hash, body } = await openApi.version2(current)
    return { code: 200, contentType: 'application/json', body, headers: { etag: `"${hash}"` } }
  }

  return (request) => {
    if (request.path === '/openapi/v2') return swagger(request)
    if (request.path.startsWith('/openapi/') && request.path.endsWith('/')) return undefined
    const path = request.path.replace(/\/$/, '')
    if (path === '/openapi/v3') return openApiIndex()
    if (path.startsWith('/openapi/v3/')) return openApiDocument(path.slice('/openapi/v3/'.length), request)
    return discovery(path, request, current())
  }
}

const hasOpenApi = ({ remote }: DiscoveredVersion): boolean => !remote || (remote.openApiUrl !== undefined && !remote.stale)

// Asked for with `@v1.0`, which Go refuses to parse in an answer.
const protobufV2 = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'

/** kubectl asks for version 2 in no other form. */
function onlyProtobuf(accept = ''): boolean {
  return accept.includes('proto-openapi') && !accept.includes('json') && !accept.includes('*/*')
}

function discovery(path: string, request: DocumentRequest, { groups, bodies }: State): Answer | undefined {
  const aggregated = path === '/api' || path === '/apis' ? aggregatedVersion(request.accept) : undefined
  const key = `${path} ${aggregated ?? ''} ${path === '/api' && !aggregated ? request.host : ''}`
  let answer = bodies.get(key)
  if (!answer) {
    const value = aggregated
      ? aggregatedDiscovery(groups.filter(({ group }) => (group === '') === (path === '/api')), aggregated)
      : legacyDiscovery(path, request.host, groups)
    if (value === undefined) return undefined
    answer = tagged(json(200, value), aggregated)
    // Hosts are what clients call us: as many as they like.
    if (!key.endsWith(request.host) || bodies.size < 200) bodies.set(key, answer)
  }
  const etag = answer.headers?.['etag']
  return typeof etag === 'string' && request.ifNoneMatch?.includes(etag) ? { ...answer, code: 304, body: '' } : answer
}

function tagged(answer: Answer, aggregated: AggregatedVersion | undefined): Answer {
  const headers: Record<string, string> = { vary: 'Accept' }
  if (!aggregated) return { ...answer, headers }
  headers['etag'] = `"${createHash('sha512').update(answer.body).digest('hex').toUpperCase()}"`
  return { ...answer, contentType: `application/json;g=apidiscovery.k8s.io;v=${aggregated};as=APIGroupDiscoveryList`, headers }
}

/** The newest form of aggregated discovery that the client takes, if any. */
function aggregatedVersion(accept: string | undefined): AggregatedVersion | undefined {
  const versions = new Set<string>()
  for (const clause of (accept ?? '').split(',')) {
    const parts = clause.split(';').map((part) => part.trim())
    if (parts[0] !== 'application/json' || !parts.includes('g=apidiscovery.k8s.io') || !parts.includes('as=APIGroupDiscoveryList')) continue
    for (const part of parts) if (part.startsWith('v=')) versions.add(part.slice(2))
  }
  return versions.has('v2') ? 'v2' : versions.has('v2beta1') ? 'v2beta1' : undefined
}

function legacyDiscovery(path: string, host: string, groups: readonly DiscoveredGroup[]): unknown {
  const [, root, ...rest] = path.split('/')
  if (root === 'api') {
    if (rest.length === 0) return apiVersions(host)
    const member = rest.length === 1 ? groups.find(({ group }) => group === '')?.versions.find(({ version }) => version === rest[0]) : undefined
    return member && apiResourceList('', member)
  }
  if (root !== 'apis') return undefined
  if (rest.length === 0) return apiGroupList(groups.filter(({ group }) => group !== ''))
  const group = rest[0] === '' ? undefined : groups.find((candidate) => candidate.group === rest[0])
  if (!group || rest.length > 2) return undefined
  if (rest.length === 1) return apiGroup(group)
  const member = group.versions.find(({ version }) => version === rest[1])
  return member && apiResourceList(group.group, member)
}
