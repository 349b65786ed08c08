// Checks of network and cloud disks, which pods and persistent volumes name with the same fields.
import { dnsSubdomainFaults } from '../../api/names.ts'
import type { AzureDiskVolumeSource, FCVolumeSource, ISCSIVolumeSource, VolumeSource } from '../../api/types-volume.ts'
import type { Errors } from './rules.ts'
import { addFaults, checkDnsLabel, checkOptionalOneOf, checkRange, checkRequired, invalid, notSupported, required, tooLong } from './rules.ts'

/** Fields without which a source says nothing. */
const needed: Readonly<Record<string, readonly string[]>> = {
  gitRepo: ['repository'], gcePersistentDisk: ['pdName'], awsElasticBlockStore: ['volumeID'], iscsi: ['targetPortal'], glusterfs: ['endpoints', 'path'],
  rbd: ['monitors', 'image'], cinder: ['volumeID'], cephfs: ['monitors'], flexVolume: ['driver'], azureFile: ['secretName', 'shareName'],
  vsphereVolume: ['volumePath'], photonPersistentDisk: ['pdID'], portworxVolume: ['volumeID'], azureDisk: ['diskName', 'diskURI'],
  storageos: ['volumeName'], scaleIO: ['gateway', 'system', 'volumeName'], nfs: ['server', 'path'], local: ['path'],
}

const initiators: Readonly<Record<string, RegExp>> = {
  iqn: /^iqn\.\d{4}-\d{2}\.[A-Za-z0-9.-]+:[^,;*&$|\s]+$/,
  eui: /^eui.[A-Za-z0-9]{16}$/,
  naa: /^naa.[A-Za-z0-9]{32}$/,
}

function checkInitiator(out: Errors, path: string, name: string, unknown: string): void {
  const form = initiators[name.slice(0, 3)]
  if (!form) out.push(invalid(path, name, unknown))
  else if (!form.test(name)) out.push(invalid(path, name, 'must be valid format'))
}

function checkIscsi(out: Errors, path: string, source: ISCSIVolumeSource, persistent: boolean): void {
  const unknown = persistent ? 'must be valid format' : 'must be valid format starting with iqn, eui, or naa'
  if (checkRequired(out, `${path}.iqn`, source.iqn)) checkInitiator(out, `${path}.iqn`, source.iqn, unknown)
  checkRange(out, `${path}.lun`, source.lun, 0, 255)
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef) out.push(required(`${path}.secretRef`))
  if (persistent && source.secretRef) checkRequired(out, `${path}.secretRef.name`, source.secretRef.name)
  if (source.initiatorName !== undefined) checkInitiator(out, `${path}.initiatorname`, source.initiatorName, unknown)
}

