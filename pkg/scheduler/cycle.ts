// One scheduling cycle: from a pod and the snapshot to a node, or to the reasons why there is none. Pure.
import { describeFailure } from './failure-text.ts'
import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'
import { isRefusal, type Filter, type Plugin, type Refusal, type Remedy, type Scorer } from './plugin.ts'
import type { ExtensionPoint, PointStatus } from './scheduler-figures.ts'
import { withNode, type Snapshot } from './snapshot.ts'

export interface Placed {
  readonly node: string
}

export interface Unplaced {
  readonly node?: undefined
  readonly message: string
  /** Names of the plugins that refused: changes that they name bring the pod back. */
  readonly rejectors: ReadonlySet<string>
  readonly remedy: Remedy
}

export interface CycleOptions {
  readonly plugins: readonly Plugin[]
  /** Breaks ties. In [0, 1). */
  readonly random: () => number
  /** Where to start looking, so that large clusters, of which only a part is looked at, fill evenly. */
  readonly offset?: number
  /** Told after each part. */
  readonly passed?: (point: ExtensionPoint, status: PointStatus) => void
}

interface NamedFilter {
  readonly plugin: string
  readonly filter: Filter
}

interface Prepared {
  readonly filters: readonly NamedFilter[]
  readonly nodeNames?: ReadonlySet<string>
  /** Plugins that narrowed the names. */
  readonly namers: readonly string[]
  readonly refused?: Refusal & { readonly plugin: string }
}

/** Runs all preFilters; the first refusal ends it. */
function prepare(pod: PodInfo, snapshot: Snapshot, plugins: readonly Plugin[]): Prepared {
  const filters: NamedFilter[] = []
  const namers: string[] = []
  let nodeNames: ReadonlySet<string> | undefined
  for (const plugin of plugins) {
    const checks = plugin.preFilter?.(pod, snapshot)
    if (!checks) continue
    if (isRefusal(checks)) return { filters, namers, refused: { ...checks, plugin: plugin.name } }
    if (checks.filter) filters.push({ plugin: plugin.name, filter: checks.filter })
    if (checks.nodeNames) {
      namers.push(plugin.name)
      const before: ReadonlySet<string> | undefined = nodeNames
      nodeNames = before ? new Set([...checks.nodeNames].filter((name) => before.has(name))) : checks.nodeNames
    }
  }
  if (nodeNames?.size === 0) {
    const reason = namers.length === 1 ? `node(s) didn't satisfy plugin ${namers[0]}` : `node(s) didn't satisfy plugin(s) [${namers.sort().join(' ')}] simultaneously`
    return { filters, namers, refused: { reasons: [reason], resolvable: false, plugin: namers[0] ?? '' } }
  }
  return { filters, namers, ...(nodeNames ? { nodeNames } : {}) }
}

type NamedRefusal = Refusal & { readonly plugin: string }

function refusalOf(filters: readonly NamedFilter[], node: NodeInfo): NamedRefusal | undefined {
  for (const { plugin, filter } of filters) {
    const refusal = filter(node)
    if (refusal) return { ...refusal, plugin }
  }
  return undefined
}

/** Asks all plugins about one node as `node` shows it, which may differ from the snapshot. */
function checkChanged(pod: PodInfo, snapshot: Snapshot, node: NodeInfo, plugins: readonly Plugin[]): NamedRefusal | undefined {
  const { filters, refused, nodeNames } = prepare(pod, withNode(snapshot, node), plugins)
  if (refused) return refused
  if (nodeNames && !nodeNames.has(node.name)) return { reasons: [], resolvable: false, plugin: '' }
  return refusalOf(filters, node)
}

/** Pods that preemption has made room for count as there, unless this pod is more important. */
function promisedTo(pod: PodInfo, snapshot: Snapshot, node: NodeInfo): PodInfo[] {
  return snapshot.nominated(node.name).filter((other) => other.uid !== pod.uid && other.priority >= pod.priority)
}

function checkPromised(pod: PodInfo, snapshot: Snapshot, node: NodeInfo, plugins: readonly Plugin[]): NamedRefusal | undefined {
  const promised = promisedTo(pod, snapshot, node)
  if (promised.length === 0) return undefined
  const full = node.copy()
  for (const other of promised) full.add(other)
  return checkChanged(pod, snapshot, full, plugins)
}

/** How many nodes that would do are enough to choose from. */
export function enoughNodes(count: number): number {
  if (count < 100) return count
  const percent = Math.max(5, Math.floor(50 - count / 125))
  return Math.max(100, Math.floor((count * percent) / 100))
}

