// Which objects a pod's spec names, in its own namespace.
import type { PodSpec } from './types-pod.ts'

interface Ref {
  readonly name?: string
}

/** Sources of volumes that name a secret as `secretRef`. */
export const secretRefSources = ['cephfs', 'cinder', 'flexVolume', 'rbd', 'scaleIO', 'iscsi', 'storageos'] as const

type Containers = Pick<PodSpec, 'containers' | 'initContainers' | 'ephemeralContainers'>

const envOf = ({ containers, initContainers = [], ephemeralContainers = [] }: Containers) => {
  const all = [...containers, ...initContainers, ...ephemeralContainers]
  return { env: all.flatMap(({ env = [] }) => env), envFrom: all.flatMap(({ envFrom = [] }) => envFrom) }
}

const named = (names: readonly (string | undefined)[]): string[] => [...new Set(names)].filter((name) => name !== undefined && name !== '') as string[]

export function secretNames(spec: PodSpec): string[] {
  const { env, envFrom } = envOf(spec)
  return named([
    ...(spec.imagePullSecrets ?? []).map(({ name }) => name), ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name), ...envFrom.map(({ secretRef }) => secretRef?.name),
    ...(spec.volumes ?? []).flatMap((volume) => [
      volume.secret?.secretName, volume.csi?.nodePublishSecretRef?.name, volume.azureFile?.secretName,
      ...(volume.projected?.sources ?? []).map(({ secret }) => secret?.name), ...secretRefSources.map((source) => (volume[source] as { secretRef?: Ref } | undefined)?.secretRef?.name),
    ]),
  ])
}

export function configMapNames(spec: PodSpec): string[] {
  const { env, envFrom } = envOf(spec)
  return named([
    ...env.map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name), ...envFrom.map(({ configMapRef }) => configMapRef?.name),
    ...(spec.volumes ?? []).flatMap((volume) => [volume.configMap?.name, ...(volume.projected?.sources ?? []).map(({ configMap }) => configMap?.name)]),
  ])
}

export function claimNames(podName: string, spec: PodSpec): string[] {
  return named((spec.volumes ?? []).map((volume) => volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral ? `${podName}-${volume.name}` : undefined)))
}

const volumeReferences = {
  configMap: 'configmaps (via configmap volumes)', secret: 'secrets (via secret volumes)', csi: 'csidrivers (via CSI volumes)', glusterfs: 'endpoints (via glusterFS volumes)',
  persistentVolumeClaim: 'persistentvolumeclaims', ephemeral: 'persistentvolumeclaims (via ephemeral volumes)', azureFile: 'secrets (via azureFile volumes)',
} as const

const projectedReferences = {
  configMap: 'configmaps (via projected volumes)', secret: 'secrets (via projected volumes)', serviceAccountToken: 'serviceaccounts (via projected volumes)',
  clusterTrustBundle: 'clustertrustbundles', podCertificate: 'podcertificates',
} as const

const keysOf = <T extends object>(table: T): (keyof T)[] => Object.keys(table) as (keyof T)[]

/** The first thing of the cluster that the pod names, in the words of refusals: a pod that a node makes for itself may name none. */
export function referenceOf(spec: PodSpec): string | undefined {
  if (spec.serviceAccountName) return 'serviceaccounts'
  if (secretNames(spec).length > 0) return 'secrets'
  if (configMapNames(spec).length > 0) return 'configmaps'
  if (spec.resourceClaims?.length) return 'resourceclaims'
  for (const volume of spec.volumes ?? []) {
    const source = keysOf(volumeReferences).find((key) => volume[key] !== undefined)
    if (source) return volumeReferences[source]
    for (const projection of volume.projected?.sources ?? []) {
      const part = keysOf(projectedReferences).find((key) => projection[key] !== undefined)
      if (part) return projectedReferences[part]
    }
  }
  return undefined
}
