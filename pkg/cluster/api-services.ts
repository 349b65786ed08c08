// The APIServices of what this server serves itself: one for each group-version, built-in and custom, always available.
import { equalJson } from '../api/json.ts'
import { isAlreadyExists, isConflict, isNotFound } from '../api/status-error.ts'
import { formatTime } from '../api/times.ts'
import { type ApiService, apiServices } from '../api/types-api-service.ts'
import { groupPriority } from '../apiserver/discovery.ts'
import type { Client } from '../client/client.ts'
import type { Informers } from '../client/informer.ts'
import type { Definition } from '../registry/definition.ts'
import type { Clock, Timer } from '../util/clock.ts'

const managedLabel = 'kube-aggregator.kubernetes.io/automanaged'

const versionsOf = (definitions: readonly Definition[]) =>
  [...new Map(definitions.map(({ resource: { group, version } }) => [`${version}.${group}`, { group, version }])).values()]

/** Pure: without the aggregator's own group. */
export function localApiServices(definitions: readonly Definition[]): ApiService[] {
  const versions = versionsOf(definitions).filter(({ group }) => group !== apiServices.group)
  return versions.map(({ group, version }) => ({
    apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService',
    metadata: { name: `${version}.${group}`, labels: { [managedLabel]: 'onstart' } },
    spec: {
      group, version, groupPriorityMinimum: groupPriority(group),
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
    spec: { group, version, groupPriorityMinimum: groupPriority(group), versionPriority: 100 },
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

export interface ApiServicesPlan {
  readonly create: readonly ApiService[]
  readonly update: readonly ApiService[]
  readonly remove: readonly ApiService[]
}

/**
 * Pure. The label says whose an APIService is: `true` is kept as it should be at all times, `onstart` is made and brought up
 * to date when the server starts, and left to others until then, and what has no label is somebody else's, whatever its name.
 */
export function planApiServices(wanted: readonly ApiService[], present: readonly ApiService[], starting: boolean): ApiServicesPlan {
  const managed = ({ metadata }: ApiService): string | undefined => metadata.labels?.[managedLabel]
  const byName = new Map(present.map((service) => [service.metadata.name, service]))
  const names = new Set(wanted.map(({ metadata }) => metadata.name))
  return {
    create: wanted.filter((service) => !byName.has(service.metadata.name) && (starting || managed(service) === 'true')),
    update: wanted.flatMap((service) => {
      const found = byName.get(service.metadata.name)
      const label = found && managed(found)
      const ours = label === 'true' || label === 'onstart'
      if (!found || !ours || equalJson(found.spec, service.spec)) return []
      return starting || (label === 'true' && managed(service) === 'true') ? [{ ...found, spec: service.spec }] : []
    }),
    remove: present.filter((service) => !names.has(service.metadata.name) && (managed(service) === 'true' || (starting && managed(service) === 'onstart'))),
  }
}

export interface LocalApiServicesOptions {
  readonly client: Client
  readonly informers: Informers
  readonly definitions: () => readonly Definition[]
  /** Registers a listener for other definitions; the function that it returns unsubscribes. */
  readonly onChange: (listener: () => void) => () => void
  /** What this server itself has, whatever is defined. */
  readonly own: readonly Definition[]
  readonly clock: Clock
  readonly log: (text: string) => void
}

/** Many CRDs come at once as a rule. */
const gatherMs = 50
const retryMs = 5000

/** Keeps the APIServices of what this server serves in line with what is defined. */
export class LocalApiServices {
  readonly #options: LocalApiServicesOptions
  readonly #unsubscribe: (() => void)[]
  #timer: Timer | undefined
  #running: Promise<void> = Promise.resolve()
  #starting = true
  #stopped = false

  constructor(options: LocalApiServicesOptions) {
    this.#options = options
    this.#unsubscribe = [
      options.onChange(() => this.#soon(gatherMs)),
      options.informers.for(apiServices).onChange(({ object, previous }) => {
        // What is gone, and what somebody has written into one of ours.
        if (!object || (previous && object.metadata.labels?.[managedLabel] === 'true' && !equalJson(object.spec, previous.spec))) this.#soon(0)
      }),
    ]
    this.#soon(0)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    this.#timer?.cancel()
    await this.#running
  }

  #soon(delayMs: number): void {
    if (this.#stopped) return
    this.#timer ??= this.#options.clock.setTimer(() => {
      this.#timer = undefined
      this.#running = this.#running.then(() => this.#settle()).catch((error: unknown) => {
        if (this.#stopped) return
        this.#options.log(`APIServices of this server: ${error instanceof Error ? error.message : String(error)}`)
        this.#soon(retryMs)
      })
    }, delayMs)
  }

  async #settle(): Promise<void> {
    const { client, definitions, own, clock } = this.#options
    const { items } = await client.list(apiServices)
    const { create, update, remove } = planApiServices([...localApiServices(own), ...customApiServices(definitions())], items, this.#starting)
    // Somebody wrote meanwhile: what is to be done is worked out anew.
    const again = (error: unknown): boolean => {
      if (!isConflict(error)) return false
      this.#soon(0)
      return true
    }
    await Promise.all([
      ...create.map((service) => publish(client, service, clock.now()).catch(unless(isAlreadyExists, isNotFound, isConflict))),
      ...update.map((service) => client.update(apiServices, service).catch(unless(isNotFound, again))),
      ...remove.map(({ metadata: { name = '' } }) => client.delete(apiServices, { name }).catch(unless(isNotFound))),
    ])
    this.#starting = false
  }
}

const unless = (...expected: ((error: unknown) => boolean)[]) => (error: unknown): void => {
  if (!expected.some((matches) => matches(error))) throw error
}
