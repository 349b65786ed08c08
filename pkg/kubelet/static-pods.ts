// The pods of a directory on the node, kept current by watching it.
import { type FSWatcher, watch } from 'node:fs'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pod } from '../api/types-pod.ts'
import { formatTime } from '../api/times.ts'
import type { Clock, Timer } from '../util/clock.ts'
import { podUid } from './pod-names.ts'
import { readStaticPod } from './static-pod.ts'

export interface StaticPodsOptions {
  readonly directory: string
  readonly nodeName: string
  readonly clock: Clock
  readonly log: (message: string) => void
  readonly onPod: (pod: Pod) => void
  readonly onRemove: (uid: string) => void
}

/** Editors write in several steps: their last one counts. */
const quietMs = 100
/** Where watching does not tell, as on some network file systems. */
const rereadMs = 20_000

export class StaticPods {
  readonly #options: StaticPodsOptions
  /** By file. */
  readonly #pods = new Map<string, Pod>()
  /** What is wrong with a file has been said. */
  readonly #faults = new Map<string, string>()
  #watcher: FSWatcher | undefined
  #timer: Timer | undefined
  #reading: Promise<void> | undefined
  /** Something has changed since the directory was read last, or is being read. */
  #changed = false
  #stopped = false

  constructor(options: StaticPodsOptions) {
    this.#options = options
  }

  get pods(): readonly Pod[] {
    return [...this.#pods.values()]
  }

  /** Resolves when all that is there now is known. */
  async start(): Promise<void> {
    const { directory } = this.#options
    await mkdir(directory, { recursive: true, mode: 0o750 })
    this.#watcher = watch(directory, { persistent: false }, () => this.#noteChange())
    this.#watcher.on('error', (error) => this.#options.log(`static pods: ${directory} is not watched any more: ${error.message}`))
    await this.#read()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#watcher?.close()
    this.#timer?.cancel()
    await this.#reading
  }

  #noteChange(): void {
    this.#changed = true
    this.#arm(quietMs)
  }

  #arm(delayMs: number): void {
    if (this.#stopped) return
    this.#timer?.cancel()
    this.#timer = this.#options.clock.setTimer(() => void this.#read(), delayMs)
  }

  async #read(): Promise<void> {
    // What changes while it is being read is read again.
    if (this.#reading) return this.#noteChange()
    this.#changed = false
    this.#reading = this.#readAll().catch((error: Error) => this.#options.log(`static pods: ${error.message}`)).finally(() => {
      this.#reading = undefined
      if (!this.#changed) this.#arm(rereadMs)
    })
    await this.#reading
  }

  async #readAll(): Promise<void> {
    const { directory, nodeName, clock, onPod, onRemove } = this.#options
    const entries = await readdir(directory, { withFileTypes: true })
    const names = entries.filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name).sort()
    const found = new Map<string, Pod>()
    for (const name of names) {
      const path = join(directory, name)
      try {
        const pod = readStaticPod({ path, text: await readFile(path, 'utf8'), nodeName, seen: formatTime(clock.now()) })
        const known = this.#pods.get(path)
        found.set(path, known && podUid(known) === podUid(pod) ? known : pod)
        this.#faults.delete(path)
      } catch (error) {
        this.#fault(path, (error as Error).message)
        // A file that is half written is no reason to end what runs.
        const known = this.#pods.get(path)
        if (known) found.set(path, known)
      }
    }
    if (this.#stopped) return
    const uids = new Set([...found.values()].map(podUid))
    for (const [path, pod] of [...this.#pods]) {
      if (!found.has(path)) this.#pods.delete(path)
      if (!uids.has(podUid(pod))) onRemove(podUid(pod))
    }
    for (const [path, pod] of found) {
      if (this.#pods.get(path) === pod) continue
      this.#pods.set(path, pod)
      onPod(pod)
    }
  }

  #fault(path: string, message: string): void {
    if (this.#faults.get(path) === message) return
    this.#faults.set(path, message)
    this.#options.log(`static pods: ${path} can't be used: ${message}`)
  }
}
