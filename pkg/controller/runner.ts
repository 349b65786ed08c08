// Runs controllers together over shared informers; a part of the cluster that starts and stops.
import type { Client } from '../client/client.ts'
import { QueuedEventRecorder } from '../client/event-recorder.ts'
import type { Informers } from '../client/informer.ts'
import type { Clock } from '../util/clock.ts'
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

export class ControllerRunner {
  readonly name = 'controllers'
  readonly #options: ControllerRunnerOptions
  #running: { name: string; loop: ControllerLoop; events: QueuedEventRecorder }[] = []

  constructor(options: ControllerRunnerOptions) {
    this.#options = options
  }

  /** Resolves when every controller has a full picture and has begun. */
  async start(signal?: AbortSignal): Promise<void> {
    const { clientFor = () => this.#options.client, informers, clock, log, controllers } = this.#options
    this.#running = controllers.map((controller) => {
      const client = clientFor(controller)
      const events = new QueuedEventRecorder({ client, clock, log, component: controller.eventSource ?? `${controller.name}-controller` })
      return { name: controller.name, events, loop: new ControllerLoop(controller, { client, informers, events, clock, log }) }
    })
    await informers.whenSynced()
    if (signal?.aborted) return this.stop()
    for (const { loop } of this.#running) loop.start()
  }

  /** The controllers' queues, in the order of the controllers. */
  queues(): { readonly name: string; readonly depth: number; readonly added: number; readonly retried: number }[] {
    return this.#running.map(({ name, loop: { queue: { depth, added, retried } } }) => ({ name, depth, added, retried }))
  }

  async stop(): Promise<void> {
    const running = this.#running.splice(0)
    await Promise.all(running.map(({ loop }) => loop.stop()))
    await Promise.all(running.map(({ events }) => events.stop()))
  }
}
