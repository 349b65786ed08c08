import type { PodPlan, PlanInput } from './pod-plan.ts'
import { planPod } from './pod-plan.ts'
import { makeContainer, makePod, makeRuntime, sandbox, startMs } from './fixture.suite.ts'

type Case = [name: string, pod: Parameters<typeof makePod>[0], runtime: ReturnType<typeof makeRuntime>, expected: string, more?: Partial<PlanInput>]

/** A plan in short words. */
function words(plan: PodPlan): string {
  return [
    ...plan.starts.map((start) => (start.type === 'sandbox' ? `sandbox#${start.attempt}${start.changed ? ' changed' : ''}` : `start ${start.target.container.name}#${start.attempt}${start.replaces ? ` replaces ${start.replaces}` : ''}`)),
    ...plan.kills.map((kill) => `kill ${kill.container.id} ${kill.reason}`),
    ...plan.stopSandboxes.map((id) => `stop ${id}`),
    ...[...plan.waiting].map(([name, { reason, message }]) => `${name} ${reason}: ${message}`),
    ...(plan.wakeAtMs === undefined ? [] : [`wake +${plan.wakeAtMs - startMs}`]),
    ...(plan.finished ? ['finished'] : []), ...(plan.stopped ? ['stopped'] : []),
  ].join(', ') || 'nothing'
}

const plan = (pod: Case[1], runtime: Case[2], more: Partial<PlanInput> = {}): string => words(planPod({
  pod: makePod(pod), runtime, nowMs: startMs + 3000, ending: false, mustRestart: new Set(),
  verdict: () => ({ started: true }), backOff: () => undefined, lastRun: () => undefined, hold: () => undefined, ...more,
}))

const two = { containers: [{ name: 'a', image: 'i' }, { name: 'b', image: 'i' }] }
const init = { initContainers: [{ name: 'i1', image: 'i' }, { name: 'i2', image: 'i' }], ...two }
const sidecar = { initContainers: [{ name: 's', image: 'i', restartPolicy: 'Always' }, { name: 'i1', image: 'i' }] }
const dead = sandbox({ ready: false })

