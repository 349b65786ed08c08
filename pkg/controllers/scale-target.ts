// What is sized through its scale subresource, whatever its kind: found by the name of its kind, read and resized alike.
import { parseLabelSelector, type LabelMatcher } from '../api/label-selector.ts'
import type { KubeObject, ObjectKey, Resource } from '../api/object.ts'
import { isNotFound } from '../api/status-error.ts'
import type { Client } from '../client/client.ts'

export interface Scale extends KubeObject {
  spec?: { replicas?: number }
  status?: { replicas?: number; selector?: string }
}

export interface Scaled {
  readonly uid: string
  readonly wished: number
  readonly current: number
  /** undefined where the kind does not tell its pods. */
  readonly matcher?: LabelMatcher
  readonly selector?: string
}

/** The served kind that a reference means. Any version will do: they are the same objects. */
export function resourceOf(served: readonly Resource[], { apiVersion = '', kind }: { readonly apiVersion?: string; readonly kind: string }): Resource | undefined {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : ''
  return served.find((resource) => resource.kind === kind && resource.group === group)
}

/** undefined when the object is gone, or when its kind has no size. */
export async function readScale(client: Client, resource: Resource, key: ObjectKey): Promise<Scaled | undefined> {
  try {
    const { metadata, spec, status } = await client.getSubresource<Scale>(resource, key, 'scale')
    return {
      uid: metadata.uid ?? '', wished: spec?.replicas ?? 0, current: status?.replicas ?? 0,
      ...(status?.selector ? { matcher: parseLabelSelector(status.selector), selector: status.selector } : {}),
    }
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}
