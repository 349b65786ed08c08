// What may be worked out aside of the event loop: pure functions over JSON texts, each dear for large objects and with a result that is a text.
import { applyConfig } from '../api/apply-config.ts'
import { ownersFrom, startingOwners, type Owner } from '../api/apply-owners.ts'
import { ownersAfterUpdate } from '../api/apply-update.ts'
import type { JsonObject } from '../api/json.ts'
import type { AnyObject, ManagedFieldsEntry } from '../api/object.ts'
import { applyPatch, type PlainPatch } from '../api/patch.ts'
import type { ObjectSchema } from '../api/schema.ts'
import { schemaOf } from '../api/schema-table.ts'
import { StatusError, type Status } from '../api/status-error.ts'
import { customObjectSchema, type JsonSchemaProps } from '../api/structural-schema.ts'
import { YamlSyntaxError, readYaml } from '../api/yaml-text.ts'
import { parseLossless } from '../util/lossless-json.ts'
import type { Task } from './evaluation.ts'

export interface KindName {
  readonly group: string
  readonly version: string
  readonly kind: string
}

/** A built-in kind by its name; of others what the work is about, or the schema itself. */
export type SchemaName = KindName | ObjectSchema | typeof statedSchema

/** The schema is that of the CRD's version which the work is about. */
export const statedSchema = { stated: true } as const

/** What a version of a CRD states, as the text that goes to the thread beside: it is large where the schema is. */
export interface StatedProps {
  readonly text: string
}

export interface OwnersJob {
  readonly job: 'owners'
  readonly schema: SchemaName
  readonly apiVersion: string
  readonly kind: string
  readonly ignored: readonly string[]
  /** The object before the write, with its owners; undefined on create. */
  readonly before?: string
  readonly after: string
  /** What the client says of owners; undefined when it says what stands. */
  readonly sent?: string
  readonly manager: string
  readonly subresource?: string
  readonly time: string
}

export interface ApplyJob {
  readonly job: 'apply'
  readonly schema: SchemaName
  readonly apiVersion: string
  readonly kind: string
  readonly ignored: readonly string[]
  readonly live?: string
  readonly config: string
  readonly manager: string
  readonly force: boolean
  readonly subresource?: string
  readonly time: string
}

export interface PatchJob {
  readonly job: 'patch'
  readonly schema: SchemaName
  readonly type: PlainPatch['type']
  readonly body: string
  readonly current: string
}

export interface YamlJob {
  readonly job: 'yaml'
  readonly text: string
}

export type Job = OwnersJob | ApplyJob | PatchJob | YamlJob

/** Owners that stand already are told by their place. */
export type OwnersText = readonly (number | string)[]

export interface Results {
  readonly owners: OwnersText
  readonly apply: { readonly object: string; readonly owners: OwnersText }
  readonly patch: string
  readonly yaml: { readonly value: string; readonly duplicates: readonly string[] }
}

const parsed = <T>(text: string): T => parseLossless(text) as T

function schemaNamed(name: SchemaName): ObjectSchema {
  if ('type' in name) return name
  if ('stated' in name) throw new Error('no schema was stated')
  const schema = schemaOf(name.group, name.version, name.kind)
  if (!schema) throw new Error(`no schema for ${name.kind}`)
  return schema
}

function texts(owners: readonly ManagedFieldsEntry[], standing: readonly ManagedFieldsEntry[] = []): OwnersText {
  return owners.map((owner) => {
    const place = standing.indexOf(owner)
    return place >= 0 ? place : JSON.stringify(owner)
  })
}

const jobs: { readonly [K in Job['job']]: (job: Extract<Job, { job: K }>) => Results[K] } = {
  owners({ schema, before: beforeText, after, sent, manager, subresource, time, apiVersion, kind, ignored }) {
    const before = beforeText === undefined ? undefined : parsed<AnyObject>(beforeText)
    const standing = before?.metadata.managedFields
    const starting = subresource ? ownersFrom(standing) ?? [] : startingOwners(sent === undefined ? standing : parsed(sent), standing)
    const owners = ownersAfterUpdate({ apiVersion, kind, schema: schemaNamed(schema), ignored }, {
      after: parsed(after), owners: starting, manager, time, ...(before ? { before } : {}), ...(subresource ? { subresource } : {}),
    })
    return texts(owners, standing)
  },
  apply({ schema, live: liveText, config, manager, force, subresource, time, apiVersion, kind, ignored }) {
    const live = liveText === undefined ? undefined : parsed<AnyObject>(liveText)
    const standing = live?.metadata.managedFields
    const { object, owners } = applyConfig({ apiVersion, kind, schema: schemaNamed(schema), ignored }, {
      owners: ownersFrom(standing) ?? [], config: parsed(config), manager, force, time, ...(live ? { live: live as unknown as JsonObject } : {}), ...(subresource ? { subresource } : {}),
    })
    const { metadata, ...rest } = object
    const { managedFields: _owners, ...other } = metadata as JsonObject
    return { object: JSON.stringify({ ...rest, metadata: other }), owners: texts(owners as readonly Owner[], standing) }
  },
  patch: ({ schema, type, body, current }) => JSON.stringify(applyPatch(parsed(current), { type, body: parsed(body) }, schemaNamed(schema))),
  yaml({ text }) {
    const { value, duplicates } = readYaml(text)
    return { value: JSON.stringify(value), duplicates }
  },
}

/** Refusals are answers, too. */
export type AsideAnswer = { readonly result: unknown } | { readonly status: Status } | { readonly badYaml: string }

function answer(job: Job): AsideAnswer {
  try {
    return { result: (jobs[job.job] as (job: Job) => unknown)(job) }
  } catch (error) {
    if (error instanceof StatusError) return { status: error.status }
    if (error instanceof YamlSyntaxError) return { badYaml: error.message }
    throw error
  }
}

/** What all of it is about: nothing that anybody stated. */
export const asideWork: object = {}

export const asideTask: Task<object, Job, AsideAnswer> = {
  name: 'aside',
  run: (about, job) => answer('schema' in job && 'stated' in job.schema ? { ...job, schema: schemaStated(about as StatedProps) } : job),
}

const made = new WeakMap<StatedProps, ObjectSchema>()

function schemaStated(about: StatedProps): ObjectSchema {
  let known = made.get(about)
  if (!known) made.set(about, known = customObjectSchema(parseLossless(about.text) as JsonSchemaProps))
  return known
}

/** Fails as the work did. */
export function resultOf<K extends Job['job']>(_job: Extract<Job, { job: K }>, answer: AsideAnswer): Results[K] {
  if ('result' in answer) return answer.result as Results[K]
  if ('badYaml' in answer) throw new YamlSyntaxError(answer.badYaml)
  const { code = 500, reason = '', message = '', details, metadata } = answer.status
  throw new StatusError(code, reason, message, details, metadata)
}
