// Unpacks an image's layers into snapshots, as containers need them, so that the first container does not wait for it.
import type { ContainerdClient, Descriptor } from './containerd.ts'
import { isAlreadyExists, isNotFound } from './cri.ts'
import type { CallOptions } from './grpc-connection.ts'
import { sha256 } from './oci-archive.ts'

export interface UnpackOptions {
  readonly snapshotter: string
  readonly leaseId: string
  readonly lease: CallOptions
}

/** A snapshot's name tells all layers below it: of the first its digest unpacked, then of each the digest of both. */
export function chainIds(diffIds: readonly string[]): string[] {
  const chain: string[] = []
  for (const diffId of diffIds) {
    const below = chain.at(-1)
    chain.push(below === undefined ? diffId : sha256(Buffer.from(`${below} ${diffId}`)))
  }
  return chain
}

/** What is unpacked already stays as it is. */
export async function unpack(client: ContainerdClient, image: { configDigest: string; layers: readonly Descriptor[] }, { snapshotter, leaseId, lease }: UnpackOptions): Promise<void> {
  const config = JSON.parse((await client.readContent(image.configDigest)).toString()) as { rootfs?: { diff_ids?: string[] } }
  const diffIds = config.rootfs?.diff_ids ?? []
  if (diffIds.length !== image.layers.length) throw new Error(`the image ${image.configDigest} has ${image.layers.length} layers, and its configuration tells of ${diffIds.length}`)
  const chain = chainIds(diffIds)
  for (const [index, layer] of image.layers.entries()) {
    const name = chain[index] ?? ''
    if (await known(client, snapshotter, name)) continue
    const key = `${leaseId}-${index} ${name}`
    const mounts = await client.prepareSnapshot({ snapshotter, key, parent: chain[index - 1] ?? '' }, lease)
    try {
      const applied = await client.applyDiff(layer, mounts, lease)
      if (applied.digest !== diffIds[index]) throw new Error(`the layer ${layer.digest} unpacks to ${applied.digest} instead of ${diffIds[index]}`)
      await client.commitSnapshot({ snapshotter, key, name }, lease)
    } catch (error) {
      await client.removeSnapshot({ snapshotter, key })
      // Somebody else was faster.
      if (!isAlreadyExists(error)) throw error
    }
  }
  const top = chain.at(-1)
  // Without this the snapshots go once the lease ends.
  if (top !== undefined) await client.labelContent(image.configDigest, { [`containerd.io/gc.ref.snapshot.${snapshotter}`]: top }, lease)
}

async function known(client: ContainerdClient, snapshotter: string, key: string): Promise<boolean> {
  try {
    await client.statSnapshot({ snapshotter, key })
    return true
  } catch (error) {
    if (isNotFound(error)) return false
    throw error
  }
}
