// The storage provisioner: makes directories of a node into volumes, and removes them when their claims are gone.
import { isAlreadyExists } from '../api/status-error.ts'
import { storageClasses } from '../api/types-config.ts'
import { nodes, type Node } from '../api/types-node.ts'
import { persistentVolumeClaims, persistentVolumes, type PersistentVolume, type PersistentVolumeClaim } from '../api/types-volume.ts'
import { controller, watches, type Controller, type ReconcileContext } from '../controller/controller.ts'
import { messageOf } from '../controller/refusals.ts'
import { hostOf, localPathFault, localPathFinalizer, localPathProvisioner, localPathVolume, reclaimOf, wantedSize } from './local-path-volume.ts'
import { classOf, selectedNode, storageProvisioner } from './volume-match.ts'

/** A directory of a volume, and the hostname of the node that it is on. */
export interface VolumeDirectory {
  readonly host: string
  readonly path: string
}

export interface LocalPathOptions {
  /** Where volumes go on every node. */
  readonly directory: string
  /** Makes the directory, writable for everybody. Where it can't (another machine), the kubelet makes a plain one when it mounts it. */
  readonly makeDirectory: (directory: VolumeDirectory) => Promise<void>
  /** Removes the directory with all that is in it. Throws when it can't; then it is tried again. */
  readonly removeDirectory: (directory: VolumeDirectory) => Promise<void>
}

const name = 'local-path'

export function localPathControllers(options: LocalPathOptions): readonly Controller[] {
  return [provisioner(options), reclaimer(options), resizer()]
}

function provisioner({ directory, makeDirectory }: LocalPathOptions): Controller {
  return controller<PersistentVolumeClaim>({
    name,
    for: persistentVolumeClaims,
    watches: [watches(nodes, () => []), watches(storageClasses, () => [])],
    async reconcile(_, claim, context) {
      // The binder's annotation says that no volume exists that would do.
      if (!claim || claim.spec.volumeName || claim.metadata.deletionTimestamp || claim.metadata.annotations?.[storageProvisioner] !== localPathProvisioner) return
      const { client, informers, events } = context
      const storageClass = informers.for(storageClasses).get({ name: classOf(claim) })
      const chosen = claim.metadata.annotations[selectedNode]
      const delayed = storageClass?.volumeBindingMode === 'WaitForFirstConsumer'
      if (!storageClass || storageClass.provisioner !== localPathProvisioner || (delayed && chosen === undefined)) return
      const node = chosen === undefined ? anyNode(informers.for(nodes).list()) : informers.for(nodes).get({ name: chosen })
      const fault = node ? localPathFault(claim) : chosen === undefined ? 'no node is ready' : `node "${chosen}" not found`
      if (!node || fault) return refuse(claim, fault ?? '', context)
      const volume = localPathVolume({ claim, storageClass, node, directory })
      if (informers.for(persistentVolumes).get({ name: volume.metadata.name ?? '' })) return
      events.record(claim, { type: 'Normal', reason: 'Provisioning', message: `External provisioner is provisioning volume for claim "${claim.metadata.namespace}/${claim.metadata.name}"` })
      await makeDirectory({ host: hostOf(volume) ?? '', path: volume.spec.hostPath?.path ?? '' })
      await client.create(persistentVolumes, volume).catch((error: unknown) => {
        if (!isAlreadyExists(error)) throw error
      })
      events.record(claim, { type: 'Normal', reason: 'ProvisioningSucceeded', message: `Successfully provisioned volume ${volume.metadata.name}` })
    },
  })
}

function reclaimer({ removeDirectory }: LocalPathOptions): Controller {
  return controller<PersistentVolume>({
    name,
    for: persistentVolumes,
    async reconcile(key, volume, { client, events }) {
      const plan = volume && reclaimOf(volume)
      if (!volume || !plan) return
      const path = volume.spec.hostPath?.path
      if (plan === 'remove' && path) {
        try {
          await removeDirectory({ host: hostOf(volume) ?? '', path })
        } catch (error) {
          events.record(volume, { type: 'Warning', reason: 'VolumeFailedDelete', message: messageOf(error) })
          throw error
        }
      }
      const going = volume.metadata.deletionTimestamp ? volume : await client.delete(persistentVolumes, key, { preconditions: { uid: volume.metadata.uid } })
      if (!going) return
      const finalizers = (going.metadata.finalizers ?? []).filter((one) => one !== localPathFinalizer)
      await client.update(persistentVolumes, { ...going, metadata: { ...going.metadata, finalizers } })
    },
  })
}

/** Directories have no size: a volume is as large as its claim asks, when the class allows it at all. */
function resizer(): Controller {
  return controller<PersistentVolumeClaim>({
    name,
    for: persistentVolumeClaims,
    async reconcile(_, claim, { client, informers, events }) {
      const volume = claim?.status?.phase === 'Bound' ? informers.for(persistentVolumes).get({ name: claim.spec.volumeName ?? '' }) : undefined
      const storage = claim && volume && wantedSize(claim, volume)
      if (!claim || !volume || storage === undefined) return
      await client.update(persistentVolumes, { ...volume, spec: { ...volume.spec, capacity: { ...volume.spec.capacity, storage } } })
      await client.update(persistentVolumeClaims, { ...claim, status: { ...claim.status, capacity: { ...claim.status?.capacity, storage } } }, { subresource: 'status' })
      events.record(claim, { type: 'Normal', reason: 'VolumeResizeSuccessful', message: 'Resize volume succeeded' })
    },
  })
}

/** Where nobody chose: a node that is ready, the first by name. */
function anyNode(all: readonly Node[]): Node | undefined {
  const ready = all.filter(({ status }) => status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'))
  return ready.sort((a, b) => (a.metadata.name ?? '').localeCompare(b.metadata.name ?? ''))[0]
}

/** Takes the choice of the node back, so that the scheduler makes another. */
async function refuse(claim: PersistentVolumeClaim, fault: string, { client, events }: ReconcileContext): Promise<void> {
  events.record(claim, { type: 'Warning', reason: 'ProvisioningFailed', message: `failed to provision volume with StorageClass "${classOf(claim)}": ${fault}` })
  if (claim.metadata.annotations?.[selectedNode] === undefined) throw new Error(fault)
  const { [selectedNode]: _chosen, ...annotations } = claim.metadata.annotations
  await client.update(persistentVolumeClaims, { ...claim, metadata: { ...claim.metadata, annotations } })
}
