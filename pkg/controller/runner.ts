// Runs controllers together over shared informers; a part of the cluster that starts and stops.
import type { Client } from '../client/client.ts'
import { QueuedEventRecorder } from '../client/event-recorder.ts'
import type { Informers } from '../client/informer.ts'
import type { Clock } from '../util/clock.ts'
import { Histograms } from '../util/histogram.ts'
import type { Controller } from './controller.ts'
import { ControllerLoop } from './controller-loop.ts'

export interface ControllerRunnerOptions {
  readonly client: Client
  /** As whom a controller acts, where it is not all the same. */
  readonly clientFor?: (controller: Controller) => Client
  readonly informers: Informers
  readonly clock: Clock
  readonly controllers: readonly Controller[]
  readonly log: (text: string) => void
}

/** As client-go's queues. */
const bounds = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 0.001, 0.01, 0.1, 1, 10, 100, 1000]

export interface QueueFigures {
  readonly name: string
  readonly depth: number
  readonly added: number
  readonly retried: number
  /** Seconds of the keys at work. */
  readonly unfinished: { readonly all: number; readonly longest: number }
}

export class ControllerRunner {
  readonly name = 'controllers'
  readonly #options: ControllerRunnerOptions
  #running: { name: string; loop: ControllerLoop; events: QueuedEventRecorder }[] = []

  readonly #waited = new Histograms('workqueue_queue_duration_seconds', 'How long keys waited for their controller.', bounds)
  readonly #worked = new Histograms('workqueue_work_duration_seconds', 'How long controllers worked on a key.', bounds)

  constructor(options: ControllerRunnerOptions) {
    this.#options = options
  }

  /** Resolves when every controller has a full picture and has begun. */
  async start(signal?: AbortSignal): Promise<void> {
    const { clientFor = () => this.#options.client, informers, clock, log, controllers } = this.#options
    this.#running = controllers.map((controller) => {
      const client = clientFor(controller)
      const events = new QueuedEventRecorder({ client, clock, log, component: controller.eventSource ?? `${controller.name}-controller` })
      return { name: controller.name, events, loop: new ControllerLoop(controller, { client, informers, events, clock, log, onTimes: this.#timesOf(controller.name) }) }
    })
    await informers.whenSynced()
    if (signal?.aborted) return this.stop()
    for (const { loop } of this.#running) loop.start()
  }

  /** The controllers' queues, in the order of the controllers. */
  queues(): QueueFigures[] {
    return this.#running.map(({ name, loop: { queue: { depth, added, retried, unfinished } } }) => ({ name, depth, added, retried, unfinished }))
  }

  /** How long keys waited and were worked on, in Prometheus' text form. */
  times(): string[] {
    return [...this.#waited.lines(), ...this.#worked.lines()]
  }

  #timesOf(name: string): { waited(seconds: number): void; worked(seconds: number): void } {
    const labels = `name="${name}"`
    return { waited: (seconds) => this.#waited.observe(labels, seconds), worked: (seconds) => this.#worked.observe(labels, seconds) }
  }

  async stop(): Promise<void> {
    const running = this.#running.splice(0)
    await Promise.all(running.map(({ loop }) => loop.stop()))
    await Promise.all(running.map(({ events }) => events.stop()))
  }
}
