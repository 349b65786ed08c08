// Checks of persistent volumes, also of those that an attachment carries within itself.
import { posix } from 'node:path'
import type { NodeSelectorTerm, PersistentVolume, PersistentVolumeSpec, VolumeNodeAffinity } from '../../api/types-volume.ts'
import type { GoShape } from './go-values.ts'
import { goDiff, goForm } from './go-values.ts'
import type { Errors } from './rules.ts'
import {
  checkDnsLabel, checkDnsSubdomain, checkImmutable, checkPositiveQuantity, checkRequired, forbiddenField, invalid, notSupported, required, same,
} from './rules.ts'
import { checkNodeSelector } from './scheduling-validation.ts'
import { checkCsiDriver, checkDisk } from './volume-disks.ts'
import { checkNoBacksteps } from './volume-projection.ts'
import { checkAmount, checkModes } from './volume-rules.ts'
import { checkHostPath, portalText, slips } from './volume-validation.ts'

// Fields of the spec that are not a source.
const settings = new Set([
  'accessModes', 'capacity', 'claimRef', 'mountOptions', 'nodeAffinity', 'persistentVolumeReclaimPolicy', 'storageClassName', 'volumeAttributesClassName', 'volumeMode',
])

/** In the order in which they are looked at. */
const sources = [
  'hostPath', 'gcePersistentDisk', 'awsElasticBlockStore', 'glusterfs', 'flocker', 'nfs', 'rbd', 'quobyte', 'cephfs', 'iscsi', 'cinder', 'fc', 'flexVolume', 'azureFile', 'vsphereVolume',
  'photonPersistentDisk', 'portworxVolume', 'azureDisk', 'scaleIO', 'local', 'storageos', 'csi',
] as const

type SourceName = typeof sources[number]

/** How messages name a source that goes by another name there. */
const pathNames: Readonly<Record<string, string>> = { gcePersistentDisk: 'persistentDisk' }

/** Where a spec stands. */
interface Place {
  readonly path: string
  readonly name: string
  /** Within an attachment: a driver's volume that is no object of its own. */
  readonly inline: boolean
}

const inlineText = 'may not be specified in the context of inline volumes'

function checkSource(out: Errors, { path, name }: Place, spec: PersistentVolumeSpec, source: SourceName): void {
  const at = `${path}.${pathNames[source] ?? source}`
  const { hostPath, csi, local, iscsi, azureFile, glusterfs } = { [source]: spec[source] } as PersistentVolumeSpec
  if (hostPath) return checkHostPath(out, at, hostPath)
  if (csi) return checkCsi(out, at, csi)
  if (local) {
    if (checkRequired(out, `${at}.path`, local.path)) checkNoBacksteps(out, `${at}.path`, local.path)
    if (!spec.nodeAffinity) out.push(required(`${path}.nodeAffinity`, 'Local volume requires node affinity'))
    return
  }
  const before = out.length
  checkDisk(out, at, source, { ...spec[source] }, true)
  if (iscsi?.initiatorName !== undefined && Buffer.byteLength(`${name}:${iscsi.targetPortal}`) > 64) {
    const fault = invalid(`${at}.targetportal`, iscsi.targetPortal, portalText)
    out.splice(before + (iscsi.targetPortal ? 0 : 1), 0, fault)
  }
  if (azureFile?.secretNamespace === '') out.push(required(`${at}.secretNamespace`))
  if (glusterfs?.endpointsNamespace === '') out.push(invalid(`${at}.endpointsNamespace`, '', 'if the endpointnamespace is set, it must be a valid namespace name'))
  else if (glusterfs?.endpointsNamespace !== undefined) checkDnsLabel(out, `${at}.endpointsNamespace`, glusterfs.endpointsNamespace)
}

const secretRefs = ['controllerPublishSecretRef', 'controllerExpandSecretRef', 'nodePublishSecretRef', 'nodeExpandSecretRef'] as const

