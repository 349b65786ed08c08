// Brings an image archive into the content store in one pass, and works out which images it holds.
import { Readable } from 'node:stream'
import zlib from 'node:zlib'
import type { ContainerdClient, Descriptor } from './containerd.ts'
import { isAlreadyExists } from './cri.ts'
import type { CallOptions } from './grpc-connection.ts'
import { hostArchitecture, sha256 } from './oci-archive.ts'
import type { TarItem } from './tar.ts'
import { readTar } from './tar.ts'

export interface ArchiveImage {
  /** As the archive gives them; none for an image without a tag. */
  names: string[]
  target: Descriptor
  /** What the CRI calls the image's id. */
  configDigest: string
  /** From the lowest to the highest. */
  layers: Descriptor[]
}

export interface StoreOptions {
  leaseId: string
  lease: CallOptions
}

interface Manifest {
  mediaType?: string
  config: Descriptor
  layers: Descriptor[]
}

interface Index {
  manifests: (Descriptor & { platform?: { architecture: string; os: string } })[]
}

interface DockerManifest {
  Config: string
  Layers: string[]
  RepoTags?: string[] | null
}

interface StoredBlob {
  digest: string
  size: number
  compression: Compression
}

type Compression = 'gzip' | 'zstd' | 'none'

/** Documents are kept in memory while the archive is read; what is bigger is a layer. */
const maxDocumentBytes = 4 << 20
const manifestTypes = ['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json']
const indexTypes = ['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json']
const layerTypes: Record<Compression, string> = {
  gzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  zstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  none: 'application/vnd.oci.image.layer.v1.tar',
}

export async function storeArchive(client: ContainerdClient, archive: AsyncIterable<Uint8Array>, options: StoreOptions): Promise<ArchiveImage[]> {
  const contents = new ArchiveContents()
  for await (const item of readTar(await decompressed(archive))) await readItem(client, item, contents, options)
  const images = contents.document<Index>('index.json')
    ? imagesOfLayout(contents)
    : await imagesOfDocker(client, contents, options)
  if (images.length === 0) throw new Error('the archive holds no image: neither index.json nor manifest.json names one')
  for (const { target } of images) await labelReferences(client, contents, target, options.lease)
  return images
}

/** What one pass over an archive found: stored blobs, documents, and links between paths. */
class ArchiveContents {
  readonly blobs = new Map<string, StoredBlob>()
  readonly documents = new Map<string, Buffer>()
  readonly links = new Map<string, string>()

  blob(path: string): StoredBlob | undefined {
    return this.blobs.get(this.links.get(path) ?? path)
  }

  document<T>(path: string): T | undefined {
    const bytes = this.documents.get(path)
    return bytes && (JSON.parse(bytes.toString('utf8')) as T)
  }

  ofDigest<T>(digest: string): T | undefined {
    return this.document<T>(`blobs/${digest.replace(':', '/')}`)
  }
}

