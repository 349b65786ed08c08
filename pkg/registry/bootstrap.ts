// What a new cluster finds in itself: creates the objects of a list that are not there.
import { thaw } from '../api/json.ts'
import type { AnyObject, KubeObject } from '../api/object.ts'
import { isAlreadyExists } from '../api/status-error.ts'
import type { UserInfo } from '../api/request.ts'
import type { Definition } from './definition.ts'
import type { Registry } from './registry.ts'
import { complete } from './writing.ts'

export const bootstrapUser: UserInfo = { username: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] }

/** Throws when nothing serves such objects. */
export function definitionFor(registry: Registry, object: KubeObject): Definition {
  const [version = '', group = ''] = (object.apiVersion ?? '').split('/').reverse()
  const found = registry.definitions().find(({ resource }) => resource.group === group && resource.version === version && resource.kind === object.kind)
  if (!found) throw new Error(`bootstrap: nothing serves ${object.apiVersion} ${object.kind} (${object.metadata.name})`)
  return found
}

/** The objects as a create would complete them; nothing is written. */
export function withDefaults(registry: Registry, objects: readonly KubeObject[]): KubeObject[] {
  return objects.map((object) => {
    const draft = thaw(object) as AnyObject
    complete(definitionFor(registry, object), draft)
    return draft
  })
}

/** Creates what is missing, in list order, and leaves alone what is there. Returns what it created. All of it is written at once, not one after the other. */
export async function ensureObjects(registry: Registry, objects: readonly KubeObject[], user = bootstrapUser): Promise<KubeObject[]> {
  const creations = await Promise.allSettled(objects.map((object) => ensure(registry, object, user)))
  return creations.flatMap((creation) => {
    if (creation.status === 'rejected') throw creation.reason
    return creation.value ?? []
  })
}

async function ensure(registry: Registry, object: KubeObject, user: UserInfo): Promise<KubeObject | undefined> {
  const definition = definitionFor(registry, object)
  const namespace = definition.resource.namespaced ? object.metadata.namespace ?? 'default' : undefined
  const within = namespace ? { namespace } : {}
  // A create would find out, too, but only at its end.
  if (object.metadata.name && registry.has(definition, { ...within, name: object.metadata.name })) return undefined
  try {
    return await registry.create(definition, { object, user, options: {}, ...within })
  } catch (error) {
    if (isAlreadyExists(error)) return undefined
    throw new Error(`bootstrap: ${object.kind} ${object.metadata.name}: ${(error as Error).message}`, { cause: error })
  }
}
