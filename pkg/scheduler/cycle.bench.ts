// How many pods a second the pure cycle places: `node pkg/scheduler/cycle.bench.ts [pods] [nodes]`.
import { systemClock } from '../util/clock.ts'
import { decide } from './cycle.ts'
import { testInfo, testNode, testSnapshot } from './fixture.suite.ts'
import { balancedAllocation } from './plugins/balanced-allocation.ts'
import { defaultPreemption } from './plugins/default-preemption.ts'
import { imageLocality } from './plugins/image-locality.ts'
import { interPodAffinity } from './plugins/inter-pod-affinity.ts'
import { nodeAffinity } from './plugins/node-affinity.ts'
import { nodeName } from './plugins/node-name.ts'
import { nodePorts } from './plugins/node-ports.ts'
import { nodeResourcesFit } from './plugins/node-resources-fit.ts'
import { nodeUnschedulable } from './plugins/node-unschedulable.ts'
import { podTopologySpread } from './plugins/pod-topology-spread.ts'
import { taintToleration } from './plugins/taint-toleration.ts'

const [podCount = 1000, nodeCount = 100] = process.argv.slice(2).map(Number)
const plugins = [
  nodeUnschedulable, nodeName, taintToleration, nodeAffinity, nodePorts, nodeResourcesFit, podTopologySpread(() => ({ matchLabels: { app: 'web' } })),
  interPodAffinity(() => undefined), defaultPreemption({ budgets: () => [], random: () => 0 }), balancedAllocation, imageLocality,
]

for (let round = 0; round < 5; round++) {
  const snapshot = testSnapshot(Array.from({ length: nodeCount }, (_, index) => testNode(`n${index}`, { labels: { 'topology.kubernetes.io/zone': `z${index % 3}` } })))
  const infos = Array.from({ length: podCount }, (_, index) => testInfo(`p${index}`, { requests: { cpu: '100m', memory: '64Mi' }, labels: { app: index % 2 ? 'web' : 'db' } }))
  let chance = 0
  const start = systemClock.monotonic()
  for (const info of infos) {
    const decision = decide(info, snapshot, { plugins, random: () => (chance = (chance + 0.618) % 1) })
    if (decision.node !== undefined) snapshot.assume(info, decision.node)
  }
  const elapsedMs = systemClock.monotonic() - start
  process.stdout.write(`${podCount} pods on ${nodeCount} nodes: ${elapsedMs.toFixed(0)} ms, ${((podCount * 1000) / elapsedMs).toFixed(0)} pods/s\n`)
}
