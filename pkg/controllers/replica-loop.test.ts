// The loop of replicas: a pod that only time makes available is looked at again, whenever its time comes.
import { mapMatcher } from '../api/label-selector.ts'
import { formatTime } from '../api/times.ts'
import type { Pod } from '../api/types-pod.ts'
import { replicaSets, type ReplicaSetStatus } from '../api/types-workload.ts'
import type { ReconcileContext, ReconcileResult } from '../controller/controller.ts'
import { ManualClock } from '../util/clock.ts'
import { reconcileReplicas } from './replica-loop.ts'

const metadata = { namespace: 'a', name: 'web', uid: 'u', generation: 1 }
const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'u', controller: true }]

/** One run over a set whose only pod becomes available `leftMs` after the run counts it; writing the status takes `writeMs`. */
async function run(leftMs: number, writeMs: number, before?: ReplicaSetStatus): Promise<{ result: ReconcileResult; status: ReplicaSetStatus | undefined }> {
  const clock = new ManualClock()
  const pod: Pod = {
    apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'a', name: 'web-1', uid: 'p', ownerReferences }, spec: { containers: [] },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: formatTime(clock.now()) }] },
  }
  clock.step(10_000 - leftMs)
  let status: ReplicaSetStatus | undefined
  const informer = { ownedBy: () => [pod], byIndex: () => [] }
  const result = await reconcileReplicas({
    owner: { object: { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata }, replicas: 1, minReadySeconds: 10, template: {}, status: before },
    resource: replicaSets, selector: mapMatcher({}), related: () => [],
    writeStatus: async (written) => {
      clock.step(writeMs)
      status = written
    },
  }, { clock, informers: { for: () => informer } } as unknown as ReconcileContext)
  return { result, status }
}

it.each([['long before', 5000, 1], ['just before, and it comes while the status is written', 3, 5], ['a moment before', 1, 1]])('counts and waits by the same time: %s', async (_, leftMs, writeMs) => {
  const { result, status } = await run(leftMs, writeMs)
  expect(status?.availableReplicas).toBe(0)
  expect(result.requeueAfterMs).toBe(leftMs)
})

it('waits for nothing once it is available', async () => {
  const { result, status } = await run(0, 5)
  expect(status?.availableReplicas).toBe(1)
  expect(result.requeueAfterMs).toBeUndefined()
})
