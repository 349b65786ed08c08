// Which ended containers have never run: their start was given up with the kubelet that had asked for it.
import { makeContainer, makePod, makeRuntime } from './fixture.suite.ts'
import { neverRan } from './cri-runtime.ts'
import { planPod } from './pod-plan.ts'

it.each([
  ['its kubelet was killed', 'CONTAINER_EXITED', 'StartError', 'failed to create containerd task: failed to create shim task: context canceled: unknown', true],
  ['its kubelet was killed early', 'CONTAINER_EXITED', 'StartError', 'failed to start containerd task "x": context canceled', true],
  ['its kubelet was killed before it had a shim', 'CONTAINER_EXITED', 'StartError', 'failed to create containerd task: failed to start shim: start failed: : signal: killed: unknown', true],
  ['its own program was killed', 'CONTAINER_EXITED', 'StartError', 'failed to create containerd task: failed to create shim task: OCI runtime create failed: signal: killed: unknown', false],
  ['it cannot be started', 'CONTAINER_EXITED', 'StartError', 'failed to create containerd task: exec: "nosuch": executable file not found in $PATH: unknown', false],
  ['it ended badly and says so', 'CONTAINER_EXITED', 'Error', 'rpc: context canceled', false],
  ['it runs', 'CONTAINER_RUNNING', '', '', false],
] as const)('%s', (_name, state, reason, message, expected) => expect(neverRan({ state, reason, message })).toBe(expected))

it('such a container is made again, as the first of its kind, even in a pod that never restarts', () => {
  const plan = planPod({
    pod: makePod({ restartPolicy: 'Never' }), runtime: makeRuntime([makeContainer('c:created')]), nowMs: 0, ending: false, mustRestart: new Set(),
    verdict: () => ({ started: true }), backOff: () => undefined, lastRun: () => ({ restartCount: 0, exitCode: 0 }), hold: () => undefined,
  })
  expect(plan.starts).toEqual([expect.objectContaining({ type: 'start', attempt: 0, replaces: 'c-0' })])
})
