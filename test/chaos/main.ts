// The long run: `scripts/chaos [SECONDS] [SEED]`; ends with 1 and the reasons when the cluster is not as it should be.
import { TestCluster } from '../e2e/cluster.ts'
import { Chaos } from './chaos.ts'

const [seconds = '600', seed = String(Math.floor(Date.now() / 1000))] = process.argv.slice(2)
console.log(`${seconds} s of chaos with seed ${seed}`)
const cluster = await TestCluster.start()
try {
  console.log(await new Chaos(cluster, { seed: Number(seed), log: console.log }).run(Number(seconds)))
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  await cluster.remove()
}
