// What a turn of the event loop spent its time with: samples of the thread's stack between two moments.
import { Session, type Profiler } from 'node:inspector'

const everyUs = 200
const shownStacks = 12
const shownFrames = 14

export class TurnProfile {
  readonly #session = new Session()

  start(): void {
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.setSamplingInterval', { interval: everyUs })
    this.#session.post('Profiler.start')
  }

  /** The moments are `process.hrtime`s. */
  async stop(from: bigint, to: bigint): Promise<string> {
    const profile = await new Promise<Profiler.Profile>((resolve, reject) => {
      this.#session.post('Profiler.stop', (error, result) => (error ? reject(error) : resolve(result.profile)))
    })
    this.#session.disconnect()
    return summary(profile, Number(from / 1000n), Number(to / 1000n))
  }
}

function summary({ nodes, samples = [], timeDeltas = [], startTime }: Profiler.Profile, fromUs: number, toUs: number): string {
  const parents = new Map<number, Profiler.ProfileNode>()
  const byId = new Map(nodes.map((node) => [node.id, node]))
  for (const node of nodes) for (const child of node.children ?? []) parents.set(child, node)
  const counted = new Map<number, number>()
  let at = startTime
  samples.forEach((id, index) => {
    at += timeDeltas[index] ?? 0
    if (at >= fromUs && at <= toUs) counted.set(id, (counted.get(id) ?? 0) + (timeDeltas[index] ?? 0))
  })
  const named = ({ callFrame: { functionName, url, lineNumber } }: Profiler.ProfileNode): string => `${functionName || '?'}${url ? ` ${url.split('/').at(-1)}:${lineNumber + 1}` : ''}`
  const lines = [...counted].sort(([, a], [, b]) => b - a).slice(0, shownStacks).map(([id, us]) => {
    const frames: string[] = []
    for (let node = byId.get(id); node && frames.length < shownFrames; node = parents.get(node.id)) frames.push(named(node))
    return `  ${(us / 1000).toFixed(1)} ms: ${frames.join(' < ')}`
  })
  return `${lines.join('\n')}\n`
}
