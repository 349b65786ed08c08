import { oneProblem, RuntimeHealth } from './runtime-health.ts'

it('bears a short silence, and tells of a long one and of what the runtime said last', () => {
  const health = new RuntimeHealth()
  const told = (nowMs: number): string | undefined => oneProblem(health.problems(nowMs))
  expect(told(0)).toBe('container runtime status check may not have completed yet')
  health.answered([], 1000)
  expect([told(1000), told(30_999)]).toEqual([undefined, undefined])
  expect(told(31_000)).toBe('container runtime is down')
  expect(told(191_500)).toBe('[container runtime is down, PLEG is not healthy: pleg was last seen active 3m10.5s ago; threshold is 3m0s]')
  health.answered(['container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized'], 200_000)
  expect(told(200_000)).toBe('container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized')
  expect(told(231_000)).toMatch(/^\[container runtime is down, container runtime network not ready: .*\]$/)
})

it('says the same only once', () => expect(oneProblem(['a', 'b', 'a'])).toBe('[a, b]'))