function bestOf(pod: PodInfo, snapshot: Snapshot, feasible: readonly NodeInfo[], { plugins, random, passed }: CycleOptions): NodeInfo | undefined {
  if (feasible.length <= 1) return feasible[0]
  const totals = new Array<number>(feasible.length).fill(0)
  const scorers = plugins.flatMap((plugin): { plugin: Plugin; scorer: Scorer }[] => {
    const scorer = plugin.preScore?.(pod, snapshot, feasible)
    return scorer ? [{ plugin, scorer }] : []
  })
  passed?.('PreScore', 'Success')
  for (const { plugin, scorer } of scorers) {
    const raw = feasible.map((node) => scorer.score(node))
    const scores = scorer.normalize?.(raw) ?? raw
    for (let index = 0; index < totals.length; index++) totals[index] = (totals[index] ?? 0) + (scores[index] ?? 0) * (plugin.weight ?? 1)
  }
  passed?.('Score', 'Success')
  const most = Math.max(...totals)
  const best = feasible.filter((_node, index) => totals[index] === most)
  return best[Math.floor(random() * best.length)]
}

export function decide(pod: PodInfo, snapshot: Snapshot, options: CycleOptions): Placed | Unplaced {
  const { plugins, offset = 0, passed } = options
  const { nodes } = snapshot
  if (nodes.length === 0) return { message: 'no nodes available to schedule pods', rejectors: new Set(), remedy: {} }
  const prepared = prepare(pod, snapshot, plugins)
  passed?.('PreFilter', prepared.refused ? 'Unschedulable' : 'Success')
  const refusals = new Map<string, NamedRefusal>()
  const rejectors = new Set<string>()
  const feasible: NodeInfo[] = []
  const note = (node: NodeInfo, refusal: NamedRefusal): void => {
    refusals.set(node.name, refusal)
    if (refusal.plugin) rejectors.add(refusal.plugin)
  }
  if (prepared.refused) {
    rejectors.add(prepared.refused.plugin)
  } else {
    const { nodeNames, namers, filters } = prepared
    const unnamed: NamedRefusal = { reasons: [`node(s) didn't satisfy plugin(s) [${[...namers].sort().join(' ')}]`], resolvable: false, plugin: '' }
    const nominatedFirst = snapshot.node(snapshot.nominationOf(pod.uid) ?? '')
    const passes = (node: NodeInfo): boolean => {
      const refusal = checkPromised(pod, snapshot, node, plugins) ?? refusalOf(filters, node)
      if (refusal) note(node, refusal)
      return !refusal
    }
    // The node that this pod preempted others on, before anything better has to be found.
    if (nominatedFirst && (!nodeNames || nodeNames.has(nominatedFirst.name)) && passes(nominatedFirst)) {
      passed?.('Filter', 'Success')
      return { node: nominatedFirst.name }
    }
    const enough = nodeNames ? nodes.length : enoughNodes(nodes.length)
    for (let index = 0; index < nodes.length && feasible.length < enough; index++) {
      const node = nodes[(index + offset) % nodes.length]
      if (!node) continue
      if (nodeNames && !nodeNames.has(node.name)) note(node, unnamed)
      else if (!refusals.has(node.name) && passes(node)) feasible.push(node)
    }
    if (nodeNames) for (const namer of namers) rejectors.add(namer)
    passed?.('Filter', 'Success')
  }
  const best = bestOf(pod, snapshot, feasible, options)
  if (best) return { node: best.name }
  const remedy = remedyOf(pod, snapshot, { plugins, refusals, refuser: prepared.refused?.plugin })
  passed?.('PostFilter', remedy.nominate ? 'Success' : 'Unschedulable')
  return { message: describeFailure({ nodes: nodes.length, refused: prepared.refused, refusals, remedy: remedy.message }), rejectors, remedy }
}

interface Refused {
  readonly plugins: readonly Plugin[]
  readonly refusals: ReadonlyMap<string, Refusal>
  /** The plugin that refused before any node was looked at. */
  readonly refuser: string | undefined
}

function remedyOf(pod: PodInfo, snapshot: Snapshot, { plugins, refusals, refuser }: Refused): Remedy {
  const fits = (node: NodeInfo): Refusal | undefined => checkPromised(pod, snapshot, node, plugins) ?? checkChanged(pod, snapshot, node, plugins)
  const messages: string[] = []
  let nominate: string | undefined
  let prepared = true
  for (const plugin of plugins) {
    const remedy = plugin.postFilter?.({ pod, snapshot, refusals, prepared, refuser, fits })
    if (plugin.name === refuser) prepared = false
    if (!remedy) continue
    if (remedy.nominate || remedy.final) return remedy
    nominate ??= remedy.nominate
    if (remedy.message) messages.push(remedy.message)
  }
  return { ...(messages.length > 0 ? { message: messages.join(', ') } : {}), ...(nominate === undefined ? {} : { nominate }) }
}
