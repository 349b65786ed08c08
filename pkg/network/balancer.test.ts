// Which endpoint a client gets.
import { ManualClock } from '../util/clock.ts'
import { Balancer } from './balancer.ts'

const a = { ip: '10.42.0.1', port: 80, local: true }
const b = { ip: '10.42.0.2', port: 80, local: true }

describe('Balancer', () => {
  it('takes turns and offers the others as second choice', () => {
    const balancer = new Balancer(new ManualClock())
    balancer.update([a, b], 0)
    expect([balancer.order('x'), balancer.order('x'), balancer.order('x')]).toEqual([[a, b], [b, a], [a, b]])
  })

  it('keeps a client at its endpoint until the affinity is over', () => {
    const clock = new ManualClock()
    const balancer = new Balancer(clock)
    balancer.update([a, b], 60)
    balancer.chose('x', b)
    expect([balancer.order('x')[0], balancer.order('x')[0]]).toEqual([b, b])
    clock.step(60_001)
    expect(new Set([balancer.order('x')[0], balancer.order('x')[0]])).toEqual(new Set([a, b]))
  })

  it('forgets an endpoint that is gone', () => {
    const balancer = new Balancer(new ManualClock())
    balancer.update([a, b], 60)
    balancer.chose('x', b)
    balancer.update([a], 60)
    expect(balancer.order('x')).toEqual([a])
  })

  it('has nothing to offer without endpoints', () => {
    expect(new Balancer(new ManualClock()).order('x')).toEqual([])
  })
})
