// How long dear inputs hold the event loop: the probe in a process of its own, beside what parsing a body of the greatest size takes in one go.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { cpuMs } from '../../pkg/util/cpu-time.suite.ts'
import { holdInputs } from './hold-inputs.ts'
import type { Hold } from './hold-probe.ts'
import { median } from './measure.ts'

/** What the probe tells of these inputs. One that kills the probe is told of as such, and another probe goes on after it. */
export async function probeHolds(names: readonly string[] = allInputs()): Promise<Hold[]> {
  const holds: Hold[] = []
  for (let left = names; left.length > 0;) {
    const told = await probeSome(left)
    holds.push(...told)
    left = left.filter((name) => !told.some((hold) => hold.name === name))
  }
  return holds
}

const allInputs = (): string[] => Object.keys(holdInputs).filter((name) => !name.endsWith('(after)'))

async function probeSome(names: readonly string[]): Promise<Hold[]> {
  const probe = spawn(process.execPath, [join(import.meta.dirname, 'hold-probe.ts'), ...names], { stdio: ['ignore', 'pipe', 'pipe'] })
  let told = ''
  let wrong = ''
  probe.stdout.setEncoding('utf8').on('data', (text: string) => void (told += text))
  probe.stderr.setEncoding('utf8').on('data', (text: string) => void (wrong += text))
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => void probe.on('close', (...ended) => resolve(ended)))
  const holds = told.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Hold)
  if (code !== 0 && (signal !== 'SIGKILL' || holds.length === 0)) throw new Error(`the probe ended with ${code ?? signal}: ${wrong}`)
  return holds
}

/** Milliseconds of processor time to parse 3 MB of JSON, as much as a request may have. */
export function parseMs(): number {
  const body = JSON.stringify({ data: Object.fromEntries(Array.from({ length: 30_000 }, (_, index) => [`key-${index}`, 'x'.repeat(85)])) })
  return median(Array.from({ length: 9 }, () => cpuMs(() => void JSON.parse(body))))
}
