// Runs a private containerd: starts it, adopts one that an earlier kinglet started, and starts it again when it dies.
import type { ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Clock, Timer } from '../util/clock.ts'
import { sleep } from '../util/clock.ts'
import type { ContainerdBinary } from './containerd-binary.ts'
import { findContainerd, lastLines, spawnContainerd } from './containerd-binary.ts'
import { containerdConfig } from './containerd-config.ts'
import type { CriClient } from './cri.ts'
import { connectCri, isUnimplemented } from './cri.ts'
import { watchContainerdEvents } from './events.ts'
import type { CgroupDriver, HostFacts } from './host.ts'
import { detectHost } from './host.ts'
import { endOrphanShims, watchOrphanShims } from './orphan-shims.ts'
import { pauseImageName } from './pause-image.ts'
import type { ProcessFacts } from './processes.ts'
import { noRegistries, type Registries } from './registries.ts'
import { registryLogins, writeRegistryHosts } from './registry-hosts.ts'
import { endProcess, programOf, readProcess } from './processes.ts'
import { shimsOf, tearDown } from './teardown.ts'

export interface SupervisorOptions {
  clock: Clock
  /** Images, layers and metadata; survives a reboot. */
  rootDirectory: string
  /** Sockets and the state of running pods; its path must be short, and it may be on a tmpfs. */
  stateDirectory: string
  cniBinDirectory?: string
  cniConfDirectory?: string
  sandboxImage?: string
  /** Mirrors, logins and TLS of image registries; read at the start. */
  registries?: Registries
  /** The containerd to run; looked for on PATH by default. */
  binary?: string
  /** Default: what fits the machine. */
  cgroupDriver?: CgroupDriver
  logLevel?: 'debug' | 'info' | 'warn' | 'error'
  log?: (message: string) => void
}

/** What is remembered of a started containerd, for the next kinglet. */
interface Supervised {
  pid: number
  startTicks: number
  configHash: string
}

const readyTimeoutMs = 60_000
const adoptTimeoutMs = 5_000
const firstBackOffMs = 100
const longestBackOffMs = 30_000
/** One that has lived this long has started well; the next death starts the back-off anew. */
const steadyMs = 60_000
// sun_path has 108 bytes, and containerd appends `.ttrpc` to the name.
const longestSocketPath = 100

/**
 * Pods do not depend on us: `stop` leaves containerd and pods running, and containerd's death leaves pods running.
 * Only `shutdown` ends them all.
 *
 *   idle --start--> running <--dies/restarts--> backing off
 *     ^---- stop or shutdown ----'
 */
