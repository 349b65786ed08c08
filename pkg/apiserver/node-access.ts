// What pods and volumes name: the objects that a kubelet may read because one of its pods needs them.
import type { AnyObject } from '../api/object.ts'
import { claimNames, configMapNames, secretNames, secretRefSources } from '../api/pod-references.ts'
import type { Pod } from '../api/types-pod.ts'

interface ClaimStatus {
  readonly resourceClaimStatuses?: readonly { readonly name: string; readonly resourceClaimName?: string }[]
  readonly extendedResourceClaimStatus?: { readonly resourceClaimName?: string }
}

interface SecretRef {
  readonly name?: string
  readonly namespace?: string
}

const mirrorAnnotation = 'kubernetes.io/config.mirror'

export const vertex = (kind: string, namespace: string, name: string): string => `${kind}/${namespace}/${name}`

const vertices = (kind: string, namespace: string, names: readonly string[]): string[] => names.map((name) => vertex(kind, namespace, name))

/** The pod's secrets and config maps, claims and account. */
export function podTargets(pod: Pod): string[] {
  const { metadata: { namespace = '', annotations, name = '' }, spec } = pod
  // A node must not give itself rights by a pod that it makes.
  if (annotations?.[mirrorAnnotation] !== undefined) return []
  return [
    ...vertices('secrets', namespace, secretNames(spec)), ...vertices('configmaps', namespace, configMapNames(spec)), ...vertices('persistentvolumeclaims', namespace, claimNames(name, spec)),
    ...vertices('serviceaccounts', namespace, spec.serviceAccountName ? [spec.serviceAccountName] : []), ...claimTargets(pod),
  ]
}

/** ResourceClaims that are its own, or were made for it. */
export function claimTargets({ metadata, spec, status }: Pod): string[] {
  const { resourceClaimStatuses, extendedResourceClaimStatus } = (status ?? {}) as ClaimStatus
  const extended = extendedResourceClaimStatus?.resourceClaimName
  const made = (wanted: string): string | undefined => resourceClaimStatuses?.find((one) => one.name === wanted)?.resourceClaimName
  const names = (spec.resourceClaims ?? []).map((claim) => claim.resourceClaimName ?? made(claim.name))
  return vertices('resourceclaims', metadata.namespace ?? '', [...names, extended].filter((name) => name !== undefined && name !== '') as string[])
}

/** What a node needs that a volume is bound on: undefined for a volume that nobody claims. */
export function volumeNeeds({ spec }: AnyObject): { readonly claim: string; readonly secrets: readonly string[] } | undefined {
  const { claimRef, csi, azureFile, ...sources } = spec as Readonly<Partial<Record<(typeof secretRefSources)[number], { readonly secretRef?: SecretRef }>>> & {
    readonly claimRef?: SecretRef
    readonly csi?: Readonly<Partial<Record<'nodeStageSecretRef' | 'nodePublishSecretRef' | 'nodeExpandSecretRef', SecretRef>>>
    readonly azureFile?: { readonly secretName?: string; readonly secretNamespace?: string }
  }
  if (!claimRef) return undefined
  const refs: (SecretRef | undefined)[] = [
    csi?.nodeStageSecretRef, csi?.nodePublishSecretRef, csi?.nodeExpandSecretRef,
    azureFile && { name: azureFile.secretName ?? '', namespace: azureFile.secretNamespace ?? '' },
    ...secretRefSources.map((source) => sources[source]?.secretRef),
  ]
  return {
    claim: vertex('persistentvolumeclaims', claimRef.namespace ?? '', claimRef.name ?? ''),
    secrets: refs.flatMap((ref) => (ref?.name ? [vertex('secrets', ref.namespace || claimRef.namespace || '', ref.name)] : [])),
  }
}
