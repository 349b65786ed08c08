// The ReplicaSets of a Deployment: which is the new one, what they are called, what is written on them.
import { equalParts } from '../api/json-parts.ts'
import { scaledValue } from '../api/int-or-string.ts'
import { deployments, type Deployment, type ReplicaSet } from '../api/types-workload.ts'
import { ownerReferenceOf } from '../controller/ownership.ts'
import { inParts } from '../util/slices.ts'
import { hashLabel, templateHash, withoutHash } from './template-hash.ts'

export const revisionAnnotation = 'deployment.kubernetes.io/revision'
const historyAnnotation = 'deployment.kubernetes.io/revision-history'
const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas'
const maxAnnotation = 'deployment.kubernetes.io/max-replicas'
const notCopied = new Set([
  'kubectl.kubernetes.io/last-applied-configuration', revisionAnnotation, historyAnnotation, desiredAnnotation, maxAnnotation,
  'deprecated.deployment.rollback.to',
])
const historyLimit = 2000

export const replicasOf = (set: ReplicaSet | undefined): number => set?.spec.replicas ?? (set ? 1 : 0)
export const sum = (sets: readonly ReplicaSet[], value: (set: ReplicaSet) => number | undefined): number =>
  sets.reduce((total, set) => total + (value(set) ?? 0), 0)
export const byAge = (a: ReplicaSet, b: ReplicaSet): number =>
  order(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') || order(a.metadata.name ?? '', b.metadata.name ?? '')
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export interface Bounds {
  readonly desired: number
  readonly maxSurge: number
  readonly maxUnavailable: number
}

/** Both bounds as numbers; they are never both zero, or nothing could ever move. */
export function boundsOf({ spec }: Deployment): Bounds {
  const desired = spec.replicas ?? 1
  if (spec.strategy?.type === 'Recreate') return { desired, maxSurge: 0, maxUnavailable: 0 }
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec.strategy?.rollingUpdate ?? {}
  const surge = scaledValue(maxSurge, desired, 'up') ?? 0
  const unavailable = scaledValue(maxUnavailable, desired, 'down') ?? 0
  return { desired, maxSurge: surge, maxUnavailable: Math.min(desired, surge === 0 && unavailable === 0 ? 1 : unavailable) }
}

/** The oldest set with the deployment's template is the new one. */
export async function findNewSet(deployment: Deployment, sets: readonly ReplicaSet[]): Promise<ReplicaSet | undefined> {
  const template = withoutHash(deployment.spec.template)
  for (const set of [...sets].sort(byAge)) if (await inParts(equalParts(withoutHash(set.spec.template), template))) return set
  return undefined
}

/** 64 bits, as Kubernetes counts them: a set that is adopted may bring any of those. */
export function revisionOf(set: ReplicaSet): bigint {
  const text = set.metadata.annotations?.[revisionAnnotation] ?? ''
  return /^\d+$/.test(text) ? BigInt(text) : 0n
}

export function desiredReplicas(set: ReplicaSet): number | undefined {
  return numberAt(set, desiredAnnotation)
}

export function maxReplicas(set: ReplicaSet): number | undefined {
  return numberAt(set, maxAnnotation)
}

function numberAt(set: ReplicaSet, annotation: string): number | undefined {
  const text = set.metadata.annotations?.[annotation]
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

/** The annotations that tell a set how many the deployment wanted when it was last scaled. */
export function scaleAnnotations({ desired, maxSurge }: Bounds): Record<string, string> {
  return { [desiredAnnotation]: String(desired), [maxAnnotation]: String(desired + maxSurge) }
}

/** What stands on the new set: the deployment's annotations, its revision, and the revisions that it had before. */
export function newSetAnnotations(deployment: Deployment, set: ReplicaSet | undefined, others: readonly ReplicaSet[]): Record<string, string> {
  const annotations = { ...set?.metadata.annotations }
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) if (!notCopied.has(key)) annotations[key] = value
  const revision = others.map(revisionOf).reduce((most, one) => (one > most ? one : most), 0n) + 1n
  const before = set ? revisionOf(set) : 0n
  if (before >= revision) return annotations
  annotations[revisionAnnotation] = String(revision)
  if (before > 0n) annotations[historyAnnotation] = withHistory(annotations[historyAnnotation], before)
  return annotations
}

function withHistory(history: string | undefined, revision: bigint): string {
  const revisions = [...(history ? history.split(',') : []), String(revision)]
  while (revisions.length > 1 && revisions.join(',').length > historyLimit) revisions.shift()
  return revisions.join(',')
}

export async function newSet(deployment: Deployment, others: readonly ReplicaSet[], replicas: number): Promise<ReplicaSet> {
  const { metadata, spec, status } = deployment
  const hash = await templateHash(withoutHash(spec.template), status?.collisionCount)
  const labels = { ...spec.template.metadata?.labels, [hashLabel]: hash }
  return {
    apiVersion: 'apps/v1', kind: 'ReplicaSet',
    metadata: {
      name: `${metadata.name}-${hash}`, namespace: metadata.namespace, labels,
      annotations: { ...newSetAnnotations(deployment, undefined, others), ...scaleAnnotations(boundsOf(deployment)) },
      ownerReferences: [ownerReferenceOf(deployment, deployments)],
    },
    spec: {
      replicas, ...(spec.minReadySeconds ? { minReadySeconds: spec.minReadySeconds } : {}),
      selector: { ...spec.selector, matchLabels: { ...spec.selector?.matchLabels, [hashLabel]: hash } },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  }
}

/** Finished sets beyond the history limit, oldest revision first. */
export function setsToForget({ spec }: Deployment, old: readonly ReplicaSet[]): readonly ReplicaSet[] {
  const limit = spec.revisionHistoryLimit ?? 10
  const standing = old.filter((set) => !set.metadata.deletionTimestamp)
  return [...standing].sort((a, b) => Number(revisionOf(a) - revisionOf(b)) || byAge(a, b))
    .slice(0, Math.max(0, standing.length - limit))
    .filter((set) => replicasOf(set) === 0 && (set.status?.replicas ?? 0) === 0 && (set.metadata.generation ?? 0) <= (set.status?.observedGeneration ?? 0))
}
