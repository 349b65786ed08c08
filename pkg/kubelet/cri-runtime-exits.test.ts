// A container that ends faster than the CRI notes its start: the change is told when the CRI tells of the end, not before.
import type { CriClient } from '../containerd/cri.ts'
import { systemClock } from '../util/clock.ts'
import { CriRuntime } from './cri-runtime.ts'

test.each([
  [['CONTAINER_EXITED']],
  [['CONTAINER_RUNNING', 'CONTAINER_EXITED']],
  [['CONTAINER_CREATED', 'CONTAINER_RUNNING', 'CONTAINER_RUNNING', 'CONTAINER_EXITED']],
])('an end is told after %j', async (states) => {
  const asked: string[] = []
  const cri = {
    containerStatus: async () => {
      const state = states[Math.min(asked.length, states.length - 1)] ?? ''
      asked.push(state)
      return { status: { state } }
    },
  } as unknown as CriClient
  let exit: (id: string) => void = () => undefined
  const runtime = new CriRuntime({ cri, clock: systemClock, owner: 'one', taskExits: (onExit) => { exit = onExit; return () => undefined } })
  const told = new Promise<string | undefined>((resolve) => runtime.onChange(resolve))
  // Not known to this runtime: it was made a moment ago, or by another one.
  exit('c1')
  expect(await told).toBeUndefined()
  expect(asked).toEqual(states)
})
