// Gives CSI volumes back: unpublishes a pod's, unstages what no pod uses. Knows them from the disk alone.
import { uniqueVolumeName } from '../api/csi-names.ts'
import type { KeyedLock } from '../util/keyed-lock.ts'
import type { CsiDrivers } from './csi-drivers.ts'
import type { CsiRecords, PublishedVolume, StagedVolume, VolumeRecord } from './csi-records.ts'
import type { VolumesInUse } from './volumes-in-use.ts'

export const uniqueNameOf = ({ driverName, volumeHandle }: VolumeRecord): string => uniqueVolumeName(driverName, volumeHandle)

export interface CsiReleaseOptions {
  readonly records: CsiRecords
  readonly drivers: CsiDrivers
  /** By the volume's unique name: of one volume, one thing is done at a time. */
  readonly locks: KeyedLock
  readonly inUse: VolumesInUse
  readonly forget: (volume: { readonly unique: string; readonly uid?: string }) => void
}

export class CsiRelease {
  readonly #options: CsiReleaseOptions

  constructor(options: CsiReleaseOptions) {
    this.#options = options
  }

  /** Everything that the pod has. Throws when a driver can't: then what is left can be tried again. */
  async pod(uid: string): Promise<void> {
    for (const volume of await this.#options.records.users(uid)) {
      await this.#options.locks.run(uniqueNameOf(volume.record), async () => {
        await this.#unpublish(volume)
        await this.#unstageUnused(volume.record)
      })
    }
    await this.#options.inUse.forget(uid)
  }

  /** What was staged for pods that are no more. */
  async sweep(log: (message: string) => void): Promise<void> {
    for (const { record } of await this.#options.records.staged()) {
      await this.#options.locks.run(uniqueNameOf(record), () => this.#unstageUnused(record))
        .catch((error: Error) => log(`volume ${record.volumeHandle} of driver ${record.driverName} could not be unstaged: ${error.message}`))
    }
  }

  async #unpublish(volume: PublishedVolume): Promise<void> {
    const { records, drivers, forget } = this.#options
    const driver = await drivers.driver(volume.record.driverName)
    await driver.unpublish(volume.record.volumeHandle, volume.target)
    forget({ unique: uniqueNameOf(volume.record), uid: volume.uid })
    await records.removeUser(volume)
  }

  async #unstageUnused(record: VolumeRecord): Promise<void> {
    const { records, inUse } = this.#options
    const unique = uniqueNameOf(record)
    const staged = (await records.staged()).filter((each) => uniqueNameOf(each.record) === unique)
    if (staged.length === 0) return
    if ((await records.users()).some((user) => uniqueNameOf(user.record) === unique)) return
    for (const each of staged) await this.#unstage(each)
    await inUse.remove(unique, '')
  }

  async #unstage(volume: StagedVolume): Promise<void> {
    const { records, drivers, forget } = this.#options
    const driver = await drivers.driver(volume.record.driverName)
    if ((await driver.capabilities()).has('STAGE_UNSTAGE_VOLUME')) await driver.unstage(volume.record.volumeHandle, volume.target)
    forget({ unique: uniqueNameOf(volume.record) })
    await records.removeStaged(volume)
  }
}
