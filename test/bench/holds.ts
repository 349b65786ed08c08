// How long dear inputs hold the event loop: the probe in a process of its own, beside what parsing a body of the greatest size takes in one go.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { cpuMs } from '../../pkg/util/cpu-time.suite.ts'
import type { Hold } from './hold-probe.ts'
import { median } from './measure.ts'

/** What the probe tells of these inputs, or of all. */
export async function probeHolds(inputs: readonly string[] = []): Promise<Hold[]> {
  const probe = spawn(process.execPath, [join(import.meta.dirname, 'hold-probe.ts'), ...inputs], { stdio: ['ignore', 'pipe', 'pipe'] })
  let told = ''
  let wrong = ''
  probe.stdout.setEncoding('utf8').on('data', (text: string) => void (told += text))
  probe.stderr.setEncoding('utf8').on('data', (text: string) => void (wrong += text))
  const code = await new Promise<number | null>((resolve) => void probe.on('close', resolve))
  if (code !== 0) throw new Error(`the probe ended with ${code}: ${wrong}`)
  return told.trim().split('\n').map((line) => JSON.parse(line) as Hold)
}

/** Milliseconds of processor time to parse 3 MB of JSON, as much as a request may have. */
export function parseMs(): number {
  const body = JSON.stringify({ data: Object.fromEntries(Array.from({ length: 30_000 }, (_, index) => [`key-${index}`, 'x'.repeat(85)])) })
  return median(Array.from({ length: 9 }, () => cpuMs(() => void JSON.parse(body))))
}
