import type { Container } from '../api/types-pod.ts'
import { ManualClock } from '../util/clock.ts'
import { makePod, startMs } from './fixture.suite.ts'
import { Prober } from './prober.ts'
import { ExecTimeout } from './runtime-service.ts'

/** Steps a second at a time, and notes the states that come of it. */
async function run(container: Partial<Container>, results: Record<string, (boolean | 'timeout' | 'error')[]>, seconds: number): Promise<{ states: string[]; unhealthy: string[] }> {
  const clock = new ManualClock(startMs)
  const unhealthy: string[] = []
  const exec = async (_id: string, [kind = '']: readonly string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> => {
    const result = results[kind]?.shift() ?? true
    if (result === 'timeout') throw new ExecTimeout('late')
    if (result === 'error') throw new Error('no runtime')
    return { exitCode: result ? 0 : 1, stdout: '', stderr: 'bad' }
  }
  const prober = new Prober({ runtime: { exec }, clock, onChange: () => undefined, onUnhealthy: (_probed, message) => void unhealthy.push(message) })
  prober.add({ pod: makePod(), container: { name: 'c', ...container }, containerId: 'x', startedAtMs: startMs, podIP: '' })
  const states: string[] = []
  for (let second = 0; second <= seconds; second++) {
    clock.step(second === 0 ? 0 : 1000)
    await new Promise((resolve) => setImmediate(resolve))
    const { started, ready, failed } = prober.state('x')
    states.push(`${started ? 's' : '-'}${ready ? 'r' : '-'}${failed ? 'f' : ''}`)
  }
  prober.stop()
  return { states, unhealthy }
}
const probe = (kind: string, more = {}): object => ({ exec: { command: [kind] }, periodSeconds: 1, failureThreshold: 1, ...more })

describe('Prober', () => {
  it('is ready without probes', async () => {
    expect((await run({}, {}, 0)).states).toEqual(['sr'])
  })

  it('waits for the delay, and for the thresholds', async () => {
    const readinessProbe = probe('ready', { initialDelaySeconds: 2, successThreshold: 2, failureThreshold: 2 })
    expect((await run({ readinessProbe }, { ready: [true, false, true, true, false, true, false, false] }, 9)).states)
      .toEqual(['s-', 's-', 's-', 's-', 's-', 'sr', 'sr', 'sr', 'sr', 's-'])
  })

  it('holds the others until startup has succeeded', async () => {
    const { states, unhealthy } = await run({ startupProbe: probe('start', { failureThreshold: 5 }), livenessProbe: probe('live') }, { start: [false, false, true], live: [true, false] }, 4)
    expect(states).toEqual(['-r', '-r', 'sr', 'sr', 's-f'])
    expect(unhealthy).toEqual(['Startup probe failed: bad', 'Startup probe failed: bad', 'Liveness probe failed: bad'])
  })

  it('fails a startup that takes too long', async () => {
    expect((await run({ startupProbe: probe('start', { failureThreshold: 2 }) }, { start: [false, false] }, 2)).states).toEqual(['-r', '--f', '--f'])
  })

  it('counts a timeout as failure, and what could not be tried as nothing', async () => {
    const { states, unhealthy } = await run({ livenessProbe: probe('live', { failureThreshold: 2 }) }, { live: ['timeout', 'error', 'timeout'] }, 2)
    expect(states).toEqual(['sr', 'sr', 's-f'])
    expect(unhealthy).toEqual([
      'Liveness probe failed: command timed out: "live" timed out after 1s', 'Liveness probe errored and resulted in unknown state: no runtime',
      'Liveness probe failed: command timed out: "live" timed out after 1s',
    ])
  })
})
