// The OpenAPI documents of what is served: version 3 by group-version, version 2 in one.
import { createHash } from 'node:crypto'
import type { Definition } from '../registry/definition.ts'
import { PathWriter } from './openapi-paths.ts'
import { SchemaCollector } from './openapi-schema.ts'
import type { Descriptions } from './openapi-schema.ts'
import { versionInfo } from './version.ts'

const info = { title: 'Kubernetes', version: versionInfo.gitVersion }

/** One group-version's document. */
export function openApiV3(definitions: readonly Definition[], descriptions: Descriptions = {}): unknown {
  const schemas = new SchemaCollector(3, descriptions)
  const writer = new PathWriter(3, schemas)
  for (const definition of definitions) writer.add(definition)
  return { openapi: '3.0.0', info, paths: writer.paths, components: { schemas: schemas.definitions } }
}

export function openApiV2(definitions: readonly Definition[], descriptions: Descriptions = {}): unknown {
  const schemas = new SchemaCollector(2, descriptions)
  const writer = new PathWriter(2, schemas)
  for (const definition of definitions) writer.add(definition)
  return { swagger: '2.0', info, paths: writer.paths, definitions: schemas.definitions }
}

/** `api/v1`, `apis/apps/v1`, as the index of version 3 names documents. */
export function documentPath({ group, version }: { group: string; version: string }): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`
}

/** Changes with the document. Upper-case hexadecimal, as clients put it into cache file names. */
export function documentHash(document: unknown, extra = ''): string {
  return createHash('sha512').update(JSON.stringify(document)).update(extra).digest('hex').toUpperCase()
}
