// The APIServices of what this server serves itself: one for each group-version, built-in and custom, always available.
import { isAlreadyExists } from '../api/status-error.ts'
import { formatTime } from '../api/times.ts'
import { type ApiService, apiServices } from '../api/types-api-service.ts'
import type { Client } from '../client/client.ts'
import { isGone } from '../controller/refusals.ts'
import type { Definition } from '../registry/definition.ts'
import type { Clock, Timer } from '../util/clock.ts'

/** Groups rank in discovery order, from the core group down. */
const firstPriority = 18_000
const step = 100
const managedLabel = 'kube-aggregator.kubernetes.io/automanaged'

const versionsOf = (definitions: readonly Definition[]) =>
  [...new Map(definitions.map(({ resource: { group, version } }) => [`${version}.${group}`, { group, version }])).values()]

/** Pure: in discovery order, without the aggregator's own group. */
export function localApiServices(definitions: readonly Definition[]): ApiService[] {
  const versions = versionsOf(definitions).filter(({ group }) => group !== apiServices.group)
  const groups = [...new Set(versions.map(({ group }) => group))]
  return versions.map(({ group, version }) => ({
    apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService',
    metadata: { name: `${version}.${group}`, labels: { [managedLabel]: 'onstart' } },
    spec: {
      group, version, groupPriorityMinimum: firstPriority - step * groups.indexOf(group),
      versionPriority: versions.find((one) => one.group === group)?.version === version ? 15 : 10,
    },
  }))
}

/** Pure: of groups that only CRDs define. They rank behind all others. */
export function customApiServices(definitions: readonly Definition[]): ApiService[] {
  const builtin = new Set(definitions.filter(({ published }) => published === undefined).map(({ resource: { group } }) => group))
  return versionsOf(definitions.filter(({ resource: { group } }) => !builtin.has(group))).map(({ group, version }) => ({
    apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService',
    metadata: { name: `${version}.${group}`, labels: { [managedLabel]: 'true' } },
    spec: { group, version, groupPriorityMinimum: 1000, versionPriority: 100 },
  }))
}

/** Creates those that are missing. */
export async function publishApiServices(client: Client, definitions: readonly Definition[], now: number): Promise<void> {
  const present = new Set((await client.list(apiServices)).items.map(({ metadata }) => metadata.name))
  await Promise.all(localApiServices(definitions).filter(({ metadata }) => !present.has(metadata.name)).map((service) => publish(client, service, now)))
}

async function publish(client: Client, service: ApiService, now: number): Promise<void> {
  const made = await client.create(apiServices, service)
  const condition = { type: 'Available', status: 'True', reason: 'Local', message: 'Local APIServices are always available', lastTransitionTime: formatTime(now) }
  await client.update(apiServices, { ...made, status: { conditions: [condition] } }, { subresource: 'status' })
}

export interface CustomApiServicesOptions {
  readonly client: Client
  readonly definitions: () => readonly Definition[]
  /** Registers a listener; the function that it returns unsubscribes. */
  readonly onChange: (listener: () => void) => () => void
  readonly clock: Clock
  readonly log: (text: string) => void
}

/** Many CRDs come at once as a rule. */
const gatherMs = 50
const retryMs = 5000

/** Keeps the APIServices of custom groups in line with what is defined. One that states a service is somebody else's. */
export class CustomApiServices {
  readonly #options: CustomApiServicesOptions
  readonly #unsubscribe: () => void
  #timer: Timer | undefined
  #running: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: CustomApiServicesOptions) {
    this.#options = options
    this.#unsubscribe = options.onChange(() => this.#soon(gatherMs))
    this.#soon(0)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#unsubscribe()
    this.#timer?.cancel()
    await this.#running
  }

  #soon(delayMs: number): void {
    if (this.#stopped) return
    this.#timer ??= this.#options.clock.setTimer(() => {
      this.#timer = undefined
      this.#running = this.#running.then(() => this.#settle()).catch((error: unknown) => {
        if (this.#stopped) return
        this.#options.log(`APIServices of custom resources: ${error instanceof Error ? error.message : String(error)}`)
        this.#soon(retryMs)
      })
    }, delayMs)
  }

  async #settle(): Promise<void> {
    const { client, definitions, clock } = this.#options
    const wanted = customApiServices(definitions())
    const names = new Set(wanted.map(({ metadata }) => metadata.name))
    const { items } = await client.list(apiServices)
    const present = new Set(items.map(({ metadata }) => metadata.name))
    const left = items.filter(({ metadata, spec }) => metadata.labels?.[managedLabel] === 'true' && !spec.service && !names.has(metadata.name))
    await Promise.all([
      ...wanted.filter(({ metadata }) => !present.has(metadata.name)).map((service) => publish(client, service, clock.now()).catch((error: unknown) => {
        if (!isAlreadyExists(error) && !isGone(error)) throw error
      })),
      ...left.map(({ metadata: { name = '' } }) => client.delete(apiServices, { name }).catch((error: unknown) => {
        if (!isGone(error)) throw error
      })),
    ])
  }
}
