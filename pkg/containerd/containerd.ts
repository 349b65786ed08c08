// The typed client of containerd's own services, as far as images and events need them, in the namespace of the CRI.
import type { Clock } from '../util/clock.ts'
import { containerdProtos } from './containerd-proto.ts'
import type { Envelope } from './events.ts'
import type { CallOptions } from './grpc-connection.ts'
import { GrpcConnection, toRpcError } from './grpc-connection.ts'
import { ProtoSchema } from './proto-codec.ts'

/** The namespace where containerd's CRI keeps everything. */
export const criNamespace = 'k8s.io'
export const containerdSchema = new ProtoSchema(containerdProtos)

export interface Descriptor {
  mediaType: string
  digest: string
  size: number
  annotations?: Record<string, string>
}

export interface StoredImage {
  name: string
  labels: Record<string, string>
  target: Descriptor
}

export interface ContentInfo {
  digest: string
  size: number
  labels: Record<string, string>
}

export interface Task { containerId: string; id: string; pid: number }

export interface WriteOptions {
  /** Names the ingest; two writes to one ref at a time are refused. */
  ref: string
  size: number
  /** Refused when the bytes turn out otherwise; unset when the digest is not known yet. */
  expected?: string
}

/** Where a snapshot is, as containerd hands it on; nobody here looks into it. */
export type SnapshotMounts = readonly object[]

type Service = 'content' | 'images' | 'leases' | 'events' | 'version' | 'snapshots' | 'diff' | 'tasks'
const serviceNames: Record<Service, string> = {
  content: 'containerd.services.content.v1.Content',
  images: 'containerd.services.images.v1.Images',
  leases: 'containerd.services.leases.v1.Leases',
  events: 'containerd.services.events.v1.Events',
  version: 'containerd.services.version.v1.Version',
  snapshots: 'containerd.services.snapshots.v1.Snapshots',
  diff: 'containerd.services.diff.v1.Diff',
  tasks: 'containerd.services.tasks.v1.Tasks',
}
const chunkBytes = 1 << 20

export function connectContainerd(socketPath: string, clock: Clock): ContainerdClient {
  return new ContainerdClient(socketPath, clock)
}

/** Every call rejects with RpcError. Calls under a lease keep what they make from being collected while the lease lives. */
export class ContainerdClient {
  readonly #connection: GrpcConnection

