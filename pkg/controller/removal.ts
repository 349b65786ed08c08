// Deletes one object and no other that may have taken its name.
import { keyOf, type KubeObject, type Resource } from '../api/object.ts'
import type { DeleteOptions } from '../api/request.ts'
import { isConflict, isNotFound } from '../api/status-error.ts'
import type { Client } from '../client/client.ts'

/** Whether a refusal means that the object is gone, or that another one has its name. There are conflicts about objects that still stand, too. */
export async function isGone(error: unknown, client: Pick<Client, 'get'>, resource: Resource, object: KubeObject): Promise<boolean> {
  if (isNotFound(error)) return true
  if (!isConflict(error)) return false
  try {
    return (await client.get(resource, keyOf(object))).metadata.uid !== object.metadata.uid
  } catch (second) {
    return isNotFound(second)
  }
}

/** False when it was gone already, which is as good. */
export async function removeObject(client: Pick<Client, 'get' | 'delete'>, resource: Resource, object: KubeObject, options: DeleteOptions = {}): Promise<boolean> {
  try {
    await client.delete(resource, keyOf(object), { ...options, preconditions: { uid: object.metadata.uid, ...options.preconditions } })
    return true
  } catch (error) {
    if (await isGone(error, client, resource, object)) return false
    throw error
  }
}
