// CSI volumes of this node's pods: attached, staged once a volume, published once a pod.
import { attachmentName, uniqueVolumeName } from '../api/csi-names.ts'
import { join } from 'node:path'
import { isNotFound } from '../api/status-error.ts'
import { secrets } from '../api/types-config.ts'
import { csiDrivers, type CSIDriverSpec } from '../api/types-storage.ts'
import type { PersistentVolumeClaim, SecretReference } from '../api/types-volume.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/events.ts'
import type { Clock } from '../util/clock.ts'
import { KeyedLock } from '../util/keyed-lock.ts'
import { CsiAttachments } from './csi-attachment.ts'
import type { CsiDriverConnection, NodeCapability } from './csi-driver.ts'
import type { CsiDrivers } from './csi-drivers.ts'
import { CsiExpander, hasGrown } from './csi-expansion.ts'
import { csiPaths, publishedMount } from './csi-paths.ts'
import { CsiRecords, type StagedVolume, type VolumeRecord } from './csi-records.ts'
import { CsiRelease, uniqueNameOf } from './csi-release.ts'
import { csiUsage, type CsiUsageRequest } from './csi-usage.ts'
import type { FileSystemUsage } from './machine-usage.ts'
import { type CsiVolume, fsGroupBy, modeFault, podContext, tokensKey, volumeCapability } from './csi-request.ts'
import { giveToFsGroup } from './ownership.ts'
import { isFinal } from './rpc-words.ts'
import type { TokenSource } from './volume-payload.ts'
import { type MountedVolume, type VolumeContext, VolumeFailure } from './volume.ts'
import type { VolumesInUse } from './volumes-in-use.ts'

export interface CsiVolumesOptions {
  /** The kubelet's own directory. */
  readonly root: string
  readonly nodeName: string
  readonly client: Client
  readonly clock: Clock
  readonly events: EventRecorder
  readonly drivers: CsiDrivers
  readonly tokens: TokenSource
  readonly inUse: VolumesInUse
}

interface Mounting {
  readonly volume: CsiVolume
  readonly context: VolumeContext
  readonly spec: CSIDriverSpec | undefined
  readonly attachable: boolean
  readonly publishContext: Readonly<Record<string, string>>
  readonly driver: CsiDriverConnection
  readonly capabilities: ReadonlySet<NodeCapability>
  /** Whether the driver mounts it for the pod's group. */
  readonly mountGroup?: string
}

const republishMs = 60_000
const expandAgainMs = 30_000

export class CsiVolumes {
  readonly #options: CsiVolumesOptions
  readonly #records: CsiRecords
  readonly #release: CsiRelease
  readonly #attachments: CsiAttachments
  readonly #expander: CsiExpander
  readonly #locks = new KeyedLock()
  /** What this kubelet has done itself; after a restart everything is done once more, which drivers take for what it is. */
  readonly #staged = new Set<string>()
  readonly #published = new Map<string, { readonly atMs: number; readonly target: string }>()
  readonly #usages = new Map<string, { readonly driver: CsiDriverConnection; readonly usage: () => Promise<FileSystemUsage | undefined> }>()

