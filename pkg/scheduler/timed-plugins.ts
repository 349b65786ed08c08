// Plugins whose every answer is timed: for one cycle in some, as it costs two looks at the clock an answer.
import type { Clock } from '../util/clock.ts'
import type { NodeInfo } from './node-info.ts'
import { isRefusal, type Plugin, type Refusal } from './plugin.ts'

export type PluginPoint = 'PreFilter' | 'Filter' | 'PostFilter' | 'PreScore' | 'Score'
export type PluginStatus = 'Success' | 'Skip' | 'Unschedulable' | 'UnschedulableAndUnresolvable' | 'Error'
/** Where the times of one outcome of one plugin go; asked once for each. */
export type SeriesOf = (plugin: string, point: PluginPoint, status: PluginStatus) => { observe(seconds: number): void }

const statusOf = (refusal: Refusal | undefined): PluginStatus => (refusal ? refusal.resolvable ? 'Unschedulable' : 'UnschedulableAndUnresolvable' : 'Success')

/** Says the same as the plugin. */
export function timedPlugin(plugin: Plugin, { clock, seriesOf }: { readonly clock: Clock; readonly seriesOf: SeriesOf }): Plugin {
  const { name, weight, enqueueOn } = plugin
  const known: Partial<Record<PluginPoint, Partial<Record<PluginStatus, ReturnType<SeriesOf>>>>> = {}
  const timed = <T>(point: PluginPoint, work: () => T, outcome: (result: T) => PluginStatus): T => {
    const beganMs = clock.monotonic()
    const result = work()
    const seconds = (clock.monotonic() - beganMs) / 1000
    const status = outcome(result)
    const series = (known[point] ??= {})[status] ??= seriesOf(name, point, status)
    series.observe(seconds)
    return result
  }
  const success = (): PluginStatus => 'Success'
  return {
    name, enqueueOn, ...(weight === undefined ? {} : { weight }),
    ...(plugin.preFilter ? {
      preFilter(pod, snapshot) {
        const checks = timed('PreFilter', () => plugin.preFilter?.(pod, snapshot), (found) => (!found ? 'Skip' : statusOf(isRefusal(found) ? found : undefined)))
        if (!checks || isRefusal(checks) || !checks.filter) return checks
        const { filter } = checks
        let asked: NodeInfo
        const ask = (): Refusal | undefined => filter(asked)
        return {
          ...checks,
          filter(node) {
            asked = node
            return timed('Filter', ask, statusOf)
          },
        }
      },
    } : {}),
    ...(plugin.preScore ? {
      preScore(pod, snapshot, feasible) {
        const scorer = timed('PreScore', () => plugin.preScore?.(pod, snapshot, feasible), (found) => (found ? 'Success' : 'Skip'))
        return scorer && { score: (node) => timed('Score', () => scorer.score(node), success), ...(scorer.normalize ? { normalize: (scores: number[]) => scorer.normalize!(scores) } : {}) }
      },
    } : {}),
    ...(plugin.postFilter ? {
      postFilter: (failure) => timed('PostFilter', () => plugin.postFilter!(failure), ({ nominate, final }) => (nominate ? 'Success' : final ? 'Error' : 'Unschedulable')),
    } : {}),
  }
}