function checkCsi(out: Errors, path: string, csi: NonNullable<PersistentVolumeSpec['csi']>): void {
  checkCsiDriver(out, `${path}.driver`, csi.driver)
  checkRequired(out, `${path}.volumeHandle`, csi.volumeHandle)
  for (const field of secretRefs) {
    const reference = csi[field]
    if (!reference) continue
    if (checkRequired(out, `${path}.${field}.name`, reference.name) && reference.name) checkDnsSubdomain(out, `${path}.${field}.name`, reference.name)
    if (checkRequired(out, `${path}.${field}.namespace`, reference.namespace) && reference.namespace) checkDnsLabel(out, `${path}.${field}.namespace`, reference.namespace)
  }
}

function checkSources(out: Errors, place: Place, spec: PersistentVolumeSpec): void {
  const named = sources.filter((source) => spec[source])
  for (const [index, source] of named.entries()) {
    if (index === 0 || source === 'flexVolume') checkSource(out, place, spec, source)
    else out.push(forbiddenField(`${place.path}.${slips[source] ?? source}`, 'may not specify more than 1 volume type'))
  }
  if (named.length === 0) out.push(required(place.path, 'must specify a volume type'))
  const { hostPath, persistentVolumeReclaimPolicy: policy } = spec
  if (hostPath && policy === 'Recycle' && posix.normalize(hostPath.path ?? '').replace(/(?<=.)\/$/, '') === '/') {
    out.push(forbiddenField(`${place.path}.persistentVolumeReclaimPolicy`, "may not be 'recycle' for a hostPath mount of '/'"))
  }
}

function checkCapacity(out: Errors, path: string, capacity: Readonly<Record<string, string>> = {}): void {
  const names = Object.keys(capacity).sort()
  if (names.length === 0) out.push(required(path))
  if (names.length !== 1 || names[0] !== 'storage') out.push(notSupported(path, names.length === 0 ? null : Object.fromEntries(names.map((name) => [name, capacity[name]])), ['storage']))
  for (const name of names) {
    checkAmount(out, `${path}[${name}]`, capacity[name] ?? '')
    checkPositiveQuantity(out, `${path}[${name}]`, capacity[name] ?? '')
  }
}

const reclaimPolicies = ['Delete', 'Recycle', 'Retain']

function checkOwnSettings(out: Errors, path: string, { persistentVolumeReclaimPolicy: policy = '', nodeAffinity }: PersistentVolumeSpec): void {
  if (policy !== '' && !reclaimPolicies.includes(policy)) out.push(notSupported(`${path}.persistentVolumeReclaimPolicy`, policy, reclaimPolicies))
  if (!nodeAffinity) return
  if (nodeAffinity.required) checkNodeSelector(out, `${path}.nodeAffinity.required`, nodeAffinity.required)
  else out.push(required(`${path}.nodeAffinity.required`, 'must specify required node constraints'))
}

function checkInlineSettings(out: Errors, path: string, { persistentVolumeReclaimPolicy: policy = '', nodeAffinity }: PersistentVolumeSpec): void {
  if (policy !== '' && policy !== 'Retain') out.push(forbiddenField(`${path}.persistentVolumeReclaimPolicy`, 'may only be Retain in the context of inline volumes'))
  if (nodeAffinity) out.push(forbiddenField(`${path}.nodeAffinity`, inlineText))
}

function checkClasses(out: Errors, { path, inline }: Place, { storageClassName, volumeMode, volumeAttributesClassName, csi }: PersistentVolumeSpec): void {
  if (storageClassName && inline) out.push(forbiddenField(`${path}.storageClassName`, inlineText))
  else if (storageClassName) checkDnsSubdomain(out, `${path}.storageClassName`, storageClassName)
  if (volumeMode !== undefined && inline && volumeMode !== 'Filesystem') out.push(forbiddenField(`${path}.volumeMode`, 'may not specify volumeMode other than Filesystem in the context of inline volumes'))
  if (volumeMode !== undefined && !inline && volumeMode !== 'Block' && volumeMode !== 'Filesystem') out.push(notSupported(`${path}.volumeMode`, volumeMode, ['Block', 'Filesystem']))
  // Within an attachment the class is of no meaning.
  if (volumeAttributesClassName === undefined || inline) return
  if (volumeAttributesClassName === '') out.push(required(`${path}.volumeAttributesClassName`, 'an empty string is disallowed'))
  else checkDnsSubdomain(out, `${path}.volumeAttributesClassName`, volumeAttributesClassName)
  if (!csi) out.push(required(`${path}.csi`, 'has to be specified when using volumeAttributesClassName'))
}

