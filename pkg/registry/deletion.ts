// Delete, inside one transaction: preconditions, grace, what happens to dependents, and finalizers.
//
//   there --grace > 0--------> grace runs --DELETE with grace 0--.
//     |  `--finalizers pending-> waits for finalizers            |--> gone, or waits for finalizers
//     `--otherwise-----------------> gone                        '
import { invalid, invalidObject, notSupported } from '../api/field-error.ts'
import type { AnyObject, ObjectMeta } from '../api/object.ts'
import { groupResource } from '../api/object.ts'
import type { DeleteOptions } from '../api/request.ts'
import type { Status } from '../api/status-error.ts'
import { conflict, notFound } from '../api/status-error.ts'
import { longestSeconds } from '../api/times.ts'
import type { Definition } from './definition.ts'
import { timestamp } from './object-metadata.ts'
import type { StoredEntry } from './object-view.ts'
import { viewOf } from './object-view.ts'
import type { Step } from './transaction-step.ts'
import { finalizersOf } from './update.ts'
import type { Target, Written } from './writing.ts'
import { admissionRequest, keyOfTarget, put, remove, review, ruleContext } from './writing.ts'

const policies = ['Background', 'Foreground', 'Orphan']

export function checkDeleteOptions(options: DeleteOptions): void {
  const kind = { group: 'meta.k8s.io', kind: 'DeleteOptions' }
  const { propagationPolicy, orphanDependents } = options
  if (propagationPolicy !== undefined && !policies.includes(propagationPolicy)) {
    throw invalidObject(kind, '', [notSupported('propagationPolicy', propagationPolicy, [...policies, 'nil'])])
  }
  if (propagationPolicy !== undefined && orphanDependents !== undefined) {
    throw invalidObject(kind, '', [invalid('propagationPolicy', propagationPolicy, 'orphanDependents and deletionPropagation cannot be both set')])
  }
}

/** These are deleted by code of their own, which has words of its own. */
const withOwnDeletion = new Set(['namespaces', 'customresourcedefinitions.apiextensions.k8s.io'])

const wanted = [['uid', 'UID', 'deleted and then recreated'], ['resourceVersion', 'ResourceVersion', 'modified']] as const

/** Fails with 409 where an object is not the one that was meant. */
function checkPreconditions({ name, definition: { resource } }: Target, { value, revision }: StoredEntry, { preconditions = {} }: DeleteOptions): void {
  const found = { uid: value.metadata.uid ?? '', resourceVersion: String(revision) }
  for (const [key, word, story] of wanted) {
    const [asked, there] = [preconditions[key], found[key]]
    if (asked === undefined || asked === there) continue
    if (withOwnDeletion.has(groupResource(resource))) throw conflict(resource, name, `Precondition failed: ${word} in precondition: ${asked}, ${word} in object meta: ${there}`)
    throw conflict({ group: resource.group, plural: resource.kind }, name, `the ${word} in the precondition (${asked}) does not match the ${word} in record (${there}). The object might have been ${story}`)
  }
}

/** The finalizers that make the garbage collector deal with the dependents first, after `options` and the kind's default. */
export function propagationFinalizers(definition: Definition, finalizers: readonly string[], options: DeleteOptions): string[] {
  if (definition.defaultPropagation === 'none') return [...finalizers]
  const rest = finalizers.filter((finalizer) => finalizer !== 'orphan' && finalizer !== 'foregroundDeletion')
  const { propagationPolicy, orphanDependents } = options
  if (orphanDependents !== undefined) return orphanDependents ? [...rest, 'orphan'] : rest
  if (propagationPolicy === 'Orphan') return [...rest, 'orphan']
  if (propagationPolicy === 'Foreground') return [...rest, 'foregroundDeletion']
  if (propagationPolicy === 'Background') return rest
  if (rest.length < finalizers.length) return [...finalizers]
  return definition.defaultPropagation === 'Orphan' ? [...rest, 'orphan'] : rest
}

/** Seconds to wait; undefined: the kind knows no grace. Negative asks mean one second. */
function graceOf(definition: Definition, object: AnyObject, options: DeleteOptions): number | undefined {
  const asked = options.gracePeriodSeconds === undefined ? undefined : options.gracePeriodSeconds < 0 ? 1 : options.gracePeriodSeconds
  const grace = definition.gracePeriodSeconds?.(object, asked)
  return grace === undefined ? undefined : Math.min(grace, longestSeconds)
}

export function deleteIn(step: Step, target: Target, options: DeleteOptions): Written {
  const { definition } = target
  const stored = step.transaction.get<AnyObject>(keyOfTarget(target))
  if (!stored) throw notFound(definition.resource, target.name)
  checkPreconditions(target, stored, options)
  const old = viewOf(definition, stored)
  review(step, old, admissionRequest(step, 'DELETE', target, old))
  const metadata = { ...old.metadata }
  const draft: AnyObject = { ...old, metadata }
  const nowMs = step.context.clock.now()
  setFinalizers(metadata, propagationFinalizers(definition, metadata.finalizers ?? [], options))
  if (metadata.deletionTimestamp === undefined) definition.prepareDelete?.(draft, ruleContext(step))
  const grace = graceOf(definition, old, options)
  if (grace !== undefined) {
    const runs = startGrace(metadata, grace, options.gracePeriodSeconds !== undefined, nowMs)
    if (runs) return put(step, target, draft, stored)
  }
  if (finalizersOf(draft).length === 0) return remove(step, target, stored)
  markDeleting(draft, nowMs)
  return put(step, target, draft, stored)
}

function setFinalizers(metadata: ObjectMeta, finalizers: string[]): void {
  if (finalizers.length > 0) metadata.finalizers = finalizers
  else delete metadata.finalizers
}

/** Starts or shortens a grace period. True while one runs; false: delete now. */
function startGrace(metadata: ObjectMeta, grace: number, asked: boolean, nowMs: number): boolean {
  const running = metadata.deletionGracePeriodSeconds
  if (metadata.deletionTimestamp !== undefined) {
    if (running === undefined) return false
    // A grace that runs may only be shortened.
    if (!asked || grace >= running) return running > 0
    metadata.deletionTimestamp = timestamp(Date.parse(metadata.deletionTimestamp) + (grace - running) * 1000)
    metadata.deletionGracePeriodSeconds = grace
    return grace > 0
  }
  if (grace <= 0) return false
  metadata.deletionTimestamp = timestamp(nowMs + grace * 1000)
  metadata.deletionGracePeriodSeconds = grace
  if (metadata.generation) metadata.generation++
  return true
}

/** Deletion without grace that has to wait for finalizers. */
function markDeleting(draft: AnyObject, nowMs: number): void {
  const { metadata } = draft
  if (metadata.deletionTimestamp === undefined && metadata.generation) metadata.generation++
  if (metadata.deletionTimestamp === undefined || Date.parse(metadata.deletionTimestamp) > nowMs) metadata.deletionTimestamp = timestamp(nowMs)
  if (draft.kind === 'Namespace' && draft.apiVersion === 'v1') draft.status = { ...draft.status as object | undefined, phase: 'Terminating' }
  else metadata.deletionGracePeriodSeconds = 0
}

export function deletedStatus(target: Target, object: AnyObject): Status {
  const { group, plural } = target.definition.resource
  return {
    kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success',
    details: { name: target.name, ...(group ? { group } : {}), kind: plural, ...(object.metadata.uid ? { uid: object.metadata.uid } : {}) },
  }
}
