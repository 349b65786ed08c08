// A short run of chaos on a real node; scripts/chaos is the long one.
import { Chaos } from '../chaos/chaos.ts'
import { TestCluster } from './cluster.ts'

let cluster: TestCluster

beforeAll(async () => {
  cluster = await TestCluster.start()
})

afterAll(() => cluster?.remove())

test('random pods under random kills: the wished state comes about, and nothing is left over', async () => {
  const { podsMade } = await new Chaos(cluster, { seed: 7 }).run(30)
  expect(podsMade).toBeGreaterThan(0)
}, 600_000)