  constructor(socketPath: string, clock: Clock) {
    this.#connection = new GrpcConnection(socketPath, {
      clock, schema: containerdSchema, metadata: { 'containerd-namespace': criNamespace },
    })
  }

  close(): void {
    this.#connection.close()
  }

  async version(options?: CallOptions): Promise<{ version: string; revision: string }> {
    return (await this.#call('version', 'Version', {}, options)) as { version: string; revision: string }
  }

  /** Subscribed from the call on, whenever it is iterated. */
  subscribe(request: { filters: readonly string[] }, options: CallOptions): AsyncIterable<Envelope> {
    return this.#connection.stream(serviceNames.events, 'Subscribe', request, options) as AsyncIterable<unknown> as AsyncIterable<Envelope>
  }

  /** What runs: containers and sandboxes, each with the process that it is. */
  async listTasks(options?: CallOptions): Promise<Task[]> {
    return ((await this.#call('tasks', 'List', {}, options)) as { tasks: Task[] }).tasks
  }

  /** Runs `work` with call options that put everything it makes under a lease, which ends with it. */
  async withLease<T>(id: string, work: (options: CallOptions) => Promise<T>): Promise<T> {
    // Should we die meanwhile, containerd ends the lease by itself after a day.
    const expires = { 'containerd.io/gc.expire': new Date(this.#expiry()).toISOString() }
    await this.#call('leases', 'Create', { id, labels: expires })
    try {
      return await work({ metadata: { 'containerd-lease': id } })
    } finally {
      await this.#call('leases', 'Delete', { id })
    }
  }

  #expiry(): number {
    return this.#connection.clock.now() + 24 * 3600 * 1000
  }

  async contentInfo(digest: string): Promise<ContentInfo> {
    const { info } = (await this.#call('content', 'Info', { digest })) as { info: ContentInfo }
    return info
  }

  /** Adds labels to a blob and leaves its others. */
  async labelContent(digest: string, labels: Record<string, string>, options?: CallOptions): Promise<void> {
    const paths = Object.keys(labels).map((key) => `labels.${key}`)
    await this.#call('content', 'Update', { info: { digest, labels }, updateMask: { paths } }, options)
  }

  async readContent(digest: string): Promise<Buffer> {
    const parts: Uint8Array[] = []
    const stream = this.#connection.stream(serviceNames.content, 'Read', { digest })
    for await (const part of stream) parts.push((part as { data: Uint8Array }).data)
    return Buffer.concat(parts)
  }

  async deleteContent(digest: string): Promise<void> {
    await this.#call('content', 'Delete', { digest })
  }

  /** Streams a blob into the content store and resolves to its digest. Rejects with ALREADY_EXISTS when it is there. */
  async writeContent(body: AsyncIterable<Uint8Array>, write: WriteOptions, options?: CallOptions): Promise<string> {
    const stream = this.#connection.duplex(serviceNames.content, 'Write', options)
    const outcome = Promise.withResolvers<string>()
    outcome.promise.catch(() => undefined)
    let failed = false
    let digest = ''
    stream.on('data', (answer: { digest?: string; action: string }) => {
      if (answer.action === 'COMMIT') digest = answer.digest ?? ''
    })
    stream.on('error', (error) => {
      failed = true
      outcome.reject(toRpcError('Write', error))
    })
    stream.on('end', () => outcome.resolve(digest))
    try {
      // Opening finds a left-over ingest of this ref; we write it anew from its beginning.
      let offset = 0
      const common = { ref: write.ref, total: write.size, expected: write.expected ?? '' }
      const send = async (message: object): Promise<void> => {
        if (!stream.write(message)) await Promise.race([once(stream, 'drain'), outcome.promise])
      }
      for await (const chunk of body) {
        for (let start = 0; start < chunk.length && !failed; start += chunkBytes) {
          const data = chunk.subarray(start, start + chunkBytes)
          await send({ ...common, action: 'WRITE', offset, data })
          offset += data.length
        }
        if (failed) break
      }
      if (!failed) stream.write({ ...common, action: 'COMMIT', offset })
      stream.end()
    } catch (error) {
      stream.cancel()
      throw error
    }
    return outcome.promise
  }

  async getImage(name: string): Promise<StoredImage> {
    const { image } = (await this.#call('images', 'Get', { name })) as { image: StoredImage }
    return image
  }

  async listImages(filters: readonly string[] = []): Promise<StoredImage[]> {
    const { images } = (await this.#call('images', 'List', { filters })) as { images: StoredImage[] }
    return images
  }

  async createImage(image: StoredImage, options?: CallOptions): Promise<void> {
    await this.#call('images', 'Create', { image }, options)
  }

  async updateImage(image: StoredImage, options?: CallOptions): Promise<void> {
    await this.#call('images', 'Update', { image }, options)
  }

  /** Resolves once its content has been collected too. */
  async deleteImage(name: string): Promise<void> {
    await this.#call('images', 'Delete', { name, sync: true })
  }

  /** Something to write to, on top of the parent; empty for none. */
  async prepareSnapshot(request: { snapshotter: string; key: string; parent: string }, options?: CallOptions): Promise<SnapshotMounts> {
    return ((await this.#call('snapshots', 'Prepare', request, options)) as { mounts: SnapshotMounts }).mounts
  }

  async commitSnapshot(request: { snapshotter: string; key: string; name: string }, options?: CallOptions): Promise<void> {
    await this.#call('snapshots', 'Commit', request, options)
  }

  async statSnapshot(request: { snapshotter: string; key: string }): Promise<void> {
    await this.#call('snapshots', 'Stat', request)
  }

  async removeSnapshot(request: { snapshotter: string; key: string }): Promise<void> {
    await this.#call('snapshots', 'Remove', request)
  }

  /** Unpacks a layer; resolves to what it is without its compression. */
  async applyDiff(diff: Descriptor, mounts: SnapshotMounts, options?: CallOptions): Promise<Descriptor> {
    return ((await this.#call('diff', 'Apply', { diff, mounts }, options)) as { applied: Descriptor }).applied
  }

  #call(service: Service, method: string, request: object, options?: CallOptions): Promise<object> {
    return this.#connection.unary(serviceNames[service], method, request, options)
  }
}

function once(stream: NodeJS.EventEmitter, event: string): Promise<void> {
  return new Promise((resolve) => stream.once(event, () => resolve()))
}