const cases: Case[] = [
  ['a new pod gets a sandbox', {}, makeRuntime([], []), 'sandbox#0'],
  ['a failed sandbox is held', {}, makeRuntime([], []), 'wake +9000', { sandboxHoldMs: startMs + 9000 }],
  ['then its containers, in order', two, makeRuntime([]), 'start a#0, start b#0'],
  ['what runs is left alone', two, makeRuntime(['a:running', 'b:running']), 'nothing'],
  ['what was created and not started is made anew', {}, makeRuntime(['c:created#2']), 'start c#2 replaces c-2'],
  ['a start that failed is held', two, makeRuntime([]), 'start b#0, wake +5000', { hold: (name) => (name === 'a' ? startMs + 5000 : undefined) }],
  ['a count that the runtime has lost goes on', {}, makeRuntime([]), 'start c#5', { lastRun: () => ({ restartCount: 4, exitCode: 1 }) }],
  ['what the runtime has lost does not run again when it must not', { restartPolicy: 'Never' }, makeRuntime([], []), 'finished, stopped', { lastRun: () => ({ restartCount: 0, exitCode: 137 }) }],
  ['nor what has succeeded', { ...two, restartPolicy: 'OnFailure' }, makeRuntime([]), 'start b#1', { lastRun: (name) => ({ restartCount: 0, exitCode: name === 'a' ? 0 : 137 }) }],
  ['nor is anything after an init container that was lost', { ...init, restartPolicy: 'Never' }, makeRuntime([], []), 'finished, stopped', { lastRun: (name) => (name === 'i1' ? { restartCount: 0, exitCode: 137 } : undefined) }],
  ['one that had succeeded runs again', { ...init, restartPolicy: 'Never' }, makeRuntime([], []), 'sandbox#0', { lastRun: (name) => (name === 'i1' ? { restartCount: 0, exitCode: 0 } : undefined) }],
  ['an ephemeral container never runs again', { ephemeralContainers: [{ name: 'e', image: 'i' }, { name: 'new', image: 'i' }] }, makeRuntime(['c:running']), 'start new#0', { lastRun: (name) => (name === 'e' ? { restartCount: 0, exitCode: 0 } : undefined) }],
  ['init containers one by one', init, makeRuntime([]), 'start i1#0'],
  ['an init container that runs blocks', init, makeRuntime(['i1:running']), 'nothing'],
  ['the next one after success', init, makeRuntime(['i1:exited']), 'start i2#0'],
  ['mains after the last', init, makeRuntime(['i1:exited', 'i2:exited']), 'start a#0, start b#0'],
  ['a failed one again', init, makeRuntime(['i1:exited/1']), 'start i1#1'],
  ['or never', { ...init, restartPolicy: 'Never' }, makeRuntime(['i1:exited/1']), 'stop s0, finished'],
  ['begun mains need no init containers', init, makeRuntime(['a:running']), 'start b#0'],
  ['a sidecar blocks until it has started', sidecar, makeRuntime(['s:running']), 'nothing', { verdict: () => ({ started: false }) }],
  ['a started one does not', sidecar, makeRuntime(['s:running']), 'start i1#0'],
  ['a sidecar restarts beside mains', sidecar, makeRuntime(['s:exited', 'c:running']), 'start s#1'],
  ['a sidecar ends when the mains have', { ...sidecar, restartPolicy: 'Never' }, makeRuntime(['s:running', 'i1:exited', 'c:exited']), 'kill s-0 ending, finished'],
  ['restart', {}, makeRuntime(['c:exited#3']), 'start c#4'],
  ['restart after back-off', {}, makeRuntime(['c:exited/1']), 'c CrashLoopBackOff: back-off 1m20s restarting failed container=c pod=p_ns(u), wake +80000', { backOff: () => ({ delayMs: 80_000, untilMs: startMs + 80_000 }) }],
  ['OnFailure: success is the end', { ...two, restartPolicy: 'OnFailure' }, makeRuntime(['a:exited', 'b:exited/2']), 'start b#1'],
  ['OnFailure: success that we forced is not', { restartPolicy: 'OnFailure' }, makeRuntime(['c:exited']), 'start c#1', { mustRestart: new Set(['c-0']) }],
  ['Never', { restartPolicy: 'Never' }, makeRuntime(['c:exited/1']), 'stop s0, finished'],
  ['a rule restarts for its exit code', { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i', restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }] }] }, makeRuntime(['c:exited/42']), 'start c#1'],
  ['liveness', {}, makeRuntime(['c:running']), 'kill c-0 liveness', { verdict: () => ({ started: true, failed: 'liveness' }) }],
  ['another image', { containers: [{ name: 'c', image: 'other' }] }, makeRuntime(['c:running']), 'kill c-0 changed'],
  ['a dead sandbox is replaced', {}, makeRuntime(['c:exited/137'], [dead]), 'sandbox#1 changed'],
  ['but not for what has ended for good', { restartPolicy: 'Never' }, makeRuntime(['c:exited/137'], [dead]), 'finished, stopped'],
  ['in a new sandbox init containers run again', init, makeRuntime([makeContainer('i1:exited'), makeContainer('a:exited/1')], [sandbox({ id: 's1', attempt: 1 }), dead]), 'start i1#1'],
  ['and succeeded mains do not', { ...two, restartPolicy: 'OnFailure' }, makeRuntime(['a:exited', 'b:exited/1'], [sandbox({ id: 's1', attempt: 1 }), dead]), 'start b#1'],
  ['ending: mains at once', sidecar, makeRuntime(['s:running', 'c:running']), 'kill c-0 ending', { ending: true }],
  ['ending: then sidecars, the last first', { initContainers: [{ name: 's', restartPolicy: 'Always' }, { name: 't', restartPolicy: 'Always' }] }, makeRuntime(['s:running', 't:running', 'c:exited']), 'kill t-0 ending', { ending: true }],
  ['ending: then the sandbox', {}, makeRuntime(['c:exited']), 'stop s0', { ending: true }],
  ['ending: then it is over', {}, makeRuntime(['c:exited'], [dead]), 'stopped', { ending: true }],
  ['an ephemeral container starts once', { ephemeralContainers: [{ name: 'debug', image: 'i' }] }, makeRuntime(['c:running']), 'start debug#0'],
  ['and never again', { ephemeralContainers: [{ name: 'debug', image: 'i' }] }, makeRuntime(['c:running', 'debug:exited/1']), 'nothing'],
]

describe('planPod', () => {
  it.each(cases.map(([name, ...rest]) => ({ name, rest })))('$name', ({ rest: [pod, runtime, expected, more] }) => {
    expect(plan(pod, runtime, more)).toBe(expected)
  })
})