export function checkVolumeSpec(out: Errors, place: Place, spec: PersistentVolumeSpec): void {
  const { path, inline } = place
  if (inline) {
    if (spec.claimRef) out.push(forbiddenField(`${path}.claimRef`, inlineText))
    if (Object.keys(spec.capacity ?? {}).length > 0) out.push(forbiddenField(`${path}.capacity`, inlineText))
    if (!spec.csi) out.push(required(`${path}.csi`, 'has to be specified in the context of inline volumes'))
  }
  if (!spec.accessModes?.length) out.push(required(`${path}.accessModes`))
  checkModes(out, `${path}.accessModes`, spec.accessModes ?? [])
  if (inline) checkInlineSettings(out, path, spec)
  else {
    checkCapacity(out, `${path}.capacity`, spec.capacity)
    checkOwnSettings(out, path, spec)
  }
  checkSources(out, place, spec)
  checkClasses(out, place, spec)
}

const mountOptions = 'volume.beta.kubernetes.io/mount-options'
const mountable = new Set([
  'gcePersistentDisk', 'awsElasticBlockStore', 'glusterfs', 'nfs', 'rbd', 'quobyte', 'iscsi', 'cinder', 'cephfs', 'azureFile', 'vsphereVolume', 'azureDisk', 'photonPersistentDisk',
])

function mountFaults({ metadata, spec }: PersistentVolume): Errors {
  if (metadata.annotations?.[mountOptions] === undefined || sources.some((source) => spec[source] && mountable.has(source))) return []
  return [forbiddenField(`metadata.annotations.${mountOptions}`, 'may not specify mount options for this volume type')]
}

const secret: GoShape = { Name: ['name', ''], Namespace: ['namespace', ''] }

const own = (fields: Readonly<Record<string, readonly [string, unknown]>>): GoShape => fields

/** The sources that are in use; of the rest, which no driver serves any more, only their names. */
const sourceShape: GoShape = {
  GCEPersistentDisk: ['gcePersistentDisk', null], AWSElasticBlockStore: ['awsElasticBlockStore', null],
  HostPath: ['hostPath', null, own({ Path: ['path', ''], Type: ['type', null] })],
  Glusterfs: ['glusterfs', null],
  NFS: ['nfs', null, own({ Server: ['server', ''], Path: ['path', ''], ReadOnly: ['readOnly', false] })],
  RBD: ['rbd', null], Quobyte: ['quobyte', null],
  ISCSI: ['iscsi', null, {
    TargetPortal: ['targetPortal', ''], IQN: ['iqn', ''], Lun: ['lun', 0], ISCSIInterface: ['iscsiInterface', ''], FSType: ['fsType', ''], ReadOnly: ['readOnly', false], Portals: ['portals', null],
    DiscoveryCHAPAuth: ['chapAuthDiscovery', false], SessionCHAPAuth: ['chapAuthSession', false], SecretRef: ['secretRef', null, secret], InitiatorName: ['initiatorName', null],
  }],
  FlexVolume: ['flexVolume', null], Cinder: ['cinder', null], CephFS: ['cephfs', null],
  FC: ['fc', null, own({ TargetWWNs: ['targetWWNs', null], Lun: ['lun', null], FSType: ['fsType', ''], ReadOnly: ['readOnly', false], WWIDs: ['wwids', null] })],
  Flocker: ['flocker', null], AzureFile: ['azureFile', null], VsphereVolume: ['vsphereVolume', null], AzureDisk: ['azureDisk', null], PhotonPersistentDisk: ['photonPersistentDisk', null],
  PortworxVolume: ['portworxVolume', null], ScaleIO: ['scaleIO', null],
  Local: ['local', null, own({ Path: ['path', ''], FSType: ['fsType', null] })],
  StorageOS: ['storageos', null],
  CSI: ['csi', null, {
    Driver: ['driver', ''], VolumeHandle: ['volumeHandle', ''], ReadOnly: ['readOnly', false], FSType: ['fsType', ''], VolumeAttributes: ['volumeAttributes', null],
    ControllerPublishSecretRef: ['controllerPublishSecretRef', null, secret], NodeStageSecretRef: ['nodeStageSecretRef', null, secret], NodePublishSecretRef: ['nodePublishSecretRef', null, secret],
    ControllerExpandSecretRef: ['controllerExpandSecretRef', null, secret], NodeExpandSecretRef: ['nodeExpandSecretRef', null, secret],
  }],
}

