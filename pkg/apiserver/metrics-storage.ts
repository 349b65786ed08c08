// How many objects there are of each kind, in Prometheus' text form.
import { groupResource } from '../api/object.ts'
import type { Definition } from '../registry/definition.ts'
import type { Registry } from '../registry/registry.ts'
import { family, type Sample } from '../util/counters.ts'

export function storageMetrics(registry: Registry): string {
  const byStorage = new Map<string, Definition>()
  // Of several versions or groups of one kind the first.
  for (const definition of registry.definitions()) if (definition.storage !== undefined && !byStorage.has(definition.storage)) byStorage.set(definition.storage, definition)
  const counted = [...byStorage.values()].map((definition) => [definition.resource, registry.count(definition)] as const)
  return `${[
    ...family('apiserver_storage_objects', 'gauge', 'Objects by kind.', counted.map(([resource, count]): Sample => [`resource="${groupResource(resource)}"`, count])),
    ...family('apiserver_resource_objects', 'gauge', 'Objects by group and kind.', counted.map(([{ group, plural }, count]): Sample => [`group="${group}",resource="${plural}"`, count])),
  ].join('\n')}\n`
}