  constructor(options: CsiVolumesOptions) {
    const { root, drivers, inUse } = options
    this.#options = options
    this.#records = new CsiRecords(csiPaths(root))
    this.#attachments = new CsiAttachments(options)
    this.#expander = new CsiExpander(options)
    this.#release = new CsiRelease({
      records: this.#records, drivers, inUse, locks: this.#locks,
      forget: ({ unique, uid }) => (uid === undefined ? void this.#staged.delete(unique) : this.#forget(`${unique}/${uid}`)),
    })
  }

  /** Learns from the disk what an earlier kubelet has left in use. */
  async load(): Promise<void> {
    for (const { record } of await this.#records.staged()) {
      if (record.attachable) await this.#options.inUse.add(uniqueNameOf(record), '')
    }
  }

  #forget(published: string): void {
    this.#usages.delete(this.#published.get(published)?.target ?? '')
    this.#published.delete(published)
  }

  releasePod(uid: string): Promise<void> {
    return this.#release.pod(uid)
  }

  sweep(log: (message: string) => void): Promise<void> {
    return this.#release.sweep(log)
  }

  async setUp(volume: CsiVolume, context: VolumeContext, claim?: PersistentVolumeClaim): Promise<MountedVolume> {
    const { drivers } = this.#options
    context.follow(`driver/${volume.driver}`, (listener) => drivers.onArrival(volume.driver, listener))
    return this.#locks.run(uniqueVolumeName(volume.driver, volume.handle), () => this.#setUp(volume, context, claim))
  }

  async #setUp(volume: CsiVolume, context: VolumeContext, claim: PersistentVolumeClaim | undefined): Promise<MountedVolume> {
    const { drivers, clock } = this.#options
    const spec = await this.#driverSpec(volume.driver)
    const fault = modeFault(volume, spec)
    if (fault) throw new VolumeFailure(`MountVolume.NewMounter initialization failed for volume "${volume.name}" : ${fault}`)
    const attachable = volume.mode === 'Persistent' && spec?.attachRequired !== false
    const publishContext = attachable ? await this.#attachments.contextOf(volume, context) : {}
    const driver = await this.#step(volume, volume.mode === 'Persistent' ? 'stage' : 'publish', () => drivers.driver(volume.driver).catch((error: Error) => {
      throw new Error(`kubernetes.io/csi: ${volume.mode === 'Persistent' ? 'attacher.MountDevice failed to create newCsiDriverClient' : 'mounter.SetUpAt failed to get CSI client'}: ${error.message}`)
    }))
    const capabilities = await this.#step(volume, 'stage', () => driver.capabilities())
    const { fsGroup } = context.pod.spec.securityContext ?? {}
    const by = fsGroupBy(volume, { fsGroup, policy: spec?.fsGroupPolicy, capabilities })
    const mounting: Mounting = { volume, context, spec, attachable, publishContext, driver, capabilities, ...(by === 'driver' ? { mountGroup: String(fsGroup) } : {}) }
    const { target, staged } = await this.#mount(mounting, by === 'kubelet')
    const grown = !claim || !hasGrown(volume.capacity, claim) || !capabilities.has('EXPAND_VOLUME') || await this.#grow(mounting, { claim, target, staged })
    // By the time that it was published at: a timer may fire a moment early, and others may call in between.
    const published = spec?.requiresRepublish ? this.#published.get(`${uniqueVolumeName(volume.driver, volume.handle)}/${context.pod.metadata.uid}`) : undefined
    const refreshAtMs = Math.min(published ? published.atMs + republishMs : Infinity, grown ? Infinity : clock.now() + expandAgainMs)
    return {
      hostPath: volume.block ? join(this.#records.paths.podDevices(context.pod.metadata.uid ?? ''), volume.name) : target,
      readOnly: volume.readOnly, ...(volume.block ? { block: true } : {}),
      ...(capabilities.has('GET_VOLUME_STATS') ? { usage: this.#usage({ driver, volumeId: volume.handle, volumePath: target, stagingTargetPath: staged && capabilities.has('STAGE_UNSTAGE_VOLUME') ? staged.target : '' }) } : {}),
      ...(Number.isFinite(refreshAtMs) ? { refreshAtMs } : {}),
    }
  }

  /** The same for the same mount: what is known of it stays known. */
  #usage(request: CsiUsageRequest): () => Promise<FileSystemUsage | undefined> {
    const known = this.#usages.get(request.volumePath)
    if (known?.driver === request.driver) return known.usage
    const usage = csiUsage(request, this.#options.clock)
    this.#usages.set(request.volumePath, { driver: request.driver, usage })
    return usage
  }

  async #mount(mounting: Mounting, group: boolean): Promise<{ target: string; staged: StagedVolume | undefined }> {
    const { volume, context: { pod }, attachable, spec } = mounting
    const { clock, nodeName } = this.#options
    const { name, block } = volume
    const uid = pod.metadata.uid ?? ''
    const unique = uniqueVolumeName(volume.driver, volume.handle)
    const identity = { driverName: volume.driver, volumeHandle: volume.handle }
    const attachmentID = attachmentName({ handle: volume.handle, driver: volume.driver, nodeName })
    const record: VolumeRecord = { ...identity, specVolID: name, nodeName, attachmentID, volumeLifecycleMode: volume.mode, ...(attachable ? { attachable: 'true' } : {}) }
    const target = block ? join(this.#records.paths.blockPublished(name), uid) : publishedMount(join(this.#records.paths.podVolumes(uid), name))
    // Noted before the driver is asked: whatever becomes of the call, it can be taken back.
    const fresh = await this.#records.addUser(uid, { name, block, record })
    const staged = volume.mode === 'Persistent' ? await this.#records.addStaged({ name, block, record: { ...record, ...identity } }) : undefined
    try {
      if (attachable) await this.#options.inUse.add(unique, '')
      if (staged && !this.#staged.has(unique)) await this.#stage(mounting, staged)
      const published = this.#published.get(`${unique}/${uid}`)
      if (!published || (spec?.requiresRepublish && clock.now() - published.atMs >= republishMs)) await this.#publish(mounting, { target, staged, group })
    } catch (error) {
      if (fresh && error instanceof VolumeFailure && isFinal(error.cause)) await this.#undo({ uid, name, block, target }, { unique, staged })
      throw error
    }
    return { target, staged }
  }

  /** The driver has refused: nothing is mounted for this pod. */
  async #undo(user: { uid: string; name: string; block: boolean; target: string }, { unique, staged }: { unique: string; staged: StagedVolume | undefined }): Promise<void> {
    await this.#records.removeUser(user)
    // What has been staged stays for the next try; `sweep` ends it when there is none.
    if (!staged || this.#staged.has(unique) || (await this.#records.users()).some((each) => uniqueNameOf(each.record) === unique)) return
    await this.#records.removeStaged(staged)
    await this.#options.inUse.remove(unique, '')
  }

  async #stage(mounting: Mounting, staged: StagedVolume): Promise<void> {
    const { volume, driver, capabilities, publishContext } = mounting
    if (capabilities.has('STAGE_UNSTAGE_VOLUME')) {
      await this.#step(volume, 'stage', async () => driver.stage({
        volumeId: volume.handle, publishContext, stagingTargetPath: staged.target, volumeCapability: this.#capability(mounting),
        secrets: await this.#secret(volume.stageSecret, 'NodeStageSecretRef'), volumeContext: volume.attributes,
      }))
    }
    this.#staged.add(uniqueVolumeName(volume.driver, volume.handle))
  }

  async #publish(mounting: Mounting, { target, staged, group }: { target: string; staged: StagedVolume | undefined; group: boolean }): Promise<void> {
    const { volume, context, driver, capabilities, publishContext, spec } = mounting
    const { pod } = context
    await this.#step(volume, 'publish', async () => {
      const tokens = await this.#tokens(mounting)
      const secret = await this.#secret(volume.publishSecret, 'NodePublishSecretRef')
      await driver.publish({
        volumeId: volume.handle, publishContext, stagingTargetPath: staged && capabilities.has('STAGE_UNSTAGE_VOLUME') ? staged.target : '', targetPath: target,
        volumeCapability: this.#capability(mounting), readonly: volume.readOnly,
        secrets: { ...secret, ...(spec?.serviceAccountTokenInSecrets ? tokens : {}) },
        volumeContext: { ...volume.attributes, ...podContext(pod, volume, spec), ...(spec?.serviceAccountTokenInSecrets ? {} : tokens) },
      })
      if (group) {
        await giveToFsGroup(target, pod).catch((error: Error) => {
          throw new Error(`applyFSGroup failed for vol ${volume.handle}: ${error.message}`)
        })
      }
    })
    this.#published.set(`${uniqueVolumeName(volume.driver, volume.handle)}/${pod.metadata.uid}`, { atMs: this.#options.clock.now(), target })
  }

  async #grow(mounting: Mounting, { claim, target, staged }: { claim: PersistentVolumeClaim; target: string; staged: StagedVolume | undefined }): Promise<boolean> {
    const { volume, context, driver, capabilities } = mounting
    // A volume that can't grow goes on as it is; the events tell.
    return this.#expander.expand({
      pod: context.pod, claim, volume: volume.name, capacity: volume.capacity ?? '', driver,
      request: {
        volumeId: volume.handle, volumePath: target, stagingTargetPath: staged && capabilities.has('STAGE_UNSTAGE_VOLUME') ? staged.target : '',
        volumeCapability: this.#capability(mounting), secrets: await this.#secret(volume.expandSecret, 'NodeExpandSecretRef'),
      },
    })
  }

  #capability({ volume, capabilities, mountGroup }: Mounting): ReturnType<typeof volumeCapability> {
    return volumeCapability(volume, { capabilities, ...(mountGroup === undefined ? {} : { mountGroup }) })
  }

  async #driverSpec(name: string): Promise<CSIDriverSpec | undefined> {
    try {
      return (await this.#options.client.get(csiDrivers, { name })).spec
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  async #secret(ref: SecretReference | undefined, what: string): Promise<Record<string, string>> {
    if (!ref?.name) return {}
    const { name, namespace = '' } = ref
    const found = await this.#options.client.get(secrets, { namespace, name }).catch((error: Error) => {
      throw new Error(`fetching ${what} ${namespace}/${name} failed: failed to find the secret ${name} in the namespace ${namespace} with error: ${error.message}`)
    })
    return Object.fromEntries(Object.entries(found.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]))
  }

  async #tokens({ context: { pod }, spec }: Mounting): Promise<Record<string, string>> {
    const wanted = spec?.tokenRequests ?? []
    if (wanted.length === 0) return {}
    const entries = await Promise.all(wanted.map(async ({ audience, expirationSeconds }) => {
      const made = await this.#options.tokens.token(pod, { audience, path: '', ...(expirationSeconds === undefined ? {} : { expirationSeconds }) })
      return [audience, { token: made.token, expirationTimestamp: made.expirationTimestamp }] as const
    }))
    return { [tokensKey]: JSON.stringify(Object.fromEntries(entries)) }
  }

  /** One step with the driver, its failure in the words of the event. */
  async #step<T>({ name, block }: CsiVolume, step: 'stage' | 'publish', work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      const what = block ? { stage: 'MapVolume.SetUpDevice', publish: 'MapVolume.MapPodDevice' } : { stage: 'MountVolume.MountDevice', publish: 'MountVolume.SetUp' }
      throw new VolumeFailure(`${what[step]} failed for volume "${name}" : ${(error as Error).message}`, { cause: error, ...(block ? { reason: 'FailedMapVolume' } : {}) })
    }
  }
}
