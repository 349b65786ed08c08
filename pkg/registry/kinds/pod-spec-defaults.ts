// What Kubernetes fills in where a pod's spec says nothing; for pods and for the templates of workloads.
import type { Container, HTTPGetAction, Lifecycle, Pod, PodSpec, PodTemplateSpec, Probe } from '../../api/types-pod.ts'
import type { ObjectFieldSelector, Volume, VolumeProjection } from '../../api/types-volume.ts'
import { defaultPodRequests } from './pod-level-resources.ts'

/** Fields that are defaulted in templates too. */
export function defaultPodSpec(spec: PodSpec): void {
  spec.dnsPolicy ||= 'ClusterFirst'
  spec.restartPolicy ||= 'Always'
  spec.securityContext ??= {}
  spec.terminationGracePeriodSeconds ??= 30
  spec.schedulerName ||= 'default-scheduler'
  mirrorServiceAccount(spec)
  for (const volume of spec.volumes ?? []) defaultVolume(volume)
  for (const container of containersOf(spec)) defaultContainer(container)
}

/** A template's spec exists even if the client sent none. */
export function defaultPodTemplate(template: PodTemplateSpec): void {
  template.metadata ??= {}
  template.spec ??= { containers: [] }
  defaultPodSpec(template.spec)
}

/** Fields that only a pod itself gets. */
export function defaultPod(pod: Pod): void {
  pod.spec ??= { containers: [] }
  const { spec } = pod
  defaultPodSpec(spec)
  for (const container of [...spec.containers ?? [], ...spec.initContainers ?? []]) {
    const { resources } = container
    if (resources?.limits) resources.requests = { ...resources.limits, ...resources.requests }
    if (spec.hostNetwork) for (const port of container.ports ?? []) port.hostPort ||= port.containerPort
  }
  defaultPodRequests(spec)
  spec.enableServiceLinks ??= true
}

/** All containers of a spec, of every sort. */
export function containersOf(spec: PodSpec): Container[] {
  return [...spec.initContainers ?? [], ...spec.containers ?? [], ...spec.ephemeralContainers ?? []]
}

// `serviceAccount` is the old name of `serviceAccountName`; both are always shown with one value.
function mirrorServiceAccount(spec: PodSpec): void {
  spec.serviceAccountName ||= spec.serviceAccount
  if (spec.serviceAccountName) spec.serviceAccount = spec.serviceAccountName
  else {
    delete spec.serviceAccountName
    delete spec.serviceAccount
  }
}

/** Always for `:latest` and for images with neither tag nor digest. */
export function defaultPullPolicy(image: string): string {
  const [reference = '', digest] = image.split('@')
  const tag = /:([^:/]+)$/.exec(reference)?.[1]
  return tag === 'latest' || (tag === undefined && digest === undefined) ? 'Always' : 'IfNotPresent'
}

function defaultContainer(container: Container): void {
  container.imagePullPolicy ||= defaultPullPolicy(container.image ?? '')
  container.terminationMessagePath ||= '/dev/termination-log'
  container.terminationMessagePolicy ||= 'File'
  container.resources ??= {}
  for (const port of container.ports ?? []) port.protocol ||= 'TCP'
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.fieldRef) defaultFieldRef(valueFrom.fieldRef)
    if (valueFrom?.resourceFieldRef) valueFrom.resourceFieldRef.divisor ||= '0'
    if (valueFrom?.fileKeyRef) valueFrom.fileKeyRef.optional ??= false
  }
  defaultProbe(container.livenessProbe)
  defaultProbe(container.readinessProbe)
  defaultProbe(container.startupProbe)
  defaultLifecycle(container.lifecycle)
}

function defaultProbe(probe: Probe | undefined): void {
  if (!probe) return
  probe.timeoutSeconds ||= 1
  probe.periodSeconds ||= 10
  probe.successThreshold ||= 1
  probe.failureThreshold ||= 3
  defaultHttpGet(probe.httpGet)
  if (probe.grpc) probe.grpc.service ??= ''
}

function defaultLifecycle(lifecycle: Lifecycle | undefined): void {
  defaultHttpGet(lifecycle?.postStart?.httpGet)
  defaultHttpGet(lifecycle?.preStop?.httpGet)
}

function defaultHttpGet(action: HTTPGetAction | undefined): void {
  if (!action) return
  action.path ||= '/'
  action.scheme ||= 'HTTP'
}

function defaultFieldRef(reference: ObjectFieldSelector): void {
  reference.apiVersion ||= 'v1'
}

const defaultMode = 0o644

/** Also for the sources of persistent volumes, where they are the same. */
export function defaultVolume(volume: Volume): void {
  if (Object.keys(volume).every((key) => key === 'name')) volume.emptyDir = {}
  if (volume.secret) volume.secret.defaultMode ??= defaultMode
  if (volume.configMap) volume.configMap.defaultMode ??= defaultMode
  if (volume.hostPath) volume.hostPath.type ??= ''
  if (volume.image) volume.image.pullPolicy ||= defaultPullPolicy(volume.image.reference ?? '')
  if (volume.ephemeral?.volumeClaimTemplate?.spec) volume.ephemeral.volumeClaimTemplate.spec.volumeMode ??= 'Filesystem'
  if (volume.downwardAPI) {
    volume.downwardAPI.defaultMode ??= defaultMode
    defaultDownwardItems(volume.downwardAPI.items)
  }
  if (volume.projected) {
    volume.projected.defaultMode ??= defaultMode
    for (const source of volume.projected.sources ?? []) defaultProjection(source)
  }
  defaultDisk(volume)
}

function defaultProjection(source: VolumeProjection): void {
  if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= 3600
  if (source.podCertificate) source.podCertificate.maxExpirationSeconds ??= 86_400
  defaultDownwardItems(source.downwardAPI?.items)
}

function defaultDownwardItems(items: readonly { fieldRef?: ObjectFieldSelector; resourceFieldRef?: { divisor?: string } }[] | undefined): void {
  for (const item of items ?? []) {
    if (item.fieldRef) defaultFieldRef(item.fieldRef)
    if (item.resourceFieldRef) item.resourceFieldRef.divisor ||= '0'
  }
}

type Disks = Pick<Volume, 'iscsi' | 'rbd' | 'azureDisk' | 'scaleIO'>

/** Defaults of network and cloud disks, which clusters of today meet only in old manifests. */
export function defaultDisk({ iscsi, rbd, azureDisk, scaleIO }: Disks): void {
  if (iscsi) iscsi.iscsiInterface ||= 'default'
  if (rbd) {
    rbd.pool ||= 'rbd'
    rbd.user ||= 'admin'
    rbd.keyring ||= '/etc/ceph/keyring'
  }
  if (azureDisk) {
    azureDisk.cachingMode ??= 'ReadWrite'
    azureDisk.kind ??= 'Shared'
    azureDisk.fsType ??= 'ext4'
    azureDisk.readOnly ??= false
  }
  if (scaleIO) {
    scaleIO.storageMode ||= 'ThinProvisioned'
    scaleIO.fsType ||= 'xfs'
  }
}
