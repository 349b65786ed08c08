// The part of NodeRestriction that is about requests for what is not stored, or must be read first: tokens of the node's pods, and its own certificate.
import type { AnyObject } from '../api/object.ts'
import type { ApiRequest } from '../api/request.ts'
import { forbidden, isNotFound } from '../api/status-error.ts'
import type { TokenRequest } from '../api/types-auth.ts'
import type { Pod } from '../api/types-pod.ts'
import { readRequest } from '../pki/certificates.ts'
import { restrictedNode } from '../registry/admission-node-restriction.ts'
import type { Registry } from '../registry/registry.ts'
import type { Authorizer } from './authorizer.ts'

const kubeletSigners = new Set(['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet'])

/** A guard for `createHandle`. Fails with StatusError. */
export function nodeGuard(registry: Registry, authorizer: Authorizer): (request: ApiRequest) => void | Promise<void> {
  return (request) => {
    const { user, verb, group, plural, subresource } = request
    if (verb !== 'create') return undefined
    const isToken = group === '' && plural === 'serviceaccounts' && subresource === 'token'
    if (!isToken && !(group === 'certificates.k8s.io' && plural === 'certificatesigningrequests')) return undefined
    const node = restrictedNode(user)
    if (node === undefined) return undefined
    return isToken ? checkToken(registry, authorizer, node, request) : checkCertificate(node, request)
  }
}

const refuse = ({ group, plural, name = '', object }: ApiRequest, reason: string): never => {
  throw forbidden({ group, plural }, name || (object?.metadata.name ?? ''), reason)
}

function checkToken(registry: Registry, authorizer: Authorizer, node: string, request: ApiRequest): void {
  const { namespace, name, user } = request
  const { boundObjectRef = {}, audiences = [] } = (request.object as TokenRequest | undefined)?.spec ?? {}
  const { apiVersion, kind, name: podName, uid } = boundObjectRef
  if (apiVersion !== 'v1' || kind !== 'Pod' || !podName) return refuse(request, 'node requested token not bound to a pod')
  if (!uid) return refuse(request, 'node requested token with a pod binding without a uid')
  const pod = registry.get(registry.definition('', 'v1', 'pods')!, { namespace, name: podName }) as Pod
  if (pod.metadata.uid !== uid) refuse(request, `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`)
  if (pod.spec.nodeName !== node) refuse(request, 'node requested token bound to a pod scheduled on a different node')
  if (audiences.length > 1) refuse(request, 'node may only request 0 or 1 audiences')
  const [audience = ''] = audiences
  const { found, faults } = wantsAudience(registry, pod, audience)
  if (found) return
  if (faults.length > 0) refuse(request, `error validating audience ${JSON.stringify(audience)}: ${faults.length === 1 ? faults[0] : `[${faults.join(', ')}]`}`)
  const { allowed } = authorizer.authorize({ user, verb: 'request-serviceaccounts-token-audience', group: '', version: 'v1', resource: audience, namespace, name })
  if (!allowed) refuse(request, `audience ${JSON.stringify(audience)} not found in pod spec volume, ${user.username} is not authorized to request tokens for this audience`)
}

/** Whether a volume of the pod is to have a token for this audience, itself or by its CSI driver. */
function wantsAudience(registry: Registry, { metadata, spec }: Pod, audience: string): { found: boolean; faults: string[] } {
  const faults: string[] = []
  for (const volume of spec.volumes ?? []) {
    const tokens = volume.projected?.sources?.map(({ serviceAccountToken }) => serviceAccountToken) ?? []
    if (tokens.some((token) => token && (token.audience ?? '') === audience)) return { found: true, faults: [] }
    try {
      const claim = volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral ? `${metadata.name}-${volume.name}` : undefined)
      const driver = claim === undefined ? volume.csi?.driver : driverOfClaim(registry, metadata.namespace ?? '', claim)
      if (driver && requestsOf(registry, driver).some((one) => (one.audience ?? '') === audience)) return { found: true, faults: [] }
    } catch (error) {
      if (!isNotFound(error)) throw error
      faults.push((error as Error).message)
    }
  }
  return { found: false, faults }
}

const stored = <T>(registry: Registry, group: string, plural: string, key: { namespace?: string; name: string }): T =>
  (registry.get(registry.definition(group, 'v1', plural)!, key) as AnyObject).spec as T

function driverOfClaim(registry: Registry, namespace: string, name: string): string | undefined {
  const { volumeName = '' } = stored<{ volumeName?: string }>(registry, '', 'persistentvolumeclaims', { namespace, name })
  return stored<{ csi?: { driver?: string } }>(registry, '', 'persistentvolumes', { name: volumeName }).csi?.driver
}

const requestsOf = (registry: Registry, name: string): readonly { audience?: string }[] =>
  stored<{ tokenRequests?: readonly { audience?: string }[] }>(registry, 'storage.k8s.io', 'csidrivers', { name }).tokenRequests ?? []

/** What it may say besides is the signer's to judge. */
async function checkCertificate(node: string, request: ApiRequest): Promise<void> {
  const { signerName = '', request: encoded = '' } = (request.object as AnyObject | undefined)?.spec as { signerName?: string; request?: string } | undefined ?? {}
  if (!kubeletSigners.has(signerName)) return
  const commonName = await readRequest(Buffer.from(encoded, 'base64').toString()).then((found) => found.commonName, (error: Error) => refuse(request, `unable to parse csr: ${error.message}`))
  if (commonName !== `system:node:${node}`) refuse(request, `can only create a node CSR with CN=system:node:${node}`)
}
