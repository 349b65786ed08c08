// What a pod's annotations say a hollow container is to do. Pure.
import { parseGoDuration } from './go-duration.ts'
import { milliValue, wholeValue } from './quantity-values.ts'

export interface HollowAnswer {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

export interface HollowScript {
  readonly startDelayMs: number
  /** Why it cannot be started. */
  readonly startFailure?: string
  /** How it ends by itself; missing for one that runs until it is stopped. */
  readonly outcome?: { readonly exitCode: number; readonly afterMs: number; readonly reason: string }
  readonly logs: readonly string[]
  /** By command line. */
  readonly exec: ReadonlyMap<string, HollowAnswer>
  readonly probes: 'success' | 'failure'
  readonly cpuMilli: number
  readonly memoryBytes: number
}

const prefix = 'hollow.kinglet.io/'

/** `hollow.kinglet.io/NAME` holds for all containers of the pod, `hollow.kinglet.io/NAME.CONTAINER` for one. Throws what was expected, with the name. */
export function hollowScript(annotations: Readonly<Record<string, string>>, container: string): HollowScript {
  const read = <T>(name: string, parse: (text: string) => T): T | undefined => {
    const key = `${prefix}${name}.${container}` in annotations ? `${prefix}${name}.${container}` : `${prefix}${name}`
    const text = annotations[key]
    if (text === undefined) return undefined
    try {
      return parse(text)
    } catch (error) {
      throw new Error(`${key}: ${(error as Error).message}`, { cause: error })
    }
  }
  const plain = (text: string): string => text
  const [runForMs, exitCode] = [read('run-for', parseGoDuration), read('exit-code', exitCodeOf)]
  const startFailure = read('start-failure', plain)
  const ends = runForMs !== undefined || exitCode !== undefined
  return {
    startDelayMs: read('start-delay', parseGoDuration) ?? 0,
    ...(startFailure === undefined ? {} : { startFailure }),
    ...(ends ? { outcome: { exitCode: exitCode ?? 0, afterMs: runForMs ?? 0, reason: read('exit-reason', plain) ?? '' } } : {}),
    logs: (read('logs', plain) ?? '').split('\n').filter((line, index, all) => line !== '' || index < all.length - 1),
    exec: read('exec', answersOf) ?? new Map(),
    probes: read('probes', verdictOf) ?? 'success',
    cpuMilli: read('cpu', milliValue) ?? 0,
    memoryBytes: read('memory', wholeValue) ?? 0,
  }
}

function exitCodeOf(text: string): number {
  const code = Number(text)
  if (!/^\d+$/.test(text) || code > 255) throw new Error(`expected an exit code from 0 to 255, found ${JSON.stringify(text)}`)
  return code
}

function verdictOf(text: string): 'success' | 'failure' {
  if (text !== 'success' && text !== 'failure') throw new Error(`expected success or failure, found ${JSON.stringify(text)}`)
  return text
}

/** `{"date": "today\n", "false": {"exitCode": 1, "stderr": "no"}}`. */
function answersOf(text: string): ReadonlyMap<string, HollowAnswer> {
  const found = JSON.parse(text) as Record<string, string | Partial<HollowAnswer>>
  return new Map(Object.entries(found).map(([command, answer]) => {
    const { stdout = '', stderr = '', exitCode = 0 } = typeof answer === 'string' ? { stdout: answer } : answer
    return [command, { stdout, stderr, exitCode }]
  }))
}

/** A command that nothing is said of succeeds without a word. */
export const hollowAnswer = ({ exec }: HollowScript, command: readonly string[]): HollowAnswer => exec.get(command.join(' ')) ?? { stdout: '', stderr: '', exitCode: 0 }
