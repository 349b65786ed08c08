// The OpenAPI documents of what is served: version 3 by group-version, version 2 in one.
import { createHash } from 'node:crypto'
import type { Definition } from '../registry/definition.ts'
import type { Slices } from '../util/slices.ts'
import { PathWriter } from './openapi-paths.ts'
import { SchemaCollector } from './openapi-schema.ts'
import type { Descriptions } from './openapi-schema.ts'
import { versionInfo } from './version.ts'

const info = { title: 'Kubernetes', version: versionInfo.gitVersion }

/** One group-version's document as JSON. Written kind by kind, as there may be thousands. */
export async function openApiV3(definitions: readonly Definition[], descriptions: Descriptions, slices: Slices): Promise<Buffer> {
  const { paths, schemas } = await membersOf(3, definitions, { descriptions, slices })
  return Buffer.concat([Buffer.from(`{"openapi":"3.0.0","info":${JSON.stringify(info)},"paths":`), ...paths, Buffer.from(',"components":{"schemas":'), ...schemas, Buffer.from('}}')])
}

export async function openApiV2(definitions: readonly Definition[], descriptions: Descriptions, slices: Slices): Promise<Buffer> {
  const { paths, schemas } = await membersOf(2, definitions, { descriptions, slices })
  return Buffer.concat([Buffer.from(`{"swagger":"2.0","info":${JSON.stringify(info)},"paths":`), ...paths, Buffer.from(',"definitions":'), ...schemas, Buffer.from('}')])
}

async function membersOf(dialect: 2 | 3, definitions: readonly Definition[], { descriptions, slices }: { descriptions: Descriptions; slices: Slices }): Promise<{ paths: Buffer[]; schemas: Buffer[] }> {
  const collector = new SchemaCollector(dialect, descriptions)
  const writer = new PathWriter(dialect, collector)
  const [paths, schemas] = [new ObjectText(), new ObjectText()]
  for (const definition of definitions) {
    writer.add(definition)
    for (const [path, operations] of Object.entries(writer.paths)) paths.add(path, operations)
    writer.paths = {}
    for (let next = collector.take(); next; next = collector.take()) {
      schemas.add(...next)
      if (slices.due) await slices.pause()
    }
  }
  return { paths: paths.end(), schemas: schemas.end() }
}

/** An object's text, member by member. */
class ObjectText {
  readonly #pieces: Buffer[] = []
  #text = '{'
  #separator = ''

  add(name: string, value: unknown): void {
    this.#text += `${this.#separator}${JSON.stringify(name)}:${JSON.stringify(value)}`
    this.#separator = ','
    if (this.#text.length < pieceSize) return
    this.#pieces.push(Buffer.from(this.#text))
    this.#text = ''
  }

  end(): Buffer[] {
    return [...this.#pieces, Buffer.from(`${this.#text}}`)]
  }
}

const pieceSize = 64 * 1024

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
export function documentHash(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha512')
  for (const part of parts) hash.update(part)
  return hash.digest('hex').toUpperCase()
}