const requirement: GoShape = { Key: ['key', ''], Operator: ['operator', ''], Values: ['values', null] }
const affinityShape: GoShape = {
  Required: ['required', null, { NodeSelectorTerms: ['nodeSelectorTerms', null, { MatchExpressions: ['matchExpressions', null, requirement], MatchFields: ['matchFields', null, requirement] }] }],
}

const sourceOf = (spec: PersistentVolumeSpec): object => Object.fromEntries(Object.entries(spec).filter(([field]) => !settings.has(field)))

// The secret for growing a volume may come later.
function fixedSource(spec: PersistentVolumeSpec, old: PersistentVolumeSpec): object {
  const source = sourceOf(spec)
  if (!spec.csi || !old.csi || old.csi.controllerExpandSecretRef) return source
  const { controllerExpandSecretRef: _secret, ...csi } = spec.csi
  return { ...source, csi }
}

const stableLabels: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/os': 'kubernetes.io/os', 'beta.kubernetes.io/arch': 'kubernetes.io/arch', 'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
}

/** The same but for labels that have got their stable names. */
function sameAffinity(now: VolumeNodeAffinity | undefined, old: VolumeNodeAffinity): boolean {
  const terms = now?.required?.nodeSelectorTerms ?? []
  const renamed = (list: NodeSelectorTerm['matchExpressions'], at: (term: NodeSelectorTerm | undefined) => NodeSelectorTerm['matchExpressions'], index: number): NodeSelectorTerm['matchExpressions'] =>
    list?.map((one, position) => (at(terms[index])?.[position]?.key === stableLabels[one.key] ? { ...one, key: stableLabels[one.key] ?? one.key } : one))
  const expected = old.required && {
    nodeSelectorTerms: old.required.nodeSelectorTerms.map((term, index) => ({
      matchExpressions: renamed(term.matchExpressions, (other) => other?.matchExpressions, index), matchFields: renamed(term.matchFields, (other) => other?.matchFields, index),
    })),
  }
  return same(now?.required, expected)
}

export function validateVolume(object: PersistentVolume, old?: PersistentVolume): Errors {
  const { spec, metadata } = object
  const faults: Errors = []
  checkVolumeSpec(faults, { path: 'spec', name: metadata.name ?? '', inline: false }, spec)
  if (!old) return [...faults, ...mountFaults(object)]
  // An update is checked twice, as Kubernetes does.
  const out = [...faults, ...mountFaults(object), ...faults]
  const source = fixedSource(spec, old.spec)
  if (!same(source, sourceOf(old.spec))) {
    const difference = goDiff(goForm(sourceOf(old.spec), sourceShape), goForm(source, sourceShape))
    out.push(forbiddenField('spec.persistentvolumesource', `spec.persistentvolumesource is immutable after creation\n${difference}`))
  }
  checkImmutable(out, 'volumeMode', spec.volumeMode, old.spec.volumeMode)
  if (old.spec.nodeAffinity && !sameAffinity(spec.nodeAffinity, old.spec.nodeAffinity)) {
    out.push(invalid('nodeAffinity', spec.nodeAffinity ? goForm(spec.nodeAffinity, affinityShape) : null, 'field is immutable, except for updating from beta label to GA'))
  }
  if (old.spec.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined) {
    out.push(forbiddenField('spec.volumeAttributesClassName', 'update from non-nil value to nil is forbidden'))
  }
  return out
}
