// How long what keeps failing waits.
import { HollowTestNode } from './hollow-node.suite.ts'
import { RestartBackOff } from './restart-back-off.ts'

describe('RestartBackOff', () => {
  it('lets the first restart pass, then doubles to the limit', () => {
    const backOff = new RestartBackOff({ baseMs: 10, maxMs: 50 })
    expect(backOff.wait('c', 0, 0)).toBeUndefined()
    const delays: number[] = []
    for (let nowMs = 0; delays.length < 5;) {
      backOff.next('c', nowMs)
      const wait = backOff.wait('c', nowMs, nowMs)
      delays.push(wait?.delayMs ?? 0)
      nowMs = wait?.untilMs ?? nowMs
      expect(backOff.wait('c', nowMs - (wait?.delayMs ?? 0), nowMs)).toBeUndefined()
    }
    expect(delays).toEqual([10, 20, 40, 50, 50])
  })

  it('starts anew after twice the limit', () => {
    const backOff = new RestartBackOff({ baseMs: 10, maxMs: 50 })
    backOff.next('c', 0)
    backOff.next('c', 10)
    expect(backOff.wait('c', 111, 111)).toBeUndefined()
    backOff.next('c', 111)
    expect(backOff.wait('c', 111, 111)?.delayMs).toBe(10)
    expect(backOff.wait('other', 111, 111)).toBeUndefined()
  })
})

it('is as long at most as the kubelet is told', async () => {
  const node = new HollowTestNode()
  try {
    await node.start({ restartMaxMs: 4000 })
    await node.create('crash', { command: ['sh', '-c', 'exit 1'] })
    const waits = (restarts: number) => node.untilPod('crash', (pod) => {
      const [status] = pod?.status?.containerStatuses ?? []
      return status?.restartCount === restarts && status.state?.waiting?.message?.startsWith('back-off 4s restarting failed container=c') === true
    })
    await waits(1)
    node.clock.step(4000)
    await waits(2)
  } finally {
    await node.stop()
  }
})
