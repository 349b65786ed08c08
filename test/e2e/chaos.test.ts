// A short run of chaos on a real node; scripts/chaos is the long one.
import { Chaos } from '../chaos/chaos.ts'
import { TestCluster } from './cluster.ts'

let cluster: TestCluster

beforeAll(async () => {
  cluster = await TestCluster.start()
})

afterAll(() => cluster?.remove())

test('random pods under random kills: the wished state comes about, and nothing is left over', async () => {
  const { done } = await new Chaos(cluster, { seed: 7 }).run(30)
  expect(Object.keys(done)).toEqual(expect.arrayContaining(['create', 'delete', 'kill a program', 'kill kinglet', 'kill containerd']))
}, 600_000)
