// The operations of a definition as OpenAPI paths, in both dialects.
import type { JsonObject } from '../api/json.ts'
import type { Verb } from '../api/request.ts'
import { definitionPrefix } from '../api/schema-table.ts'
import type { Definition, Subresource } from '../registry/definition.ts'
import { definitionName, deleteOptionsName, patchName, statusName } from './openapi-schema.ts'
import type { SchemaCollector } from './openapi-schema.ts'

interface Kind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

interface Body {
  readonly kind: Kind
  readonly ref: JsonObject
}

const patchTypes = ['application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/apply-patch+yaml']
const media = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']

/** Writes one document's operations. */
export class PathWriter {
  /** What has been added since it was last taken. */
  paths: JsonObject = {}
  readonly #dialect: 2 | 3
  readonly #schemas: SchemaCollector

  constructor(dialect: 2 | 3, schemas: SchemaCollector) {
    this.#dialect = dialect
    this.#schemas = schemas
  }

  add(definition: Definition): void {
    const { resource, verbs } = definition
    const root = `${resource.group === '' ? '/api' : `/apis/${resource.group}`}/${resource.version}`
    const collection = `${root}${resource.namespaced ? '/namespaces/{namespace}' : ''}/${resource.plural}`
    this.#schemas.addKind(definition)
    const body: Body = { kind: resource, ref: this.#schemas.ref(definitionName(definition)) }
    const list: Body = { kind: resource, ref: this.#schemas.ref(`${definitionName(definition)}List`) }
    const strategic = definition.schema.goName !== undefined
    const has = (verb: Verb): boolean => verbs.includes(verb)
    const item = this.#item(has, body, strategic)
    const many: JsonObject = {
      ...(has('list') ? { get: this.#operation('list', resource, list, listParameters) } : {}),
      ...(has('create') ? { post: this.#operation('post', resource, body, writeParameters, { body: this.#content(body.ref, media) }) } : {}),
      ...(has('deletecollection') ? { delete: this.#operation('deletecollection', resource, this.#named(statusName, resource), [...listParameters, ...deleteParameters], { body: this.#deleteBody(resource) }) } : {}),
    }
    if (Object.keys(many).length > 0) this.paths[collection] = this.#path(many, collection)
    if (resource.namespaced && has('list')) {
      this.paths[`${root}/${resource.plural}`] = this.#path({ get: this.#operation('list', resource, list, listParameters) }, root)
    }
    if (Object.keys(item).length > 0) this.paths[`${collection}/{name}`] = this.#path(item, `${collection}/{name}`)
    for (const subresource of definition.subresources) this.#subresource(`${collection}/{name}`, resource, subresource, body, strategic)
  }

  #item(has: (verb: Verb) => boolean, body: Body, strategic: boolean): JsonObject {
    return {
      ...(has('get') ? { get: this.#operation('get', body.kind, body, []) } : {}),
      ...(has('update') ? { put: this.#operation('put', body.kind, body, writeParameters, { body: this.#content(body.ref, media) }) } : {}),
      ...(has('patch') ? { patch: this.#patch(body, strategic) } : {}),
      ...(has('delete') ? { delete: this.#operation('delete', body.kind, this.#named(statusName, body.kind), deleteParameters, { body: this.#deleteBody(body.kind) }) } : {}),
    }
  }

  #patch(body: Body, strategic: boolean): JsonObject {
    const types = patchTypes.filter((type) => strategic || !type.includes('strategic'))
    return this.#operation('patch', body.kind, body, [...writeParameters, parameter('force', 'boolean')], { body: this.#content(this.#schemas.addNamed(patchName), types) })
  }

  #subresource(item: string, resource: Kind, { name, kind, verbs }: Subresource, main: Body, strategic: boolean): void {
    const prefix = kind && definitionPrefix(kind.group, kind.version)
    const body: Body = kind ? { kind, ref: prefix ? this.#schemas.addNamed(prefix + kind.kind, kind) : {} } : main
    // Streams and proxies have no body that a schema could tell.
    const streams = kind?.kind.endsWith('Options') === true || name === 'log'
    const has = (verb: Verb): boolean => verbs.includes(verb)
    const operations: JsonObject = streams
      ? Object.fromEntries([['get', 'get'], ['create', 'post'], ['update', 'put'], ['delete', 'delete'], ['patch', 'patch']].filter(([verb]) => has(verb as Verb)).map(([, method]) => [method, this.#stream(kind ?? resource)]))
      : { ...this.#item(has, body, strategic), ...(has('create') ? { post: this.#operation('post', body.kind, body, writeParameters, { body: this.#content(body.ref, media) }) } : {}) }
    this.paths[`${item}/${name}`] = this.#path(operations, `${item}/${name}`)
  }

  #stream(kind: Kind): JsonObject {
    return { responses: { 200: { description: 'OK' } }, 'x-kubernetes-action': 'connect', 'x-kubernetes-group-version-kind': shown(kind) }
  }

  #operation(action: string, kind: Kind, answer: Body, parameters: readonly Parameter[], options: { body?: JsonObject } = {}): JsonObject {
    const query = parameters.map((entry) => this.#parameter(entry))
    const response = { description: 'OK', ...this.#answer(answer.ref) }
    const codes = action === 'post' ? [200, 201, 202] : action === 'put' || action === 'patch' ? [200, 201] : [200]
    const bodyParameter = this.#dialect === 2 && options.body ? [{ in: 'body', name: 'body', required: true, ...(options.body['v2'] as JsonObject) }] : []
    return {
      ...(query.length + bodyParameter.length > 0 ? { parameters: [...bodyParameter, ...query] } : {}),
      ...(options.body && this.#dialect === 2 ? { consumes: options.body['types'] } : {}),
      ...(this.#dialect === 2 ? { produces: media } : {}),
      ...(options.body && this.#dialect === 3 ? { requestBody: options.body } : {}),
      responses: Object.fromEntries(codes.map((code) => [code, response])),
      'x-kubernetes-action': action, 'x-kubernetes-group-version-kind': shown(kind),
    }
  }

  #answer(ref: JsonObject): JsonObject {
    return this.#dialect === 2 ? { schema: ref } : { content: Object.fromEntries(media.map((type) => [type, { schema: ref }])) }
  }

  #content(ref: JsonObject, types: readonly string[]): JsonObject {
    return this.#dialect === 2 ? { v2: { schema: ref }, types } : { content: Object.fromEntries(types.map((type) => [type, { schema: ref }])), required: true }
  }

  #deleteBody(_kind: Kind): JsonObject {
    const body = this.#content(this.#schemas.addNamed(deleteOptionsName, { group: '', version: 'v1', kind: 'DeleteOptions' }), media)
    return { ...body, ...(this.#dialect === 3 ? { required: false } : {}) }
  }

  #named(name: string, kind: Kind): Body {
    return { kind, ref: this.#schemas.addNamed(name, { group: '', version: 'v1', kind: name.split('.').at(-1) ?? '' }) }
  }

  #parameter({ name, type }: Parameter): JsonObject {
    return this.#dialect === 2 ? { in: 'query', name, type, uniqueItems: true } : { in: 'query', name, schema: { type, uniqueItems: true } }
  }

  #path(operations: JsonObject, path: string): JsonObject {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
    const parameters = names.map((name) => (this.#dialect === 2
      ? { in: 'path', name, required: true, type: 'string', uniqueItems: true }
      : { in: 'path', name, required: true, schema: { type: 'string', uniqueItems: true } }))
    return { ...operations, ...(parameters.length > 0 ? { parameters } : {}) }
  }
}

const shown = ({ group, version, kind }: Kind): JsonObject => ({ group, kind, version })

interface Parameter {
  readonly name: string
  readonly type: 'string' | 'integer' | 'boolean'
}

const parameter = (name: string, type: Parameter['type'] = 'string'): Parameter => ({ name, type })

const listParameters = [
  parameter('allowWatchBookmarks', 'boolean'), parameter('continue'), parameter('fieldSelector'), parameter('labelSelector'), parameter('limit', 'integer'),
  parameter('resourceVersion'), parameter('resourceVersionMatch'), parameter('sendInitialEvents', 'boolean'), parameter('timeoutSeconds', 'integer'), parameter('watch', 'boolean'),
]
const writeParameters = [parameter('dryRun'), parameter('fieldManager'), parameter('fieldValidation'), parameter('pretty')]
const deleteParameters = [
  parameter('dryRun'), parameter('gracePeriodSeconds', 'integer'), parameter('orphanDependents', 'boolean'), parameter('propagationPolicy'),
]
