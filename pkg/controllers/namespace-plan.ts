// The conditions of a namespace that is being deleted, in Kubernetes' words: pure.
import { apiVersionOf, type KubeObject, type Resource } from '../api/object.ts'
import { formatTime } from '../api/times.ts'
import type { NamespaceCondition } from '../api/types-config.ts'

/** What of one kind is still there, or why it could not be deleted. */
export interface Remains {
  readonly resource: Resource
  readonly objects: readonly KubeObject[]
  readonly failure?: string
}

/** `unknown` are group-versions whose kinds can't be told. */
export function deletionConditions(old: readonly NamespaceCondition[], { remains, unknown }: { remains: readonly Remains[]; unknown: readonly string[] }, nowMs: number): NamespaceCondition[] {
  const failures = remains.flatMap(({ resource, failure }) => (failure === undefined ? [] : [`unexpected items still remain in namespace for gvr: ${apiVersionOf(resource)} ${resource.plural}: ${failure}`]))
  const left = remains.filter(({ objects }) => objects.length > 0)
    .map(({ resource, objects }) => `${resource.plural}.${resource.group} has ${objects.length} resource instances`).sort()
  const held = finalizerCounts(remains)
  const next: Omit<NamespaceCondition, 'lastTransitionTime'>[] = [
    unknown.length > 0
      ? { type: 'NamespaceDeletionDiscoveryFailure', status: 'True', reason: 'DiscoveryFailed', message: `Discovery failed for some groups, ${unknown.length} failing: unable to retrieve the complete list of server APIs: ${unknown.map((one) => `${one}: stale GroupVersion discovery: ${one}`).join(', ')}` }
      : { type: 'NamespaceDeletionDiscoveryFailure', status: 'False', reason: 'ResourcesDiscovered', message: 'All resources successfully discovered' },
    { type: 'NamespaceDeletionGroupVersionParsingFailure', status: 'False', reason: 'ParsedGroupVersions', message: 'All legacy kube types successfully parsed' },
    failures.length > 0
      ? { type: 'NamespaceDeletionContentFailure', status: 'True', reason: 'ContentDeletionFailed', message: `Failed to delete all resource types, ${failures.length} remaining: ${failures.sort().join(', ')}` }
      : { type: 'NamespaceDeletionContentFailure', status: 'False', reason: 'ContentDeleted', message: 'All content successfully deleted, may be waiting on finalization' },
    left.length > 0
      ? { type: 'NamespaceContentRemaining', status: 'True', reason: 'SomeResourcesRemain', message: `Some resources are remaining: ${left.join(', ')}` }
      : { type: 'NamespaceContentRemaining', status: 'False', reason: 'ContentRemoved', message: 'All content successfully removed' },
    held.length > 0
      ? { type: 'NamespaceFinalizersRemaining', status: 'True', reason: 'SomeFinalizersRemain', message: `Some content in the namespace has finalizers remaining: ${held.join(', ')}` }
      : { type: 'NamespaceFinalizersRemaining', status: 'False', reason: 'ContentHasNoFinalizers', message: 'All content-preserving finalizers finished' },
  ]
  const own = new Set(next.map(({ type }) => type))
  return [...old.filter(({ type }) => !own.has(type)), ...next.map((condition) => {
    const before = old.find(({ type }) => type === condition.type)
    const kept = before?.status === condition.status ? before.lastTransitionTime : undefined
    return { ...condition, lastTransitionTime: kept ?? formatTime(nowMs) }
  })]
}

function finalizerCounts(remains: readonly Remains[]): string[] {
  const counts = new Map<string, number>()
  for (const { objects } of remains) {
    for (const { metadata } of objects) for (const name of metadata.finalizers ?? []) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return [...counts].map(([name, count]) => `${name} in ${count} resource instances`).sort()
}
