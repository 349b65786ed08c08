// What a node's pods need: the objects that a kubelet may read because one of its pods names them.
import type { Pod } from '../api/types-pod.ts'

export interface PodNeeds {
  readonly secrets: ReadonlySet<string>
  readonly configmaps: ReadonlySet<string>
  readonly persistentvolumeclaims: ReadonlySet<string>
  readonly serviceaccounts: ReadonlySet<string>
}

interface Ref {
  readonly name?: string
}

interface Container {
  readonly env?: readonly { readonly valueFrom?: { readonly secretKeyRef?: Ref; readonly configMapKeyRef?: Ref } }[]
  readonly envFrom?: readonly { readonly secretRef?: Ref; readonly configMapRef?: Ref }[]
}

interface Volume {
  readonly name: string
  readonly secret?: { readonly secretName?: string }
  readonly configMap?: Ref
  readonly projected?: { readonly sources?: readonly { readonly secret?: Ref; readonly configMap?: Ref }[] }
  readonly persistentVolumeClaim?: { readonly claimName?: string }
  readonly ephemeral?: object
  readonly csi?: { readonly nodePublishSecretRef?: Ref }
}

interface Spec {
  readonly containers?: readonly Container[]
  readonly initContainers?: readonly Container[]
  readonly ephemeralContainers?: readonly Container[]
  readonly volumes?: readonly Volume[]
  readonly imagePullSecrets?: readonly Ref[]
  readonly serviceAccountName?: string
}

const namesOf = (refs: readonly (string | undefined)[]): ReadonlySet<string> => new Set(refs.filter((name) => name !== undefined && name !== '')) as ReadonlySet<string>

/** Names in the pod's own namespace. */
export function needsOf(pod: Pod): PodNeeds {
  const spec = pod.spec as unknown as Spec
  const containers = [...spec.containers ?? [], ...spec.initContainers ?? [], ...spec.ephemeralContainers ?? []]
  const env = containers.flatMap((container) => (container.env ?? []).map(({ valueFrom }) => valueFrom))
  const envFrom = containers.flatMap((container) => container.envFrom ?? [])
  const volumes = spec.volumes ?? []
  const sources = volumes.flatMap((volume) => volume.projected?.sources ?? [])
  return {
    secrets: namesOf([
      ...env.map((from) => from?.secretKeyRef?.name), ...envFrom.map((from) => from.secretRef?.name),
      ...volumes.flatMap((volume) => [volume.secret?.secretName, volume.csi?.nodePublishSecretRef?.name]),
      ...sources.map((source) => source.secret?.name), ...(spec.imagePullSecrets ?? []).map(({ name }) => name),
    ]),
    configmaps: namesOf([
      ...env.map((from) => from?.configMapKeyRef?.name), ...envFrom.map((from) => from.configMapRef?.name),
      ...volumes.map((volume) => volume.configMap?.name), ...sources.map((source) => source.configMap?.name),
    ]),
    persistentvolumeclaims: namesOf(volumes.map((volume) => volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral ? `${pod.metadata.name}-${volume.name}` : undefined))),
    serviceaccounts: namesOf([spec.serviceAccountName]),
  }
}
