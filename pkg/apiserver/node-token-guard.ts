// What a kubelet may ask tokens for: pods that run on its node, and nothing else.
import type { ApiRequest } from '../api/request.ts'
import { forbidden } from '../api/status-error.ts'
import type { TokenRequest } from '../api/types-auth.ts'
import type { Pod } from '../api/types-pod.ts'
import { restrictedNode } from '../registry/admission-node-restriction.ts'
import type { Registry } from '../registry/registry.ts'

/** A guard for `createHandle`: part of NodeRestriction, about requests that write nothing. Fails with StatusError. */
export function nodeTokenGuard(registry: Registry): (request: ApiRequest) => void {
  return ({ user, verb, group, plural, subresource, namespace, name = '', object }) => {
    if (verb !== 'create' || group !== '' || plural !== 'serviceaccounts' || subresource !== 'token') return
    const node = restrictedNode(user)
    if (node === undefined) return
    const refuse = (reason: string): never => {
      throw forbidden({ group, plural }, name, reason)
    }
    const { apiVersion, kind, name: podName, uid } = (object as TokenRequest | undefined)?.spec?.boundObjectRef ?? {}
    if (apiVersion !== 'v1' || kind !== 'Pod' || !podName) return refuse('node requested token not bound to a pod')
    if (!uid) return refuse('node requested token with a pod binding without a uid')
    const { metadata, spec } = registry.get(registry.definition('', 'v1', 'pods')!, { namespace, name: podName }) as Pod
    if (metadata.uid !== uid) refuse(`the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`)
    if (spec.nodeName !== node) refuse('node requested token bound to a pod scheduled on a different node')
  }
}
