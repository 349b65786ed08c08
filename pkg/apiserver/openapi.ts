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

/**
 * The document of version 2 as gnostic encodes it, with no path and no definition. kubectl reads it when version 3 does not know
 * a kind (one without its CRD, a `List`): what it does not find there it leaves to the server, as it should. Without the document
 * it gives up on the manifest.
 */
export function emptyOpenApiV2(): Buffer {
  return Buffer.concat([field(1, Buffer.from('2.0')), field(2, Buffer.concat([field(1, Buffer.from(info.title)), field(2, Buffer.from(info.version))]))])
}

/** A protobuf field with fewer than 128 bytes. */
function field(number: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([number * 8 + 2, value.length]), value])
}

/** `api/v1`, `apis/apps/v1`, as the index of version 3 names documents. */
export function documentPath({ group, version }: { group: string; version: string }): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`
}

/** Changes with the document. Upper-case hexadecimal, as clients put it into cache file names. */
export function documentHash(document: unknown, extra = ''): string {
  return createHash('sha512').update(JSON.stringify(document)).update(extra).digest('hex').toUpperCase()
}
