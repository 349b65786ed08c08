// Whether the servers behind APIServices can be reached: looked at when something changes, and by the clock only while one can't.
import { formatTime } from '../api/times.ts'
import { isConflict, isNotFound } from '../api/status-error.ts'
import { apiServices, availableCondition, type ApiService } from '../api/types-api-service.ts'
import type { Condition } from '../api/types-common.ts'
import { endpointSlices, services, type EndpointSlice, type Service } from '../api/types-service.ts'
import type { Client } from '../client/client.ts'
import type { Index } from '../client/informer.ts'
import { controller, watches, type Controller } from '../controller/controller.ts'
import { BackOff } from '../util/back-off.ts'
import type { Clock } from '../util/clock.ts'

export interface ApiServiceOptions {
  /** Asks the server for its discovery; fails with an Error that says why it can't be had. */
  readonly check: (service: ApiService) => Promise<void>
  readonly clock: Clock
  /** Told of each that became unavailable, and why. */
  readonly unavailable?: (name: string, reason: string) => void
}

type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>

const serviceLabel = 'kubernetes.io/service-name'
const bySlice: Index<EndpointSlice> = { name: 'service', values: ({ metadata: { namespace = '', labels } }) => (labels?.[serviceLabel] ? [`${namespace}/${labels[serviceLabel]}`] : []) }
const byService: Index<ApiService> = { name: 'service', values: ({ spec: { service } }) => (service ? [`${service.namespace}/${service.name}`] : []) }

const local: Verdict = { status: 'True', reason: 'Local', message: 'Local APIServices are always available' }
const passed: Verdict = { status: 'True', reason: 'Passed', message: 'all checks passed' }
const failed = (reason: string, message: string): Verdict => ({ status: 'False', reason, message })

/** Pure: what the Service and its slices say; undefined when there is somebody to ask. */
export function missingService({ spec }: ApiService, service: Service | undefined, slices: readonly EndpointSlice[]): Verdict | undefined {
  const { name = '', namespace = '', port: wanted = 443 } = spec.service ?? {}
  const what = `service/${name} in ${JSON.stringify(namespace)}`
  if (!service) return failed('ServiceNotFound', `${what} is not present`)
  if ((service.spec.type ?? 'ClusterIP') !== 'ClusterIP') return undefined
  const port = service.spec.ports?.find((one) => one.port === wanted)
  if (!port) return failed('ServicePortError', `${what} is not listening on port ${wanted}`)
  if (slices.length === 0) return failed('EndpointsNotFound', `cannot find endpointslices for ${what}`)
  const portName = port.name ?? ''
  const ready = slices.some(({ endpoints, ports }) => (ports ?? []).some((one) => (one.name ?? '') === portName) && (endpoints ?? []).some(({ conditions, addresses }) => conditions?.ready !== false && addresses.length > 0))
  return ready ? undefined : failed('MissingEndpoints', `endpointslices for ${what} have no addresses with port name ${JSON.stringify(portName)}`)
}

export function apiServiceController({ check, clock, unavailable }: ApiServiceOptions): Controller {
  const backOff = new BackOff(clock, { baseMs: 1000, maxMs: 30_000 })
  /** What was found good: not asked again until it changes. */
  const good = new Map<string, string>()
  return controller<ApiService>({
    name: 'apiservice-availability',
    for: apiServices,
    watches: [
      watches(services, ({ metadata: { namespace = '', name = '' } }, { informers }) => keysOf(informers.for(apiServices).byIndex(byService, `${namespace}/${name}`))),
      watches(endpointSlices, (slice, { informers }) => bySlice.values(slice).flatMap((service) => keysOf(informers.for(apiServices).byIndex(byService, service)))),
    ],
    async reconcile({ name }, object, { client, informers }) {
      const at = object?.spec.service
      if (!object || !at) {
        backOff.forget(name)
        good.delete(name)
        if (object) await report(client, object, local, clock.now())
        return
      }
      const slices = informers.for(endpointSlices).byIndex(bySlice, `${at.namespace}/${at.name}`)
      const service = informers.for(services).get({ namespace: at.namespace, name: at.name })
      const stated = JSON.stringify([object.metadata.uid, object.spec, service?.spec, slices.map(({ endpoints, ports }) => [endpoints, ports])])
      if (good.get(name) === stated && availableCondition(object)?.status === 'True') return
      good.delete(name)
      const missing = missingService(object, service, slices)
      const verdict = missing ?? await check(object).then(() => passed, (error: Error) => failed('FailedDiscoveryCheck', error.message))
      await report(client, object, verdict, clock.now())
      if (verdict.status !== 'True' && availableCondition(object)?.status === 'True') unavailable?.(name, verdict.reason ?? '')
      if (verdict === passed) {
        good.set(name, stated)
        backOff.forget(name)
      } else if (!missing) return { requeueAfterMs: backOff.next(name) }
    },
  })
}

const keysOf = (found: readonly ApiService[]): { name: string }[] => found.map(({ metadata: { name = '' } }) => ({ name }))

async function report(client: Client, object: ApiService, verdict: Verdict, now: number): Promise<void> {
  const before = availableCondition(object)
  if (before && before.status === verdict.status && before.reason === verdict.reason && before.message === verdict.message) return
  const lastTransitionTime = before?.status === verdict.status ? before.lastTransitionTime : formatTime(now)
  const others = (object.status?.conditions ?? []).filter(({ type }) => type !== 'Available')
  await client.update(apiServices, { ...object, status: { ...object.status, conditions: [...others, { type: 'Available', ...verdict, lastTransitionTime }] } }, { subresource: 'status' })
}

/** A request found the server gone: says so, which leads to a new check. */
export async function reportUnreachable(client: Client, name: string, message: string, now: number): Promise<void> {
  try {
    const object = await client.get(apiServices, { name })
    if (object.spec.service && availableCondition(object)?.status === 'True') await report(client, object, failed('FailedDiscoveryCheck', message), now)
  } catch (error) {
    // Whoever wrote meanwhile has looked anew.
    if (!isNotFound(error) && !isConflict(error)) throw error
  }
}
