// Whether the container runtime can be relied on: what its last answer said, and how long ago that was.
import { goDuration } from './go-duration.ts'

/** A restart of the runtime is shorter, and no reason to give up the node. */
const downMs = 30_000
/** By then its pods may be quite others. */
const lostMs = 180_000

export class RuntimeHealth {
  #answeredMs: number | undefined
  #said: readonly string[] = []

  /** `problems`: what it says of itself. */
  answered(problems: readonly string[], nowMs: number): void {
    this.#answeredMs = nowMs
    this.#said = problems
  }

  /** In a kubelet's words; none when pods can run. */
  problems(nowMs: number): string[] {
    if (this.#answeredMs === undefined) return ['container runtime status check may not have completed yet']
    const silentMs = nowMs - this.#answeredMs
    return [
      ...(silentMs >= downMs ? ['container runtime is down'] : []),
      ...(silentMs >= lostMs ? [`PLEG is not healthy: pleg was last seen active ${goDuration(silentMs)} ago; threshold is ${goDuration(lostMs)}`] : []),
      ...this.#said,
    ]
  }
}

/** Pure. As Go puts several errors in one; undefined for none. */
export function oneProblem(problems: readonly string[]): string | undefined {
  const different = [...new Set(problems)]
  return different.length > 1 ? `[${different.join(', ')}]` : different[0]
}