function checkFibreChannel(out: Errors, path: string, { targetWWNs = [], wwids = [], lun }: FCVolumeSource): void {
  if (targetWWNs.length === 0 && wwids.length === 0) out.push(required(`${path}.targetWWNs`, 'must specify either targetWWNs or wwids, but not both'))
  if (targetWWNs.length > 0 && wwids.length > 0) out.push(invalid(`${path}.targetWWNs`, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously'))
  if (targetWWNs.length === 0) return
  if (lun === undefined) out.push(required(`${path}.lun`, 'lun is required if targetWWNs is specified'))
  else checkRange(out, `${path}.lun`, lun, 0, 255)
}

const managedDisk = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}'
const blobDisk = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd'

function checkAzureDisk(out: Errors, path: string, { cachingMode, kind, diskURI = '' }: AzureDiskVolumeSource): void {
  checkOptionalOneOf(out, `${path}.cachingMode`, cachingMode, ['None', 'ReadOnly', 'ReadWrite'])
  checkOptionalOneOf(out, `${path}.kind`, kind, ['Dedicated', 'Managed', 'Shared'])
  if (kind === 'Managed' && !diskURI.startsWith('/subscriptions/')) out.push(notSupported(`${path}.diskURI`, diskURI, [managedDisk]))
  if (kind !== undefined && kind !== 'Managed' && !diskURI.startsWith('https://')) out.push(notSupported(`${path}.diskURI`, diskURI, [blobDisk]))
}

const registryText = 'must be a host:port pair or multiple pairs separated by commas'
const hostAndPort = /^(\[[^[\]]*\]|[^:[\]]*):[^:[\]]*$/

function checkQuobyte(out: Errors, path: string, { registry = '', tenant = '', volume }: { registry?: string; tenant?: string; volume?: string }): void {
  if (registry === '') out.push(required(`${path}.registry`, registryText))
  else if (tenant.length > 64) out.push(required(`${path}.tenant`, 'must be a UUID and may not exceed a length of 64 characters'))
  else for (const pair of registry.split(',')) if (!hostAndPort.test(pair)) out.push(invalid(`${path}.registry`, registry, registryText))
  checkRequired(out, `${path}.volume`, volume)
}

function checkFlocker(out: Errors, path: string, { datasetName = '', datasetUUID = '' }: { datasetName?: string; datasetUUID?: string }): void {
  if (datasetName === '' && datasetUUID === '') out.push(required(path, 'one of datasetName and datasetUUID is required'))
  if (datasetName !== '' && datasetUUID !== '') out.push(invalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'))
  if (datasetName.includes('/')) out.push(invalid(`${path}.datasetName`, datasetName, "must not contain '/'"))
}

/** The name of a CSI driver: a domain of at most 63 characters. */
export function checkCsiDriver(out: Errors, path: string, name: string | undefined): void {
  if (!checkRequired(out, path, name) || !name) return
  if (name.length > 63) out.push(tooLong(path, 63))
  addFaults(out, path, name, dnsSubdomainFaults(name.toLowerCase()))
}

const partitionText = 'must be between 1 and 255, inclusive'

/** Checks what the field of this name holds, with what pods and persistent volumes share. */
export function checkDisk(out: Errors, path: string, field: string, source: Readonly<Record<string, unknown>>, persistent = false): void {
  for (const one of needed[field] ?? []) checkRequired(out, `${path}.${one}`, source[one])
  const partition = source['partition']
  if (typeof partition === 'number' && (partition < 0 || partition > 255)) out.push(invalid(`${path}.partition`, partition, partitionText))
  const { iscsi, fc, azureDisk, quobyte, flocker, storageos, flexVolume, nfs } = { [field]: source } as VolumeSource
  if (iscsi) checkIscsi(out, path, iscsi, persistent)
  if (fc) checkFibreChannel(out, path, fc)
  if (azureDisk) checkAzureDisk(out, path, azureDisk)
  if (quobyte) checkQuobyte(out, path, quobyte)
  if (flocker) checkFlocker(out, path, flocker)
  if (storageos?.volumeName) checkDnsLabel(out, `${path}.volumeName`, storageos.volumeName)
  if (storageos?.volumeNamespace) checkDnsLabel(out, `${path}.volumeNamespace`, storageos.volumeNamespace)
  const secret = source['secretRef'] as { name?: string; namespace?: string } | undefined
  if (secret && (field === 'cinder' || field === 'storageos')) {
    checkRequired(out, `${path}.secretRef.name`, secret.name)
    if (persistent) checkRequired(out, `${path}.secretRef.namespace`, secret.namespace)
  }
  if (nfs && !nfs.path?.startsWith('/')) out.push(invalid(`${path}.path`, nfs.path ?? '', 'must be an absolute path'))
  for (const key of Object.keys(flexVolume?.options ?? {})) {
    if (/(^|\.)(kubernetes|k8s)\.io$/i.test(key.split('/')[0] ?? '')) out.push(invalid(`${path}.options[${key}]`, key, 'kubernetes.io and k8s.io namespaces are reserved'))
  }
}
