// Hears from systemd-logind that the machine is about to go down, and holds it up until the pods have ended. Where there is no logind, nothing is heard.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Clock } from '../util/clock.ts'
import { sleep } from '../util/clock.ts'
import { DBusConnection, type DBusSignals } from '../util/dbus-connection.ts'
import { raiseShutdownDelay } from './logind-delay.ts'
import { systemBusSocket } from './systemd-slices.ts'

export interface LogindShutdownOptions {
  readonly clock: Clock
  /** How long the pods may take together. */
  readonly seconds: number
  /** Ends the pods; the machine goes on with its shutdown when it resolves. */
  readonly onShutdown: () => Promise<void>
  /** The shutdown was called off. */
  readonly onCancel: () => void
  readonly log: (message: string) => void
  /** Default: whether logind is there. */
  readonly available?: () => boolean
  /** Default: the system bus. */
  readonly connect?: (signals: DBusSignals) => Pick<DBusConnection, 'call' | 'close'>
  readonly delay?: typeof raiseShutdownDelay
}

const manager = 'org.freedesktop.login1.Manager'
const match = `type='signal',interface='${manager}',member='PrepareForShutdown'`
const againMs = 5000

export class LogindShutdown {
  readonly #options: LogindShutdownOptions
  readonly #stop = new AbortController()
  #lock: ChildProcess | undefined
  #bus: Pick<DBusConnection, 'call' | 'close'> | undefined

  constructor(options: LogindShutdownOptions) {
    this.#options = options
  }

  /** Whether it can be heard. */
  start(): boolean {
    const { available = () => existsSync('/run/systemd/seats') && existsSync(systemBusSocket), log } = this.#options
    if (!available()) {
      log('graceful shutdown: there is no systemd-logind to tell of a shutdown; pods end with the machine')
      return false
    }
    void this.#listen()
    return true
  }

  stop(): void {
    this.#stop.abort(new Error('nobody listens any more'))
    this.#bus?.close()
    this.#release()
  }

  /** The bus may be started anew, and logind with it. */
  async #listen(): Promise<void> {
    const { clock, seconds, log, delay = raiseShutdownDelay, connect = (signals) => new DBusConnection(systemBusSocket, signals) } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      const { promise: lost, resolve: lose } = Promise.withResolvers<Error>()
      const bus = connect({ onSignal: (owner, member, [going]) => this.#heard(owner, member, going), onLost: lose })
      this.#bus = bus
      try {
        await bus.call({ destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus', interface: 'org.freedesktop.DBus', member: 'AddMatch', signature: 's', body: [match] })
        const there = await delay(seconds, { bus, clock, signal })
        if (there < seconds) log(`graceful shutdown: systemd-logind holds up a shutdown for ${there} s, pods were to have ${seconds} s`)
        if (!this.#lock && !signal.aborted) this.#hold()
        const error = await Promise.race([lost, new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }))])
        if (error) log(`graceful shutdown: ${error.message}`)
      } catch (error) {
        bus.close()
        if (!signal.aborted) log(`graceful shutdown: ${(error as Error).message}`)
      }
      await sleep(clock, againMs, signal).catch(() => undefined)
    }
  }

  /** The lock is held as long as `cat` lives: it ends with its input, also when we are killed. */
  #hold(): void {
    const args = ['--what=shutdown', '--who=kinglet', '--why=Kubernetes pods need time to end', '--mode=delay', 'cat']
    // With the environment spelt out, the command is looked up in its PATH.
    const child = spawn('systemd-inhibit', args, { stdio: ['pipe', 'ignore', 'ignore'], env: process.env })
    child.on('error', (error) => this.#options.log(`graceful shutdown: systemd-inhibit could not be run: ${error.message}`))
    child.stdin?.on('error', () => undefined)
    child.on('exit', (code) => {
      if (this.#lock === child) this.#options.log(`graceful shutdown: systemd-inhibit has ended with exit code ${code}`)
    })
    this.#lock = child
  }

  #release(): void {
    const lock = this.#lock
    this.#lock = undefined
    lock?.stdin?.end()
    lock?.kill()
  }

  #heard(owner: string, member: string, going: unknown): void {
    if (owner !== manager || member !== 'PrepareForShutdown' || typeof going !== 'boolean') return
    if (!going) {
      if (!this.#lock && !this.#stop.signal.aborted) this.#hold()
      return this.#options.onCancel()
    }
    this.#options.onShutdown().catch((error: Error) => this.#options.log(`graceful shutdown: ${error.message}`)).finally(() => this.#release())
  }
}
