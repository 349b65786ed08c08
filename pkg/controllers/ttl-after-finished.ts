// Deletes finished Jobs when their ttlSecondsAfterFinished is over.
import { jobs, type Job } from '../api/types-workload.ts'
import { controller } from '../controller/controller.ts'
import { removeObject } from '../controller/removal.ts'
import { isFinished } from './job-plan.ts'
import { millisOf } from './pod-facts.ts'

export default controller<Job>({
  name: 'ttl-after-finished',
  for: jobs,
  async reconcile(_, job, { client, clock }) {
    const seconds = job?.spec.ttlSecondsAfterFinished
    if (!job || seconds === undefined || job.metadata.deletionTimestamp || !isFinished(job)) return
    const ended = job.status?.conditions?.find(({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'))
    const leftMs = (millisOf(ended?.lastTransitionTime) ?? clock.now()) + seconds * 1000 - clock.now()
    if (leftMs > 0) return { requeueAfterMs: leftMs }
    await removeObject(client, jobs, job, { propagationPolicy: 'Foreground' })
  },
})
