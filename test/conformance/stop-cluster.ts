// After the conformance tests: the cluster goes, and leaves no process behind.
import type { TestCluster } from '../e2e/cluster.ts'

export default async function stopCluster(): Promise<void> {
  await (globalThis as { conformanceCluster?: TestCluster }).conformanceCluster?.remove()
}
