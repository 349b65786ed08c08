// What external-provisioner, -attacher and -resizer do beside a CSI driver, as small as can be: they speak to the API for the test driver.
import { setTimeout as pause } from 'node:timers/promises'
import { keyOf, type KubeObject, type Resource } from '../../pkg/api/object.ts'
import { isAlreadyExists, isNotFound } from '../../pkg/api/status-error.ts'
import { storageClasses } from '../../pkg/api/types-config.ts'
import { volumeAttachments, type VolumeAttachment } from '../../pkg/api/types-storage.ts'
import { persistentVolumeClaims, persistentVolumes, type PersistentVolume, type PersistentVolumeClaim } from '../../pkg/api/types-volume.ts'
import type { Client } from '../../pkg/client/client.ts'
import type { TestCsiDriver } from './csi-driver.ts'

export class CsiSidecars {
  readonly #client: Client
  readonly #driver: TestCsiDriver
  readonly #name: string
  readonly #abort = new AbortController()
  readonly #loops: Promise<void>[] = []
  readonly attached = new Set<string>()

  constructor({ client, driver, name }: { client: Client; driver: TestCsiDriver; name: string }) {
    this.#client = client
    this.#driver = driver
    this.#name = name
  }

  start(): void {
    this.#loops.push(
      this.#follow(persistentVolumeClaims, async (claim) => {
        await this.#provision(claim)
        await this.#resize(claim)
      }),
      this.#follow(persistentVolumes, (volume) => this.#reclaim(volume)),
      this.#follow(volumeAttachments, (attachment) => this.#attach(attachment)),
    )
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    await Promise.all(this.#loops)
  }

  async #follow<T extends KubeObject>(resource: Resource<T>, handle: (object: T) => Promise<void>): Promise<void> {
    const { signal } = this.#abort
    while (!signal.aborted) {
      try {
        for await (const batch of this.#client.watch(resource, { sendInitialEvents: true, signal })) {
          for (const { type, object } of batch) {
            if (type !== 'ADDED' && type !== 'MODIFIED') continue
            await handle(object).catch((error: unknown) => {
              if (!isNotFound(error) && !isAlreadyExists(error)) throw error
            })
          }
        }
      } catch {
        // Everything is looked at again: the server may be restarting.
      }
      await pause(200)
    }
  }

  async #provision(claim: PersistentVolumeClaim): Promise<void> {
    const { namespace = '', name = '', uid = '', annotations } = claim.metadata
    if (annotations?.['volume.kubernetes.io/storage-provisioner'] !== this.#name || claim.spec.volumeName) return
    const storageClass = await this.#client.get(storageClasses, { name: claim.spec.storageClassName ?? '' })
    if (storageClass.volumeBindingMode === 'WaitForFirstConsumer' && !annotations['volume.kubernetes.io/selected-node']) return
    const handle = `pvc-${uid}`
    const { volumeMode = 'Filesystem', accessModes = [], resources } = claim.spec
    this.#driver.createVolume(handle, { sizeBytes: 4 << 20, block: volumeMode === 'Block' })
    await this.#client.create(persistentVolumes, {
      apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: handle, annotations: { 'pv.kubernetes.io/provisioned-by': this.#name } },
      spec: {
        accessModes, volumeMode, capacity: { storage: resources?.requests?.['storage'] ?? '1Gi' }, storageClassName: storageClass.metadata.name ?? '',
        persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete', claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid },
        csi: { driver: this.#name, volumeHandle: handle, fsType: 'ext4', volumeAttributes: { 'storage.kubernetes.io/csiProvisionerIdentity': 'test' } },
      },
    })
  }

  async #resize(claim: PersistentVolumeClaim): Promise<void> {
    const wanted = claim.spec.resources?.requests?.['storage']
    if (claim.status?.phase !== 'Bound' || claim.status.capacity?.['storage'] === wanted || claim.status.conditions?.some(({ type }) => type === 'FileSystemResizePending')) return
    const volume = await this.#client.get(persistentVolumes, { name: claim.spec.volumeName ?? '' })
    if (volume.spec.csi?.driver !== this.#name) return
    const conditions = [{ type: 'FileSystemResizePending', status: 'True', message: 'Waiting for user to (re-)start a pod to finish file system resize of volume on node.' }]
    await this.#client.patch(persistentVolumeClaims, keyOf(claim), { type: 'merge', body: { status: { conditions } } }, { subresource: 'status' })
    await this.#client.patch(persistentVolumes, keyOf(volume), { type: 'merge', body: { spec: { capacity: { storage: wanted } } } })
  }

  async #reclaim({ metadata, spec, status }: PersistentVolume): Promise<void> {
    if (spec.csi?.driver !== this.#name || status?.phase !== 'Released' || spec.persistentVolumeReclaimPolicy !== 'Delete') return
    // As a real one: not while it is attached somewhere.
    if (this.attached.has(metadata.name ?? '')) throw new Error(`${metadata.name} is still attached`)
    this.#driver.deleteVolume(spec.csi.volumeHandle)
    await this.#client.delete(persistentVolumes, { name: metadata.name ?? '' })
  }

  async #attach(attachment: VolumeAttachment): Promise<void> {
    const { metadata, spec, status } = attachment
    if (spec.attacher !== this.#name) return
    const finalizer = `external-attacher/${this.#name.replaceAll('.', '-')}`
    const volume = spec.source.persistentVolumeName ?? ''
    if (metadata.deletionTimestamp !== undefined) {
      this.attached.delete(volume)
      await this.#client.patch(volumeAttachments, keyOf(attachment), { type: 'merge', body: { metadata: { finalizers: null } } })
    } else if (!status?.attached) {
      this.attached.add(volume)
      await this.#client.patch(volumeAttachments, keyOf(attachment), { type: 'merge', body: { metadata: { finalizers: [finalizer] } } })
      await this.#client.patch(volumeAttachments, keyOf(attachment), { type: 'merge', body: { status: { attached: true, attachmentMetadata: { lun: '7' } } } }, { subresource: 'status' })
    }
  }
}
