// Leader election by a Lease, as operators do it: who holds it renews it; who finds it expired takes it, if nobody else did first.
import { CoordinationV1Api, V1MicroTime, type KubeConfig, type V1Lease } from '@kubernetes/client-node'

export interface ElectionOptions {
  readonly namespace: string
  readonly name: string
  readonly identity: string
  readonly leaseSeconds: number
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const codeOf = (error: unknown): number | undefined => (error as { code?: number }).code

/** Calls `lead` with the number of the term whenever it becomes the leader, and `lose` when it is not any more. Never ends. */
export async function elect(config: KubeConfig, { namespace, name, identity, leaseSeconds }: ElectionOptions, on: { lead: (term: number) => void; lose: () => void }): Promise<never> {
  const api = config.makeApiClient(CoordinationV1Api)
  let leading = false
  let renewed = 0
  /** What was seen last, and since when by the own clock: other machines' clocks are not to be trusted. */
  let seen = { version: '', at: 0 }
  for (;;) {
    try {
      const held = await attempt()
      if (held !== undefined) {
        renewed = performance.now()
        if (!leading) on.lead(held)
        leading = true
      } else if (leading) {
        leading = false
        on.lose()
      }
    } catch {
      // The server is away, or somebody was first. A leader that can't renew must stop before its time is over.
      if (leading && performance.now() - renewed > leaseSeconds * 800) {
        leading = false
        on.lose()
      }
    }
    await pause(leaseSeconds * 250)
  }

  /** The term, when the lease is ours now. */
  async function attempt(): Promise<number | undefined> {
    const now = new V1MicroTime()
    let lease: V1Lease
    try {
      lease = await api.readNamespacedLease({ namespace, name })
    } catch (error) {
      if (codeOf(error) !== 404) throw error
      await api.createNamespacedLease({ namespace, body: { metadata: { name }, spec: { holderIdentity: identity, leaseDurationSeconds: leaseSeconds, acquireTime: now, renewTime: now, leaseTransitions: 0 } } })
      return 0
    }
    const version = lease.metadata?.resourceVersion ?? ''
    if (version !== seen.version) seen = { version, at: performance.now() }
    const { spec = {} } = lease
    const term = spec.leaseTransitions ?? 0
    const ours = spec.holderIdentity === identity
    if (!ours && performance.now() - seen.at < (spec.leaseDurationSeconds ?? leaseSeconds) * 1000) return undefined
    const next = ours ? term : term + 1
    // Whole, with its version: refused when another one was first.
    await api.replaceNamespacedLease({ namespace, name, body: { ...lease, spec: { ...spec, holderIdentity: identity, leaseDurationSeconds: leaseSeconds, renewTime: now, leaseTransitions: next, ...(ours ? {} : { acquireTime: now }) } } })
    return next
  }
}