export class ContainerdSupervisor {
  readonly socketPath: string
  readonly logPath: string
  readonly #options: SupervisorOptions
  readonly #clock: Clock
  #binary: ContainerdBinary | undefined
  #host: HostFacts | undefined
  #process: ProcessFacts | undefined
  #stopping: AbortController | undefined
  #deaths = 0
  #restartTimer: Timer | undefined
  #watchingOrphans: (() => void) | undefined

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#clock = options.clock
    this.socketPath = join(options.stateDirectory, 'containerd.sock')
    this.logPath = join(dirname(options.rootDirectory), 'containerd.log')
    if (Buffer.byteLength(this.socketPath) > longestSocketPath) {
      throw new Error(`the state directory ${options.stateDirectory} is too long: its socket's path may have ${longestSocketPath} bytes`)
    }
  }

  get host(): HostFacts {
    return (this.#host ??= { ...detectHost(this.#options.rootDirectory), ...(this.#options.cgroupDriver ? { cgroupDriver: this.#options.cgroupDriver } : {}) })
  }

  /** The version of the program; known after `start`. */
  get version(): string | undefined {
    return this.#binary?.version
  }

  /** The process id of the running containerd. */
  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** Resolves when the CRI answers. `adopted` tells that it was running already. */
  async start(): Promise<{ adopted: boolean }> {
    if (this.#stopping) throw new Error('containerd is supervised already')
    this.#stopping = new AbortController()
    try {
      return await this.#begin()
    } catch (error) {
      this.stop()
      throw error
    }
  }

  /** Ends the supervision and leaves containerd and all pods running. */
  stop(): void {
    this.#restartTimer?.cancel()
    this.#watchingOrphans?.()
    this.#watchingOrphans = undefined
    this.#stopping?.abort(new Error('the supervision of containerd has ended'))
    this.#stopping = undefined
    this.#process = undefined
  }

  /** Ends all pods, containerd, its shims and its mounts. Images stay. Works also when `start` was not called. */
  async shutdown(): Promise<void> {
    const running = this.#process ?? this.#findRunning()?.process
    // Only containerd can give a pod's network back, so one that died is started once more if it left pods.
    if (!running && shimsOf(this.socketPath).length > 0 && !this.#stopping) await this.start()
    const containerd = this.#process ?? running
    this.stop()
    await tearDown({
      clock: this.#clock, containerd, socketPath: this.socketPath,
      directories: [this.#options.rootDirectory, this.#options.stateDirectory],
      log: (message) => this.#log(message),
    })
    rmSync(this.#options.stateDirectory, { recursive: true, force: true })
  }

  async #begin(): Promise<{ adopted: boolean }> {
    const signal = this.#stopping?.signal
    const { rootDirectory, stateDirectory } = this.#options
    mkdirSync(rootDirectory, { recursive: true, mode: 0o711 })
    mkdirSync(stateDirectory, { recursive: true, mode: 0o711 })
    this.#binary = await findContainerd(this.#options.binary)
    signal?.throwIfAborted()
    writeRegistryHosts(this.#registryDirectory, this.#options.registries ?? noRegistries)
    const config = this.#config(this.#binary)
    const configHash = createHash('sha256').update(config).update(this.#binary.version).digest('hex')
    const running = this.#findRunning()
    if (running && running.configHash === configHash && (await this.#answers(adoptTimeoutMs, signal))) {
      this.#process = running.process
      this.#watchAdopted(running.process)
      // The kinglet that started it may have died before it had looked.
      void this.#endOrphans(running.process)
      this.#log(`adopted containerd ${this.#binary.version}, process ${running.process.pid}`)
      return { adopted: true }
    }
    if (running) await endProcess(running.process, { clock: this.#clock, graceMs: 10_000 })
    writeFileSync(this.#configPath, config, { mode: 0o600 })
    await this.#spawn(this.#binary, configHash)
    return { adopted: false }
  }

  #config(binary: ContainerdBinary): string {
    const { rootDirectory, stateDirectory, cniBinDirectory, cniConfDirectory, sandboxImage, logLevel } = this.#options
    const base = dirname(rootDirectory)
    return containerdConfig(binary, {
      root: rootDirectory,
      state: stateDirectory,
      socketPath: this.socketPath,
      sandboxImage: sandboxImage ?? pauseImageName,
      cniBinDirectory: cniBinDirectory ?? (existsSync('/opt/cni/bin') ? '/opt/cni/bin' : '/usr/lib/cni'),
      cniConfDirectory: cniConfDirectory ?? join(base, 'cni'),
      registryDirectory: this.#registryDirectory,
      registryLogins: registryLogins(this.#options.registries ?? noRegistries),
      logLevel,
    }, this.host)
  }

  async #spawn(binary: ContainerdBinary, configHash: string): Promise<void> {
    rmSync(this.socketPath, { force: true })
    const startedAt = this.#clock.monotonic()
    const child = spawnContainerd(binary, this.#configPath, this.logPath)
    const ended = endOf(child)
    const failed = ended.then((reason) => {
      throw new Error(`containerd ${reason} before it was ready; the end of ${this.logPath}:\n${lastLines(this.logPath, 8)}`)
    })
    failed.catch(() => undefined)
    const facts = child.pid === undefined ? undefined : readProcess(child.pid)
    if (facts) this.#remember({ pid: facts.pid, startTicks: facts.startTicks, configHash })
    this.#process = facts
    const signal = this.#stopping?.signal
    try {
      await Promise.race([failed, this.#socketAppears(signal)])
      if (!(await Promise.race([failed, this.#answers(readyTimeoutMs, signal)]))) {
        throw new Error(`containerd ${binary.version} did not answer on ${this.socketPath} within ${readyTimeoutMs / 1000} s; see ${this.logPath}`)
      }
    } catch (error) {
      // One that is of no use must not hold the state directory against the next.
      if (facts) await endProcess(facts, { clock: this.#clock, graceMs: 5_000 })
      throw error
    }
    void ended.then((reason) => this.#died(reason, startedAt, signal))
    if (facts) await this.#endOrphans(facts)
  }

  /** Their loss would be untidy, and no reason to do without containerd. */
  async #endOrphans(containerd: ProcessFacts): Promise<void> {
    const orphans = { socketPath: this.socketPath, containerd, clock: this.#clock, log: (message: string) => this.#log(message) }
    this.#watchingOrphans?.()
    this.#watchingOrphans = undefined
    try {
      await endOrphanShims(orphans)
      if (this.#process?.pid === containerd.pid) this.#watchingOrphans = watchOrphanShims(orphans)
    } catch (error) {
      this.#log(`shims that are left could not be looked for: ${(error as Error).message}`)
    }
  }

  /** Called once for each containerd that was ready. Pods live on meanwhile; containerd finds their shims again. */
  #died(reason: string, startedAt: number, signal: AbortSignal | undefined): void {
    if (!signal || signal.aborted) return
    this.#process = undefined
    if (this.#clock.monotonic() - startedAt > steadyMs) this.#deaths = 0
    const delayMs = Math.min(longestBackOffMs, firstBackOffMs * 2 ** this.#deaths++)
    this.#log(`containerd ${reason}; starting it again in ${delayMs} ms`)
    this.#restartTimer = this.#clock.setTimer(() => {
      this.#begin().catch((error: Error) => this.#died(`could not be started (${error.message})`, this.#clock.monotonic(), signal))
    }, delayMs)
  }

  /** An adopted containerd is not our child, so its end is seen as the end of an event stream. */
  #watchAdopted(target: ProcessFacts): void {
    const signal = this.#stopping?.signal
    const startedAt = this.#clock.monotonic()
    const watching = watchContainerdEvents(this.socketPath, {
      clock: this.#clock, filters: ['topic=="/none"'], onEvent: () => undefined,
      onDisconnect: () => {
        if (readProcess(target.pid)?.startTicks === target.startTicks) return
        watching.stop()
        this.#died('has ended', startedAt, signal)
      },
    })
    signal?.addEventListener('abort', () => watching.stop(), { once: true })
  }

  #socketAppears(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const watcher = watch(this.#options.stateDirectory, () => void (existsSync(this.socketPath) && resolve()))
    watcher.on('error', reject)
    const timer = this.#clock.setTimer(resolve, readyTimeoutMs)
    const onAbort = (): void => reject(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (existsSync(this.socketPath)) resolve()
    return promise.finally(() => {
      watcher.close()
      timer.cancel()
      signal?.removeEventListener('abort', onAbort)
    })
  }

  /** Whether the CRI answers within the time; containerd opens its socket a little before that. */
  async #answers(timeoutMs: number, signal: AbortSignal | undefined): Promise<boolean> {
    const cri: CriClient = connectCri(this.socketPath, this.#clock)
    const deadline = this.#clock.monotonic() + timeoutMs
    try {
      for (let delayMs = 10; ; delayMs = Math.min(250, delayMs * 2)) {
        const outcome = await cri.version({}, { timeoutMs: 2_000, signal }).catch((error: Error) => error)
        if (!(outcome instanceof Error)) return true
        if (isUnimplemented(outcome)) throw new Error(`containerd runs without its CRI plugin (${outcome.message}); see ${this.logPath}`)
        if (this.#clock.monotonic() + delayMs > deadline) return false
        await sleep(this.#clock, delayMs, signal)
      }
    } finally {
      cri.close()
    }
  }

  /** The containerd that the state directory tells of, when it is alive and really one. */
  #findRunning(): { process: ProcessFacts; configHash: string } | undefined {
    if (!existsSync(this.#supervisedPath)) return undefined
    const supervised = JSON.parse(readFileSync(this.#supervisedPath, 'utf8')) as Supervised
    const process = readProcess(supervised.pid)
    if (!process || process.startTicks !== supervised.startTicks) return undefined
    if (!process.command.includes(this.#configPath)) return undefined
    const replaced = this.#binary && programOf(process.pid) !== realpathSync(this.#binary.path)
    return { process, configHash: replaced ? 'of another program' : supervised.configHash }
  }

  #remember(supervised: Supervised): void {
    writeFileSync(`${this.#supervisedPath}.new`, JSON.stringify(supervised))
    renameSync(`${this.#supervisedPath}.new`, this.#supervisedPath)
  }

  get #registryDirectory(): string {
    return join(dirname(this.#options.rootDirectory), 'registries')
  }

  get #supervisedPath(): string {
    return join(this.#options.stateDirectory, 'supervised.json')
  }

  get #configPath(): string {
    return join(this.#options.stateDirectory, 'config.toml')
  }

  #log(message: string): void {
    this.#options.log?.(message)
  }
}

/** Resolves, never rejects, with how the process ended, as the rest of a sentence about it. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be run (${error.message})`))
    child.once('exit', (code, signal) => resolve(signal ? `was ended by ${signal}` : `exited with code ${code}`))
  })
}
