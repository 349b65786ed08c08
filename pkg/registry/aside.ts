// The dear passes of a write about something large, worked out on the thread beside: what a small write does on the spot.
import { textParts } from '../api/object-text-parts.ts'
import { readJsonParts } from '../api/json-reader.ts'
import type { OwnedType } from '../api/apply-type.ts'
import type { Applied } from '../api/apply-config.ts'
import type { Owner } from '../api/apply-owners.ts'
import type { JsonObject } from '../api/json.ts'
import type { AnyObject, ManagedFieldsEntry } from '../api/object.ts'
import type { PlainPatch } from '../api/patch.ts'
import type { ObjectSchema } from '../api/schema.ts'
import { propsOfSchema } from '../api/structural-schema.ts'
import type { Parts } from '../util/slices.ts'
import { asideTask, asideWork, resultOf, type ApplyJob, type AsideAnswer, type Job, type OwnersJob, type OwnersText, type Results, type SchemaName, statedSchema, type StatedProps } from './aside-jobs.ts'
import { kindTextTask, type Judged, type Judgement, type KindRules } from './kind-task.ts'
import type { WriteParts } from './patient-write.ts'
import type { Step } from './transaction-step.ts'

/** Yields the promise, and is handed what it resolves with. */
function* ran<K extends Job['job']>(step: Step, job: Extract<Job, { job: K }>): WriteParts<Results[K]> {
  const stated = 'schema' in job && 'type' in job.schema ? yield* statedBy(job.schema) : undefined
  const [about, asked] = stated ? [stated, { ...job, schema: statedSchema }] : [asideWork, job]
  return resultOf<K>(job, (yield step.evaluations.elsewhere(asideTask, about, asked)) as AsideAnswer)
}

const stated = new WeakMap<ObjectSchema, StatedProps>()

function* statedBy(schema: ObjectSchema): Parts<StatedProps | undefined> {
  const props = propsOfSchema(schema)
  const known = stated.get(schema)
  if (known || !props) return known
  const made = { text: yield* textParts(props) }
  stated.set(schema, made)
  return made
}

const named = (schema: ObjectSchema, { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): SchemaName => {
  const [version = '', group = ''] = apiVersion.split('/').reverse()
  return schema.goName === undefined ? schema : { group, version, kind }
}

type About = Pick<OwnersJob, 'apiVersion' | 'kind' | 'ignored' | 'schema'>
const aboutType = (type: OwnedType): About => ({ apiVersion: type.apiVersion, kind: type.kind, ignored: type.ignored, schema: named(type.schema, type) })

/** Owners of other versions are looked at in those, which only this thread knows. */
export const inOneVersion = (type: OwnedType, ...lists: (readonly ManagedFieldsEntry[] | undefined)[]): boolean =>
  lists.every((list) => !list || list.every(({ apiVersion }) => apiVersion === type.apiVersion))

export interface OwnersAsked {
  readonly before?: AnyObject
  readonly after: AnyObject
  readonly sent: readonly ManagedFieldsEntry[] | undefined
  readonly manager: string
  readonly subresource?: string
  readonly time: string
}

export function* ownersAside(step: Step, type: OwnedType, { before, after, sent, ...rest }: OwnersAsked): WriteParts<readonly ManagedFieldsEntry[]> {
  const standing = before?.metadata.managedFields
  const { managedFields: _own, ...metadata } = after.metadata
  const owners = yield* ran(step, {
    job: 'owners', ...aboutType(type), ...rest, after: yield* textParts({ ...after, metadata }),
    ...(before ? { before: yield* textParts(before) } : {}), ...(sent && sent !== standing ? { sent: yield* textParts(sent) } : {}),
  })
  return yield* ownersOf(owners, standing)
}

function* ownersOf(owners: OwnersText, standing: readonly ManagedFieldsEntry[] = []): WriteParts<readonly ManagedFieldsEntry[]> {
  const result: ManagedFieldsEntry[] = []
  for (const owner of owners) result.push(typeof owner === 'number' ? standing[owner]! : (yield* readJsonParts(owner)).value as ManagedFieldsEntry)
  return owners.length === standing.length && result.every((owner, index) => owner === standing[index]) ? standing : result
}

export function* applyAside(step: Step, type: OwnedType, asked: { readonly live?: AnyObject; readonly config: JsonObject } & Pick<ApplyJob, 'manager' | 'force' | 'subresource' | 'time'>): WriteParts<Applied> {
  const { live, config, ...rest } = asked
  const { object, owners } = yield* ran(step, {
    job: 'apply', ...aboutType(type), ...rest, config: yield* textParts(config), ...(live ? { live: yield* textParts(live) } : {}),
  })
  const { value } = yield* readJsonParts(object)
  return { object: value as JsonObject, owners: (yield* ownersOf(owners, live?.metadata.managedFields)) as readonly Owner[] }
}

/** By a built-in kind's rules. */
export function* judgedAside(step: Step, rules: KindRules, { object, old }: Judged): WriteParts<Judgement> {
  const input = { object: yield* textParts(withoutOwners(object)), ...(old ? { old: yield* textParts(withoutOwners(old)) } : {}) }
  return (yield step.evaluations.elsewhere(kindTextTask, rules, input)) as Judgement
}

const withoutOwners = (object: AnyObject): AnyObject => {
  const { managedFields: _owners, ...metadata } = object.metadata
  return { ...object, metadata }
}

export function* patchedAside(step: Step, schema: ObjectSchema, current: AnyObject, { type, body }: PlainPatch): WriteParts<JsonObject> {
  const name = named(schema, { apiVersion: current.apiVersion ?? '', kind: current.kind ?? '' })
  const text = yield* ran(step, { job: 'patch', schema: name, type, body: yield* textParts(body as object), current: yield* textParts(current) })
  return (yield* readJsonParts(text)).value as JsonObject
}