async function readItem(client: ContainerdClient, item: TarItem, contents: ArchiveContents, options: StoreOptions): Promise<void> {
  const path = item.path.replace(/^\.\//, '')
  if (item.type === 'symlink') contents.links.set(path, joinPath(path, item.target))
  if (item.type === 'link') contents.links.set(path, item.target.replace(/^\.\//, ''))
  if (item.type !== 'file') return
  const head = await peek(item.body)
  if (item.size <= maxDocumentBytes && '{['.includes(String.fromCharCode(head.first[0] ?? 0))) {
    const bytes = await collect(head.all)
    contents.documents.set(path, bytes)
    if (!isTopLevel(path)) contents.blobs.set(path, await storeBytes(client, path, bytes, options))
  } else if (!isTopLevel(path) && !path.endsWith('/VERSION')) {
    const compression = compressionOf(head.first)
    const digest = await store(client, { path, size: item.size, body: head.all }, options)
    contents.blobs.set(path, { digest, size: item.size, compression })
  }
}

const isTopLevel = (path: string): boolean => ['index.json', 'manifest.json', 'oci-layout', 'repositories'].includes(path)

async function storeBytes(client: ContainerdClient, path: string, bytes: Buffer, options: StoreOptions): Promise<StoredBlob> {
  const body = Readable.from([bytes], { objectMode: false })
  return { digest: await store(client, { path, size: bytes.length, body }, options), size: bytes.length, compression: 'none' }
}

/** In a layout the path says the digest; in a docker archive only the store can tell. */
async function store(
  client: ContainerdClient, blob: { path: string; size: number; body: AsyncIterable<Uint8Array> }, { leaseId, lease }: StoreOptions,
): Promise<string> {
  const digest = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(blob.path)?.[1]
  const expected = digest && `sha256:${digest}`
  try {
    return await client.writeContent(blob.body, { ref: `${leaseId}/${blob.path}`, size: blob.size, expected }, lease)
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
    // The message ends with the digest when the store found it out by itself.
    const known = expected ?? /sha256:[0-9a-f]{64}/.exec((error as Error).message)?.[0]
    if (!known) throw error
    return known
  }
}

function imagesOfLayout(contents: ArchiveContents): ArchiveImage[] {
  const index = contents.document<Index>('index.json')
  const dockerManifests = contents.document<DockerManifest[]>('manifest.json') ?? []
  const images = new Map<string, ArchiveImage>()
  for (const { mediaType, digest, size, annotations } of index?.manifests ?? []) {
    const manifest = hostManifest(contents, { mediaType, digest, size })
    if (!manifest) continue
    const configDigest = manifest.config.digest
    const name = annotations?.['io.containerd.image.name'] ?? fullReference(annotations?.['org.opencontainers.image.ref.name'])
    const tags = dockerManifests.filter(({ Config }) => Config.endsWith(configDigest.slice('sha256:'.length))).flatMap(({ RepoTags }) => RepoTags ?? [])
    const image = images.get(digest) ?? { names: [], target: { mediaType, digest, size }, configDigest, layers: manifest.layers }
    image.names = [...new Set([...image.names, ...(name ? [name] : tags)])]
    images.set(digest, image)
  }
  return [...images.values()]
}

/** A bare tag names no image. */
const fullReference = (name: string | undefined): string | undefined => (name && /[/:]/.test(name) ? name : undefined)

/** Follows indexes down to the manifest for this machine; undefined when the archive has none. */
function hostManifest(contents: ArchiveContents, target: Descriptor): Manifest | undefined {
  if (!indexTypes.includes(target.mediaType)) return contents.ofDigest<Manifest>(target.digest)
  const { manifests = [] } = contents.ofDigest<Index>(target.digest) ?? {}
  const fitting = manifests.filter(({ platform }) => !platform || (platform.os === 'linux' && platform.architecture === hostArchitecture()))
  for (const each of fitting) {
    const manifest = hostManifest(contents, each)
    if (manifest) return manifest
  }
  return undefined
}

/** A docker archive has no manifest of its own, so one is written for each of its images. */
async function imagesOfDocker(client: ContainerdClient, contents: ArchiveContents, options: StoreOptions): Promise<ArchiveImage[]> {
  const images: ArchiveImage[] = []
  for (const { Config, Layers, RepoTags } of contents.document<DockerManifest[]>('manifest.json') ?? []) {
    const need = (path: string): StoredBlob => {
      const blob = contents.blob(path)
      if (!blob) throw new Error(`manifest.json names ${path}, which is not in the archive`)
      return blob
    }
    const config = need(Config)
    const layers = Layers.map(need).map(({ digest, size, compression }) => ({ mediaType: layerTypes[compression], digest, size }))
    const mediaType = 'application/vnd.oci.image.manifest.v1+json'
    const bytes = Buffer.from(JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: config.digest, size: config.size },
      layers,
    }))
    const path = `blobs/${sha256(bytes).replace(':', '/')}`
    contents.documents.set(path, bytes)
    const { digest, size } = await storeBytes(client, path, bytes, options)
    images.push({ names: RepoTags ?? [], target: { mediaType, digest, size }, configDigest: config.digest, layers })
  }
  return images
}

/** Tells the collector what a document refers to; without this, the parts of an image go once the lease ends. */
async function labelReferences(client: ContainerdClient, contents: ArchiveContents, target: Descriptor, lease: CallOptions): Promise<void> {
  const prefix = 'containerd.io/gc.ref.content'
  const labels: Record<string, string> = {}
  if (indexTypes.includes(target.mediaType)) {
    const { manifests = [] } = contents.ofDigest<Index>(target.digest) ?? {}
    const present = manifests.filter(({ digest }) => contents.ofDigest(digest))
    for (const [index, child] of present.entries()) {
      labels[`${prefix}.m.${index}`] = child.digest
      await labelReferences(client, contents, child, lease)
    }
  } else if (manifestTypes.includes(target.mediaType)) {
    const manifest = contents.ofDigest<Manifest>(target.digest)
    if (!manifest) throw new Error(`the archive names the manifest ${target.digest}, which is not in it`)
    labels[`${prefix}.config`] = manifest.config.digest
    manifest.layers.forEach(({ digest }, index) => (labels[`${prefix}.l.${index}`] = digest))
  }
  if (Object.keys(labels).length > 0) await client.labelContent(target.digest, labels, lease)
}

function compressionOf(head: Buffer): Compression {
  if (head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b) return 'gzip'
  return head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528 ? 'zstd' : 'none'
}

async function decompressed(archive: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const { first, all } = await peek(archive)
  const compression = compressionOf(first)
  if (compression === 'none') return all
  const source = Readable.from(all, { objectMode: false })
  if (compression === 'zstd' && !('createZstdDecompress' in zlib)) {
    throw new Error(`the archive is compressed with zstd, which needs Node 22.15 or newer; this is ${process.version}`)
  }
  const target = compression === 'gzip' ? zlib.createGunzip() : zlib.createZstdDecompress()
  // A pipe alone would leave the target waiting for ever when the source fails.
  source.on('error', (error) => target.destroy(error))
  return source.pipe(target)
}

/** The first chunk, and the whole including it. */
async function peek(source: AsyncIterable<Uint8Array>): Promise<{ first: Buffer; all: AsyncIterable<Buffer> }> {
  const iterator = source[Symbol.asyncIterator]()
  const { value, done } = await iterator.next()
  const first = done ? Buffer.alloc(0) : Buffer.from(value)
  return {
    first,
    all: (async function* () {
      yield first
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield Buffer.from(next.value)
    })(),
  }
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of source) parts.push(part)
  return Buffer.concat(parts)
}

/** A link's target, from the directory of the link. */
function joinPath(from: string, target: string): string {
  const parts = from.split('/').slice(0, -1)
  for (const part of target.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/')
}
