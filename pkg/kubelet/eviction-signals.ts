// When a node runs short of something: thresholds in the kubelet's words, and what has been measured against them. Pure.
import { parseGoDuration } from './go-duration.ts'
import { wholeValue } from './quantity-values.ts'

export type Signal = 'memory.available' | 'nodefs.available' | 'nodefs.inodesFree' | 'imagefs.available' | 'imagefs.inodesFree' | 'pid.available'
export type Pressure = 'MemoryPressure' | 'DiskPressure' | 'PIDPressure'

/** Of each signal what is left and what there is; one that cannot be measured is missing. */
export type Observations = ReadonlyMap<Signal, { readonly available: number; readonly capacity: number }>

interface SignalFacts {
  readonly pressure: Pressure
  /** What messages say that is missing. */
  readonly resource: 'memory' | 'ephemeral-storage' | 'inodes' | 'pids'
}

export const signals: Readonly<Record<Signal, SignalFacts>> = {
  'memory.available': { pressure: 'MemoryPressure', resource: 'memory' },
  'nodefs.available': { pressure: 'DiskPressure', resource: 'ephemeral-storage' },
  'nodefs.inodesFree': { pressure: 'DiskPressure', resource: 'inodes' },
  'imagefs.available': { pressure: 'DiskPressure', resource: 'ephemeral-storage' },
  'imagefs.inodesFree': { pressure: 'DiskPressure', resource: 'inodes' },
  'pid.available': { pressure: 'PIDPressure', resource: 'pids' },
}

export interface Threshold {
  readonly signal: Signal
  /** A quantity, or a share of what there is. */
  readonly least: { readonly quantity: number } | { readonly share: number }
  /** 0 for a hard one. */
  readonly graceMs: number
  /** What is to be there above the threshold before it counts as left behind; as `least`. */
  readonly reclaim?: { readonly quantity: number } | { readonly share: number }
}

export interface EvictionConfig {
  readonly thresholds: readonly Threshold[]
  /** How long a pressure is told of after it has gone. */
  readonly transitionMs: number
  /** For pods evicted by a soft threshold; undefined leaves them their own. */
  readonly maxPodGraceSeconds?: number
}

/** `100Mi` or `10%`. Throws what was expected. */
export function parseAmount(text: string): { quantity: number } | { share: number } {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)
  if (percent) return { share: Number(percent[1]) / 100 }
  const quantity = wholeValue(text)
  if (quantity < 0) throw new Error(`expected an amount that is not negative, found ${JSON.stringify(text)}`)
  return { quantity }
}

const isSignal = (text: string): text is Signal => text in signals

/** `memory.available<100Mi,nodefs.available<10%`, as a kubelet's flags spell it; `separator` is `=` for grace periods and reclaims. */
export function parseSignals(text: string, separator: '<' | '='): [Signal, string][] {
  return text.split(',').filter(Boolean).map((part) => {
    const [name = '', amount, ...rest] = part.trim().split(separator)
    if (!isSignal(name) || !amount || rest.length > 0) throw new Error(`expected SIGNAL${separator}AMOUNT with one of ${Object.keys(signals).join(', ')}, found ${JSON.stringify(part)}`)
    return [name, amount]
  })
}

export const hardDefaults = 'memory.available<100Mi,nodefs.available<10%,nodefs.inodesFree<5%,imagefs.available<15%,imagefs.inodesFree<5%'

export interface EvictionFlags {
  readonly hard?: string
  readonly soft?: string
  readonly softGracePeriods?: string
  readonly minimumReclaim?: string
  readonly transitionMs?: number
  readonly maxPodGraceSeconds?: number
}

/** Throws what was expected. */
export function evictionConfig(flags: EvictionFlags): EvictionConfig {
  const reclaims = new Map(parseSignals(flags.minimumReclaim ?? '', '='))
  const graces = new Map(parseSignals(flags.softGracePeriods ?? '', '='))
  const threshold = (signal: Signal, amount: string, graceMs: number): Threshold => {
    const reclaim = reclaims.get(signal)
    return { signal, least: parseAmount(amount), graceMs, ...(reclaim === undefined ? {} : { reclaim: parseAmount(reclaim) }) }
  }
  const soft = parseSignals(flags.soft ?? '', '<').map(([signal, amount]) => {
    const grace = graces.get(signal)
    if (grace === undefined) throw new Error(`grace period must be specified for the soft eviction threshold ${signal}`)
    return threshold(signal, amount, parseGoDuration(grace))
  })
  const hard = parseSignals(flags.hard ?? hardDefaults, '<').map(([signal, amount]) => threshold(signal, amount, 0))
  // A share of nothing, or nothing, switches a threshold off.
  const useful = [...hard, ...soft].filter(({ least }) => ('quantity' in least ? least.quantity : least.share) > 0)
  return {
    thresholds: useful, transitionMs: flags.transitionMs ?? 300_000,
    ...(flags.maxPodGraceSeconds === undefined ? {} : { maxPodGraceSeconds: flags.maxPodGraceSeconds }),
  }
}

const amountOf = (amount: { quantity: number } | { share: number }, capacity: number): number => ('quantity' in amount ? amount.quantity : amount.share * capacity)

/** How much has to be left, of what is there. */
export const leastOf = ({ least }: Threshold, capacity: number): number => amountOf(least, capacity)

/** Those that are crossed; one that was crossed is so until the reclaim is there as well. */
export function crossed(thresholds: readonly Threshold[], observations: Observations, before: ReadonlySet<Threshold>): Threshold[] {
  return thresholds.filter((threshold) => {
    const seen = observations.get(threshold.signal)
    // A file system that counts no inodes has enough of them.
    if (!seen || seen.capacity === 0) return false
    const reclaim = before.has(threshold) && threshold.reclaim ? amountOf(threshold.reclaim, seen.capacity) : 0
    return seen.available < leastOf(threshold, seen.capacity) + reclaim
  })
}

/** Whether one may be crossed soon: it is worth looking more often. */
export const isNear = (thresholds: readonly Threshold[], observations: Observations): boolean => thresholds.some((threshold) => {
  const seen = observations.get(threshold.signal)
  return seen !== undefined && seen.capacity > 0 && seen.available < leastOf(threshold, seen.capacity) * 1.5
})

const rank = (signal: Signal): number => ['memory.available', 'pid.available'].indexOf(signal) + 1 || 3

/** Memory first: it cannot wait. */
export const mostUrgent = (thresholds: readonly Threshold[]): Threshold | undefined => [...thresholds].sort((a, b) => rank(a.signal) - rank(b.signal))[0]
