// Checks of a pod's volumes.
import type { EphemeralVolumeSource, Volume } from '../../api/types-volume.ts'
import { dnsSubdomainFaults } from '../../api/names.ts'
import type { Errors } from './rules.ts'
import { checkDnsLabel, checkDnsSubdomain, checkOneOf, checkOptionalOneOf, checkRequired, duplicate, forbiddenField, invalid, required } from './rules.ts'
import { checkCsiDriver, checkDisk } from './volume-disks.ts'
import { checkDescendingPath, checkDownwardItems, checkItems, checkMode, checkNoBacksteps, checkProjected } from './volume-projection.ts'
import { checkTemplateMetadata } from './template-metadata.ts'
import { checkClaimSpec } from './volume-rules.ts'

export const portalText = 'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.'

const hostPathTypes = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket']

// Of several sources the first in this order counts; the others are refused.
const order = [
  'emptyDir', 'hostPath', 'gitRepo', 'gcePersistentDisk', 'awsElasticBlockStore', 'secret', 'nfs', 'iscsi', 'glusterfs', 'flocker', 'persistentVolumeClaim', 'rbd', 'cinder',
  'cephfs', 'quobyte', 'downwardAPI', 'fc', 'flexVolume', 'configMap', 'azureFile', 'vsphereVolume', 'photonPersistentDisk', 'portworxVolume', 'azureDisk', 'storageos',
  'projected', 'scaleIO', 'csi', 'ephemeral', 'image',
] as const satisfies readonly (keyof Volume)[]

type Source = typeof order[number]

export function checkHostPath(out: Errors, path: string, hostPath: NonNullable<Volume['hostPath']>): void {
  if (!checkRequired(out, `${path}.path`, hostPath.path)) return
  checkNoBacksteps(out, `${path}.path`, hostPath.path)
  checkOptionalOneOf(out, `${path}.type`, hostPath.type, hostPathTypes)
}

function checkEphemeral(out: Errors, path: string, { volumeClaimTemplate: template }: EphemeralVolumeSource): void {
  const at = `${path}.volumeClaimTemplate`
  if (!checkRequired(out, at, template) || !template) return
  checkTemplateMetadata(out, `${at}.metadata`, template.metadata)
  checkClaimSpec(out, `${at}.spec`, template.spec ?? {})
}

type Check<Name extends Source> = (out: Errors, path: string, source: NonNullable<Volume[Name]>, inPod: boolean) => void

const checks: { readonly [Name in Source]?: Check<Name> } = {
  emptyDir(out, path, { sizeLimit }) {
    if (sizeLimit?.startsWith('-')) out.push(forbiddenField(`${path}.sizeLimit`, 'SizeLimit field must be a valid resource quantity'))
  },
  hostPath: checkHostPath,
  secret(out, path, { secretName, defaultMode, items }) {
    checkRequired(out, `${path}.secretName`, secretName)
    checkMode(out, `${path}.defaultMode`, defaultMode)
    checkItems(out, `${path}.items`, items)
  },
  configMap(out, path, { name, defaultMode, items }) {
    checkRequired(out, `${path}.name`, name)
    checkMode(out, `${path}.defaultMode`, defaultMode)
    checkItems(out, `${path}.items`, items)
  },
  downwardAPI(out, path, { defaultMode, items }) {
    checkMode(out, `${path}.defaultMode`, defaultMode)
    checkDownwardItems(out, path, items)
  },
  projected: checkProjected,
  gitRepo(out, path, source) {
    checkDisk(out, path, 'gitRepo', { ...source })
    checkDescendingPath(out, `${path}.directory`, source.directory ?? '')
  },
  persistentVolumeClaim(out, path, { claimName }) {
    checkRequired(out, `${path}.claimName`, claimName)
  },
  csi(out, path, { driver, nodePublishSecretRef }) {
    checkCsiDriver(out, `${path}.driver`, driver)
    const { name } = nodePublishSecretRef ?? {}
    // The path of a wrong name is Kubernetes' own slip.
    if (nodePublishSecretRef && checkRequired(out, `${path}.nodePublishSecretRef.name`, name)) checkDnsSubdomain(out, `${path}.name`, name ?? '')
  },
  ephemeral: checkEphemeral,
  image(out, path, { pullPolicy, reference }, inPod) {
    if (inPod) checkRequired(out, `${path}.reference`, reference)
    checkOneOf(out, `${path}.pullPolicy`, pullPolicy, ['Always', 'IfNotPresent', 'Never'])
  },
}

function checkSource(out: Errors, path: string, volume: Volume, inPod: boolean): void {
  const [first, ...others] = order.filter((field) => volume[field])
  if (!first) {
    out.push(required(path, 'must specify a volume type'))
    return
  }
  const at = `${path}.${first === 'gcePersistentDisk' ? 'persistentDisk' : first}`
  const check = checks[first] as Check<Source> | undefined
  if (check) check(out, at, volume[first] as NonNullable<Volume[Source]>, inPod)
  else checkDisk(out, at, first, { ...volume[first] })
  const { name = '', iscsi } = volume
  if (iscsi?.initiatorName !== undefined && Buffer.byteLength(`${name}:${iscsi.targetPortal ?? ''}`) > 64) out.push(invalid(`${path}.name`, name, portalText))
  for (const other of others) out.push(forbiddenField(`${path}.${slips[other] ?? other}`, 'may not specify more than 1 volume type'))
}

/** Kubernetes' names of fields where it refuses them. */
export const slips: Readonly<Record<string, string>> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' }

/** A claim that is made for an ephemeral volume has the names of pod and volume, and is nobody else's. */
const madeClaim = (podName: string, volume: string): string => `${podName}-${volume}`

/** Answers the volumes that are right by name, for the mounts of containers; `podName` is missing in templates. */
export function checkVolumes(out: Errors, path: string, volumes: readonly Volume[], podName?: string): ReadonlyMap<string, Volume> {
  const byName = new Map<string, Volume>()
  const made = new Set(podName ? volumes.filter(({ ephemeral }) => ephemeral).map(({ name }) => madeClaim(podName, name)) : [])
  for (const [index, volume] of volumes.entries()) {
    const at = `${path}[${index}]`
    const before = out.length
    const { name = '', ephemeral, persistentVolumeClaim: claim } = volume
    checkSource(out, at, volume, podName !== undefined)
    if (ephemeral && podName && name) {
      for (const fault of dnsSubdomainFaults(madeClaim(podName, name))) out.push(invalid(`${at}.name`, name, `PVC name "${madeClaim(podName, name)}": ${fault}`))
    }
    if (!name) out.push(required(`${at}.name`))
    else checkDnsLabel(out, `${at}.name`, name)
    if (byName.has(name)) out.push(duplicate(`${at}.name`, name))
    if (out.length === before) byName.set(name, volume)
    if (claim && made.has(claim.claimName)) {
      out.push(invalid(`${at}.persistentVolumeClaim.claimName`, claim.claimName, 'must not reference a PVC that gets created for an ephemeral volume'))
    }
  }
  return byName
}
