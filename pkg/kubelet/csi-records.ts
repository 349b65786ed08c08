// What is kept on the disk of CSI volumes, so that whoever comes after us can give them back: which pods use what, what is staged.
import { mkdir, readdir, readFile, readlink, rm, rmdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type CsiPaths, publishedMount, stagedMount, volumeData } from './csi-paths.ts'

/** Names as kubelets write them; `attachable` is ours. */
export interface VolumeRecord {
  readonly driverName: string
  readonly volumeHandle: string
  readonly specVolID?: string
  readonly nodeName?: string
  readonly attachmentID?: string
  readonly volumeLifecycleMode?: 'Persistent' | 'Ephemeral'
  readonly attachable?: 'true'
}

export interface PublishedVolume {
  readonly uid: string
  readonly name: string
  readonly block: boolean
  readonly target: string
  readonly record: VolumeRecord
}

export interface StagedVolume {
  readonly block: boolean
  readonly target: string
  readonly record: VolumeRecord
  /** Where its record is: a directory of its own. */
  readonly directory: string
}

const names = (directory: string): Promise<string[]> => readdir(directory).catch((error: NodeJS.ErrnoException) => {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
  throw error
})

async function readRecord(file: string): Promise<VolumeRecord | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as VolumeRecord
  } catch (error) {
    // Half-written by one who died: nothing was asked of a driver before it was whole.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function writeRecord(file: string, record: VolumeRecord): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o750 })
  await writeFile(file, JSON.stringify(record), { mode: 0o600 })
}

/** Never recursive: behind a mount that is still there is somebody's data. */
async function removeEmpty(directory: string): Promise<void> {
  await rmdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}

export class CsiRecords {
  readonly paths: CsiPaths

  constructor(paths: CsiPaths) {
    this.paths = paths
  }

  /** Notes that a pod uses a volume; false when that was noted before. */
  async addUser(uid: string, { name, block, record }: Pick<PublishedVolume, 'name' | 'block' | 'record'>): Promise<boolean> {
    if (!block) {
      const file = volumeData(join(this.paths.podVolumes(uid), name))
      const known = await readRecord(file)
      await writeRecord(file, record)
      return known === undefined
    }
    await mkdir(this.paths.blockPublished(name), { recursive: true, mode: 0o750 })
    await mkdir(this.paths.podDevices(uid), { recursive: true, mode: 0o750 })
    const link = join(this.paths.podDevices(uid), name)
    const known = await readlink(link).catch(() => undefined)
    if (known === undefined) await symlink(join(this.paths.blockPublished(name), uid), link)
    return known === undefined
  }

  /** Of one pod, or of all. */
  async users(uid?: string): Promise<PublishedVolume[]> {
    const found: PublishedVolume[] = []
    for (const each of uid === undefined ? await names(this.paths.pods) : [uid]) {
      for (const name of await names(this.paths.podVolumes(each))) {
        const directory = join(this.paths.podVolumes(each), name)
        const record = await readRecord(volumeData(directory))
        if (record) found.push({ uid: each, name, block: false, target: publishedMount(directory), record })
      }
      for (const name of await names(this.paths.podDevices(each))) {
        const record = await readRecord(this.paths.blockData(name))
        if (record) found.push({ uid: each, name, block: true, target: join(this.paths.blockPublished(name), each), record })
      }
    }
    return found
  }

  async removeUser({ uid, name, block, target }: Omit<PublishedVolume, 'record'>): Promise<void> {
    if (block) {
      await rm(target, { force: true })
      await rm(join(this.paths.podDevices(uid), name), { force: true })
      return
    }
    const directory = dirname(target)
    await removeEmpty(target)
    await rm(volumeData(directory), { force: true })
    await removeEmpty(directory)
  }

  async addStaged({ name, block, record }: { name: string; block: boolean; record: VolumeRecord }): Promise<StagedVolume> {
    const directory = block ? dirname(this.paths.blockData(name)) : this.paths.stagedVolume(record.driverName, record.volumeHandle)
    const target = block ? this.paths.blockStaging(name) : stagedMount(directory)
    await writeRecord(volumeData(directory), record)
    await mkdir(target, { recursive: true, mode: 0o750 })
    return { block, target, record, directory }
  }

  async staged(): Promise<StagedVolume[]> {
    const found: StagedVolume[] = []
    for (const driver of await names(this.paths.staged)) {
      if (join(this.paths.staged, driver) === this.paths.blocks) continue
      for (const hash of await names(join(this.paths.staged, driver))) {
        const directory = join(this.paths.staged, driver, hash)
        const record = await readRecord(volumeData(directory))
        if (record) found.push({ block: false, target: stagedMount(directory), record, directory })
      }
    }
    for (const name of await names(this.paths.blocks)) {
      const record = await readRecord(this.paths.blockData(name))
      if (record) found.push({ block: true, target: this.paths.blockStaging(name), record, directory: dirname(this.paths.blockData(name)) })
    }
    return found
  }

  async removeStaged({ block, target, directory }: StagedVolume): Promise<void> {
    await removeEmpty(target)
    await rm(volumeData(directory), { force: true })
    await removeEmpty(directory)
    if (!block) return
    const name = target.slice(dirname(target).length + 1)
    await removeEmpty(dirname(directory))
    await removeEmpty(this.paths.blockPublished(name))
  }
}
