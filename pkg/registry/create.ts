// Create, inside one transaction: name, metadata, defaults, admission, the kind's rules, validation, allocation, put.
import type { Owner } from '../api/apply-owners.ts'
import { conform } from '../api/conform.ts'
import { isJsonObject } from '../api/json.ts'
import type { AnyObject, KubeObject, ObjectMeta } from '../api/object.ts'
import { alreadyExists, StatusError } from '../api/status-error.ts'
import type { Definition } from './definition.ts'
import { setTracked, trackCreate } from './managed-fields.ts'
import { keyOf } from './object-view.ts'
import { metadataErrors } from './metadata-errors.ts'
import { dropDuplicateOwners, generatedName, settleNamespace, startMetadata } from './object-metadata.ts'
import { draftInParts } from './patching.ts'
import type { WriteParts } from './patient-write.ts'
import type { Kept, Step } from './transaction-step.ts'
import type { Written } from './writing.ts'
import { admissionRequest, allocate, checkDraft, completeParts, countsGenerations, judged, mutate, putInParts, refuseInvalid, reviewParts, ruleContext } from './writing.ts'

const nameTries = 8

/** `owners` are given by an apply, which has worked them out. */
export function* createIn(step: Step, definition: Definition, request: { namespace?: string; object: KubeObject }, owners?: readonly Owner[]): WriteParts<Written> {
  const { clock } = step.context
  const draft = yield* draftInParts(definition, request.object)
  yield
  const { metadata } = draft
  const sent = metadata.managedFields
  if (metadata.ownerReferences) yield* dropDuplicateOwners(metadata, (text) => step.warn(text))
  settleNamespace(definition, metadata, request.namespace)
  startMetadata(metadata, clock, countsGenerations(definition))
  keepIdentity(step.kept, metadata)
  const { generateName } = metadata
  const isNamed = Boolean(metadata.name) || !generateName
  if (step.isLarge) yield* checkDraft(definition, draft)
  yield* completeParts(step, definition, draft)
  if (owners) setTracked(draft, owners)
  else yield* trackCreate(step, definition, draft, sent)
  yield
  const within = metadata.namespace ? { namespace: metadata.namespace } : {}
  let target = { definition, name: isNamed ? metadata.name ?? '' : '', ...within }
  let admission = admissionRequest(step, 'CREATE', target)
  if (!isNamed) admission = { ...admission, generateName }
  yield* mutate(step, draft, admission)
  yield
  if (!isNamed) {
    settleName(step, definition, draft)
    target = { definition, name: draft.metadata.name ?? '', ...within }
    admission = { ...admission, name: target.name }
  }
  if (step.isLarge) yield* checkDraft(definition, draft)
  if (draft.metadata.ownerReferences) yield* dropDuplicateOwners(draft.metadata, (text) => step.warn(text), true)
  prepare(step, definition, draft)
  yield
  const errors = yield* metadataErrors(definition, draft)
  yield
  const { errors: found, warnings } = yield* judged(step, target, draft)
  yield
  refuseInvalid(definition, target.name, [...errors, ...found])
  yield* reviewParts(step, draft, admission)
  for (const text of warnings()) step.warn(text)
  const taken = step.transaction.get<AnyObject>(keyOf(definition, target.namespace, target.name))
  if (taken) throw nameTaken(definition, draft.metadata, taken.value)
  allocate(step, definition, draft)
  yield
  return yield* putInParts(step, target, draft)
}

function nameTaken({ resource }: Definition, { name = '', generateName }: ObjectMeta, { metadata }: AnyObject): StatusError {
  const { message = '', details } = alreadyExists(resource, name).status
  const text = generateName ? `${message}, the server was not able to generate a unique name for the object` : message
  return new StatusError(409, 'AlreadyExists', metadata.deletionTimestamp ? `object is being deleted: ${text}` : text, { ...details, ...(generateName ? { retryAfterSeconds: 1 } : {}) })
}

function prepare(step: Step, definition: Definition, draft: AnyObject): void {
  if (definition.prepareCreate) definition.prepareCreate(draft, ruleContext(step))
  else if (definition.subresources.some(({ name }) => name === 'status')) delete draft.status
  // A hook's status is in canonical form like one that a client writes, or the first write back would be a change.
  const schema = definition.schema.fields.get('status')?.schema
  if (schema?.type === 'object' && isJsonObject(draft.status)) draft.status = conform(draft.status, schema).object
}

/** A generated name that is taken is made anew, a few times. */
function settleName(step: Step, definition: Definition, draft: AnyObject): void {
  const { metadata } = draft
  if (metadata.name || !metadata.generateName) return
  metadata.name = step.kept.name
  if (metadata.name) return
  for (let tries = 0; tries < nameTries; tries++) {
    metadata.name = generatedName(metadata.generateName, step.context.clock)
    if (!step.transaction.get(keyOf(definition, metadata.namespace, metadata.name))) break
  }
  step.kept.name = metadata.name
}

/** Who is asked about the object sees the one that is stored in the end. */
function keepIdentity(kept: Kept, metadata: ObjectMeta): void {
  metadata.uid = kept.uid ??= metadata.uid
  metadata.creationTimestamp = kept.creationTimestamp ??= metadata.creationTimestamp
}
