// Timed plugins say what the plugins say, and how long it took them.
import { ManualClock } from '../util/clock.ts'
import { decide } from './cycle.ts'
import { testInfo, testNode, testSnapshot } from './fixture.suite.ts'
import type { Plugin } from './plugin.ts'
import { nodeResourcesFit } from './plugins/node-resources-fit.ts'
import { nodeUnschedulable } from './plugins/node-unschedulable.ts'
import { timedPlugin } from './timed-plugins.ts'

it('timed plugins decide as the plugins do, and tell of each answer', () => {
  const clock = new ManualClock()
  const seen: string[] = []
  const slow: Plugin = {
    name: 'Slow', enqueueOn: [],
    preFilter: () => {
      clock.step(250)
      return { nodeNames: new Set(['a', 'b', 'c']) }
    },
    preScore: () => ({ score: ({ name }) => (name === 'b' ? 3 : 1), normalize: (scores) => scores.map((score) => score * 10) }),
  }
  const plugins = [nodeUnschedulable, nodeResourcesFit, slow]
  const nodes = testSnapshot([testNode('a'), testNode('b'), testNode('c', { allocatable: { cpu: '0' } }), testNode('d')])
  const info = testInfo('p', { requests: { cpu: '1' } })
  const timed = plugins.map((plugin) => timedPlugin(plugin, { clock, seriesOf: (plugin, point, status) => ({ observe: (seconds) => void seen.push(`${plugin} ${point} ${status} ${seconds}`) }) }))
  const options = { random: () => 0 }
  expect(decide(info, nodes, { plugins: timed, ...options })).toEqual(decide(info, nodes, { plugins, ...options }))
  expect(seen).toEqual(expect.arrayContaining(['Slow PreFilter Success 0.25', 'NodeResourcesFit Filter Success 0', 'NodeResourcesFit Filter UnschedulableAndUnresolvable 0', 'Slow Score Success 0']))
  const huge = testInfo('q', { requests: { cpu: '100' } })
  expect(decide(huge, nodes, { plugins: timed, ...options })).toEqual(decide(huge, nodes, { plugins, ...options }))
})
