// Server-side apply, inside one transaction: the configuration to the wanted object and its owners, and on as create or update.
import { applyConfig } from '../api/apply-config.ts'
import type { Applied } from '../api/apply-config.ts'
import { checkConfig } from '../api/apply-check.ts'
import { ownersFrom } from '../api/apply-owners.ts'
import type { OwnedType } from '../api/apply-type.ts'
import { pathsOf } from '../api/field-set.ts'
import { isJsonObject } from '../api/json.ts'
import type { JsonObject } from '../api/json.ts'
import type { AnyObject, KubeObject } from '../api/object.ts'
import { schemaOf } from '../api/schema-table.ts'
import { compareTyped } from '../api/typed-compare.ts'
import { rootSchema } from '../api/typed-shape.ts'
import { badRequest, conflict, notFound } from '../api/status-error.ts'
import { applyAside, inOneVersion } from './aside.ts'
import { createIn } from './create.ts'
import type { Subresource } from './definition.ts'
import { nowText, ownedType } from './managed-fields.ts'
import type { StoredEntry } from './object-view.ts'
import { viewOf } from './object-view.ts'
import { draftOf } from './patching.ts'
import type { WriteParts } from './patient-write.ts'
import type { Step } from './transaction-step.ts'
import { change, checkIdentity, subresourceOf } from './update.ts'
import type { Target, Written } from './writing.ts'
import { keyOfTarget } from './writing.ts'

export function* applyIn(step: Step, target: Target, config: unknown): WriteParts<Written> {
  const { definition } = target
  const stored = step.transaction.get<AnyObject>(keyOfTarget(target))
  const type = ownedType(step, definition, target.subresource)
  if (!stored) {
    if (target.subresource) throw notFound(definition.resource, target.name)
    return yield* createApplied(step, target, yield* applied(step, target, { type, config: named(config, target) }))
  }
  const subresource = target.subresource ? subresourceOf(definition, target.subresource) : undefined
  return yield* subresource?.view && subresource.merge ? applyView(step, target, { stored, subresource, type, config })
    : applyMain(step, target, { stored, type, config })
}

function* applied(step: Step, target: Target, { type, config, live }: { type: OwnedType; config: unknown; live?: AnyObject }): WriteParts<Applied> {
  const { fieldManager, force = false } = step.asking.options
  if (!fieldManager) throw badRequest('fieldManager is required for apply patch')
  if (step.outsideTransaction && isJsonObject(config) && inOneVersion(type, live?.metadata.managedFields)) {
    return yield* applyAside(step, type, { config, manager: fieldManager, force, time: nowText(step), ...(live ? { live } : {}), ...(target.subresource ? { subresource: target.subresource } : {}) })
  }
  return applyConfig(type, {
    ...(live ? { live } : {}), owners: ownersFrom(live?.metadata.managedFields) ?? [], config, manager: fieldManager, force, time: nowText(step),
    ...(target.subresource ? { subresource: target.subresource } : {}),
  })
}

function* createApplied(step: Step, target: Target, { object, owners }: Applied): WriteParts<Written> {
  yield
  const { resource } = target.definition
  const { resourceVersion: _resourceVersion, ...metadata } = object.metadata as KubeObject['metadata']
  if (metadata.uid) throw conflict(resource, target.name, `uid mismatch: the provided object specified uid ${metadata.uid}, and no existing object was found`)
  checkIdentity(target, object as unknown as KubeObject)
  return yield* createIn(step, target.definition, { object: { ...object, metadata } as unknown as KubeObject, ...(target.namespace ? { namespace: target.namespace } : {}) }, owners)
}

/** The name may stand in the path alone. */
function named(config: unknown, { name }: Target): unknown {
  if (!isJsonObject(config)) return config
  const metadata = config.metadata ?? {}
  return isJsonObject(metadata) && metadata.name === undefined ? { ...config, metadata: { ...metadata, name } } : config
}

interface Standing {
  readonly stored: StoredEntry
  readonly type: OwnedType
  readonly config: unknown
}

function* applyMain(step: Step, target: Target, { stored, type, config }: Standing): WriteParts<Written> {
  const { object, owners } = yield* applied(step, target, { type, config, live: viewOf(target.definition, stored) })
  yield
  const body = object as unknown as KubeObject
  checkIdentity(target, body)
  return yield* change(step, target, stored, { body, owners })
}

/** A view such as Scale stands for fields of the object itself: they are applied in its place. */
function* applyView(step: Step, target: Target, { stored, subresource, type, config }: Standing & { subresource: Subresource }): WriteParts<Written> {
  const live = viewOf(target.definition, stored)
  const body = checkedView(subresource, config)
  const { object, owners } = yield* applied(step, target, { type, live, config: { apiVersion: type.apiVersion, kind: type.kind, ...fieldsBehind(subresource, { type, live, body }) } })
  const { metadata } = body as unknown as KubeObject
  checkIdentity(target, { ...object, metadata: metadata ?? {} })
  const whole = { ...object, metadata: { ...object.metadata as object, ...(metadata?.resourceVersion ? { resourceVersion: metadata.resourceVersion } : {}) } }
  return yield* change(step, target, stored, { body: whole as unknown as KubeObject, own: draftOf(target.definition, whole as unknown as KubeObject), owners })
}

function checkedView({ kind, name }: Subresource, config: unknown): JsonObject {
  const schema = kind && schemaOf(kind.group, kind.version, kind.kind)
  if (!schema) throw new Error(`no schema for the body of subresource ${name}`)
  return checkConfig({ apiVersion: `${kind.group}/${kind.version}`, kind: kind.kind, schema, ignored: [] }, config)
}

/** The object's fields that the body sets, found by merging it and another: where the two differ, it reaches. */
function fieldsBehind(subresource: Subresource, { type, live, body }: { type: OwnedType; live: AnyObject; body: JsonObject }): JsonObject {
  const { replicas } = (body.spec ?? {}) as { replicas?: number }
  if (replicas === undefined) return {}
  const merged = (count: number): AnyObject => subresource.merge?.(live, { ...body, spec: { replicas: count } } as unknown as KubeObject) ?? live
  const reached = compareTyped(rootSchema(type.schema), merged(replicas), merged(replicas + 1))?.changed
  const deepest = [...pathsOf(reached)].at(-1) ?? []
  return deepest.reduceRight<unknown>((value, step) => ({ [step.slice(2)]: value }), replicas) as JsonObject
}
