// Takes in the plugins whose sockets are in the node's plugins_registry, and lets those go whose sockets are gone.
import { GrpcConnection } from '../containerd/grpc-connection.ts'
import { ProtoSchema } from '../containerd/proto-codec.ts'
import type { Clock } from '../util/clock.ts'
import { sleep } from '../util/clock.ts'
import { registrationProto } from './plugin-proto.ts'
import { SocketDirectory } from './socket-directory.ts'

export interface Plugin {
  readonly name: string
  /** The socket that the plugin serves on. */
  readonly endpoint: string
  readonly versions: readonly string[]
}

export interface PluginKind {
  /** As plugins call it: CSIPlugin, DevicePlugin. */
  readonly type: string
  /** Throws with the words for the plugin. */
  register(plugin: Plugin): Promise<void>
  deregister(plugin: Plugin): Promise<void>
}

export interface PluginRegistryOptions {
  readonly directory: string
  readonly clock: Clock
  readonly kinds: readonly PluginKind[]
  readonly log: (message: string) => void
}

interface Known {
  readonly abort: AbortController
  done: Promise<void>
  registered?: { kind: PluginKind; plugin: Plugin }
}

const schema = new ProtoSchema([registrationProto])
const service = 'pluginregistration.Registration'
const callTimeoutMs = 10_000
const firstRetryMs = 250
const longestRetryMs = 30_000

export class PluginRegistry {
  readonly #options: PluginRegistryOptions
  readonly #sockets: SocketDirectory
  readonly #known = new Map<string, Known>()
  readonly #firstTries: Promise<void>[] = []

  constructor(options: PluginRegistryOptions) {
    this.#options = options
    this.#sockets = new SocketDirectory({
      directory: options.directory, log: options.log, onAdded: (path) => this.#add(path), onRemoved: (path) => this.#remove(path),
    })
  }

  /** Resolves when each plugin that is there has been asked once. */
  async start(): Promise<void> {
    await this.#sockets.start()
    await Promise.all(this.#firstTries)
  }

  /** The plugins stay what they are; the next kubelet asks them again. */
  async stop(): Promise<void> {
    this.#sockets.stop()
    for (const { abort } of this.#known.values()) abort.abort()
    await Promise.allSettled([...this.#known.values()].map(({ done }) => done))
  }

  #add(path: string): void {
    const before = this.#known.get(path)?.done
    const { promise: tried, resolve: triedOnce } = Promise.withResolvers<void>()
    const known: Known = { abort: new AbortController(), done: Promise.resolve() }
    this.#known.set(path, known)
    this.#firstTries.push(tried)
    known.done = (async () => {
      await before
      await this.#untilRegistered(path, known, triedOnce)
    })().finally(triedOnce)
  }

  async #untilRegistered(path: string, known: Known, triedOnce: () => void): Promise<void> {
    const { clock, log } = this.#options
    const { signal } = known.abort
    for (let retryMs = firstRetryMs; !signal.aborted; retryMs = Math.min(longestRetryMs, retryMs * 2)) {
      try {
        known.registered = await this.#register(path)
        return
      } catch (error) {
        if (signal.aborted) return
        log(`plugin ${path}: ${(error as Error).message}`)
        triedOnce()
        await sleep(clock, retryMs, signal).catch(() => undefined)
      }
    }
  }

  async #register(path: string): Promise<{ kind: PluginKind; plugin: Plugin }> {
    const connection = new GrpcConnection(path, { clock: this.#options.clock, schema })
    try {
      const info = await connection.unary(service, 'GetInfo', {}, { timeoutMs: callTimeoutMs }) as { type: string; name: string; endpoint: string; supportedVersions: string[] }
      const plugin = { name: info.name, endpoint: info.endpoint || path, versions: info.supportedVersions }
      const kind = this.#options.kinds.find(({ type }) => type === info.type)
      try {
        if (!kind) throw new Error(`no handler registered for plugin type: ${info.type} at socket ${path}`)
        await kind.register(plugin)
      } catch (error) {
        await connection.unary(service, 'NotifyRegistrationStatus', { pluginRegistered: false, error: (error as Error).message }, { timeoutMs: callTimeoutMs }).catch(() => undefined)
        throw error
      }
      await connection.unary(service, 'NotifyRegistrationStatus', { pluginRegistered: true, error: '' }, { timeoutMs: callTimeoutMs })
      return { kind, plugin }
    } finally {
      connection.close()
    }
  }

  #remove(path: string): void {
    const known = this.#known.get(path)
    if (!known) return
    known.abort.abort()
    known.done = known.done.then(async () => {
      const { registered } = known
      if (registered) await registered.kind.deregister(registered.plugin)
    }).catch((error: Error) => this.#options.log(`plugin ${path}: ${error.message}`)).finally(() => {
      if (this.#known.get(path) === known) this.#known.delete(path)
    })
  }
}
