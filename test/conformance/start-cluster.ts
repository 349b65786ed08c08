// Before the conformance tests: one cluster for all of their files, with the images that they use.
import { TestCluster } from '../e2e/cluster.ts'

export default async function startCluster(): Promise<void> {
  const cluster = await TestCluster.start(['busybox', 'nginx', 'toolbox'])
  process.env['KINGLET_TEST_CLUSTER'] = String(process.pid)
  ;(globalThis as { conformanceCluster?: TestCluster }).conformanceCluster = cluster
}
