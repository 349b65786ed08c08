// Objects as rows: the Table and metadata forms of answers, as JSON text.
import type { AnyObject, KubeObject, ListMeta } from '../api/object.ts'
import type { Column, Definition } from '../registry/definition.ts'
import { badRequest } from '../api/status-error.ts'
import { ageColumn } from '../registry/kinds/columns.ts'
import { goQuoted } from '../util/go-text.ts'

export type Include = 'None' | 'Metadata' | 'Object'

export interface TableOptions {
  readonly version: 'v1' | 'v1beta1'
  readonly include: Include
  readonly now: number
  /** False after the first event of a watch: the client knows the columns already. */
  readonly columns?: boolean
}

export function parseInclude(text: string | null): Include {
  switch (text) {
    case null: case '': case 'Metadata': return 'Metadata'
    case 'None': case 'Object': return text
    default: throw badRequest(`Unable to convert to Table as requested: includeObject: Invalid value: ${goQuoted(text)}: must be 'Metadata', 'Object', 'None', or empty`)
  }
}

const plainColumns: readonly Column[] = [
  { name: 'Name', format: 'name', description: 'Name must be unique within a namespace.', value: (object) => object.metadata.name ?? '' },
  { name: 'Created At', type: 'date', description: 'When the object was created.', value: (object) => object.metadata.creationTimestamp ?? '' },
]

const count = (value: unknown): number => typeof value === 'number' ? value : 0
const scaleColumns: readonly Column[] = [
  plainColumns[0]!,
  { name: 'Desired', type: 'integer', value: (scale) => count((scale['spec'] as { replicas?: number } | undefined)?.replicas) },
  { name: 'Available', type: 'integer', value: (scale) => count((scale['status'] as { replicas?: number } | undefined)?.replicas) },
  ageColumn as Column,
]

function columnsFor(definition: Definition, objects: readonly KubeObject[]): readonly Column[] {
  if (objects[0]?.kind === 'Scale') return scaleColumns
  return definition.columns.length > 0 ? definition.columns : plainColumns
}

const columnText = new WeakMap<readonly Column[], string>()

function definitionsText(columns: readonly Column[]): string {
  let text = columnText.get(columns)
  if (text === undefined) {
    text = JSON.stringify(columns.map((column) => ({
      name: column.name, type: column.type ?? 'string', format: column.format ?? '', description: column.description ?? '', priority: column.priority ?? 0,
    })))
    columnText.set(columns, text)
  }
  return text
}

/** The Table of some objects of one kind. `encoded` gives an object's own JSON. */
export function tableText(definition: Definition, objects: readonly KubeObject[], metadata: ListMeta, options: TableOptions, encoded: (object: object) => Buffer): string {
  const row = rowWriter(definition, objects, options, encoded)
  return `${tableHead(definition, { objects, metadata, options }).slice(0, -1)},"rows":[${objects.map(row).join(',')}]}`
}

/** Writes one row of a Table of these objects. */
export function rowWriter(definition: Definition, objects: readonly KubeObject[], options: TableOptions, encoded: (object: object) => Buffer): (object: KubeObject) => string {
  const columns = columnsFor(definition, objects)
  return (object) => {
    const cells = JSON.stringify(columns.map((column) => column.value(object as AnyObject, options)))
    const conditions = definition.rowConditions?.(object as AnyObject)
    const shown = options.include === 'None' ? 'null' : options.include === 'Object' ? encoded(object).toString() : metadataText(object, options.version)
    return `{"cells":${cells}${conditions?.length ? `,"conditions":${JSON.stringify(conditions)}` : ''},"object":${shown}}`
  }
}

/** The Table of a bookmark: a row without values. Its object is there for what says that the initial events are over, which the client waits for. */
export function bookmarkTableText(definition: Definition, bookmark: KubeObject, options: TableOptions): string {
  const { metadata } = bookmark
  const head = tableHead(definition, { objects: [bookmark], metadata: { resourceVersion: metadata.resourceVersion }, options })
  const cells = columnsFor(definition, [bookmark]).map(() => null)
  const shown = options.include === 'None' && !metadata.annotations ? 'null' : metadataText(bookmark, options.version)
  return `${head.slice(0, -1)},"rows":[{"cells":${JSON.stringify(cells)},"object":${shown}}]}`
}

/** A Table without its rows. */
export function tableHead(definition: Definition, { objects, metadata, options }: { objects: readonly KubeObject[]; metadata: ListMeta; options: TableOptions }): string {
  return `{"kind":"Table","apiVersion":"meta.k8s.io/${options.version}","metadata":${JSON.stringify(metadata)},"columnDefinitions":${options.columns === false ? 'null' : definitionsText(columnsFor(definition, objects))}}`
}

const metadataTexts = { v1: new WeakMap<object, string>(), v1beta1: new WeakMap<object, string>() }

/** The PartialObjectMetadata form of an object; made once, because objects are frozen. */
export function metadataText(object: KubeObject, version: 'v1' | 'v1beta1'): string {
  const known = metadataTexts[version]
  let text = known.get(object)
  if (text === undefined) {
    text = `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${version}","metadata":${JSON.stringify(object.metadata)}}`
    known.set(object, text)
  }
  return text
}
