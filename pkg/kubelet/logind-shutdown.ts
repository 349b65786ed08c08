// Hears from systemd-logind that the machine is about to go down, and holds it up until the pods have ended. Where there is no logind, nothing is heard.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'

export interface LogindShutdownOptions {
  /** Ends the pods; the machine goes on with its shutdown when it resolves. */
  readonly onShutdown: () => Promise<void>
  /** The shutdown was called off. */
  readonly onCancel: () => void
  readonly log: (message: string) => void
  /** Default: whether logind answers on the system bus. */
  readonly available?: () => boolean
}

const match = "type='signal',interface='org.freedesktop.login1.Manager',member='PrepareForShutdown'"

export class LogindShutdown {
  readonly #options: LogindShutdownOptions
  #lock: ChildProcess | undefined
  #monitor: ChildProcess | undefined
  #stopped = false

  constructor(options: LogindShutdownOptions) {
    this.#options = options
  }

  /** Whether it can be heard. */
  start(): boolean {
    const { available = () => existsSync('/run/systemd/seats'), log } = this.#options
    if (!available()) {
      log('graceful shutdown: there is no systemd-logind to tell of a shutdown; pods end with the machine')
      return false
    }
    this.#hold()
    this.#monitor = this.#run('busctl', ['--system', 'monitor', '--json=short', `--match=${match}`])
    if (this.#monitor.stdout) createInterface({ input: this.#monitor.stdout }).on('line', (line) => this.#heard(line))
    return true
  }

  stop(): void {
    this.#stopped = true
    this.#monitor?.kill()
    this.#release()
  }

  /** The lock is held as long as this process lives. */
  #hold(): void {
    this.#lock = this.#run('systemd-inhibit', ['--what=shutdown', '--who=kinglet', '--why=Kubernetes pods need time to end', '--mode=delay', 'sleep', 'infinity'])
  }

  #release(): void {
    this.#lock?.kill()
    this.#lock = undefined
  }

  #run(command: string, args: readonly string[]): ChildProcess {
    // With the environment spelt out, the command is looked up in its PATH.
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], env: process.env })
    child.on('error', (error) => this.#options.log(`graceful shutdown: ${command} could not be run: ${error.message}`))
    child.on('exit', (code) => {
      if (code !== null && !child.killed && !this.#stopped) this.#options.log(`graceful shutdown: ${command} has ended with exit code ${code}`)
    })
    return child
  }

  #heard(line: string): void {
    const going = goingDown(line)
    if (going === undefined) return
    if (!going) {
      if (!this.#lock) this.#hold()
      return this.#options.onCancel()
    }
    this.#options.onShutdown().catch((error: Error) => this.#options.log(`graceful shutdown: ${error.message}`)).finally(() => this.#release())
  }
}

/** What a line of busctl says of it; undefined for one that says nothing. Pure. */
export function goingDown(line: string): boolean | undefined {
  try {
    const { member, payload } = JSON.parse(line) as { member?: string; payload?: { data?: unknown[] } }
    const first = payload?.data?.[0]
    return member === 'PrepareForShutdown' && typeof first === 'boolean' ? first : undefined
  } catch {
    // busctl says in plain words that it has begun.
    return undefined
  }
}
