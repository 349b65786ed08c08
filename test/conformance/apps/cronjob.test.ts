// Cron jobs: every operation on them, and the jobs that they start.
import { cronJobs, type CronJob } from '../../../pkg/api/types-workload.ts'
import { client, existing, uniqueName, useNamespace } from '../framework.ts'
import { expectPatchedUpdatedWatched, getSubresource, mergePatch, updateWith } from '../operations.ts'
import { cronJobOf } from './cron-jobs.ts'

const namespace = useNamespace('cronjob')

test('[sig-apps] CronJob should support CronJob API operations [Conformance]', async () => {
  const label = uniqueName('cronjob')
  const place = { namespace: namespace.name, labelSelector: `special-label=${label}` }
  const template = cronJobOf(namespace.name, 'test-api', {
    schedule: '* */1 * * ?', concurrencyPolicy: 'Allow', command: ['/bin/true'], labels: { 'special-label': label }, successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 0,
  })
  const created = await client.create(cronJobs, template)
  const key = { namespace: namespace.name, name: 'test-api' }
  expect((await client.get(cronJobs, key)).metadata.uid).toBe(created.metadata.uid)
  const { items, metadata: { resourceVersion = '' } } = await client.list(cronJobs, place)
  expect(items).toHaveLength(1)
  expect((await client.list(cronJobs, { labelSelector: place.labelSelector })).items).toHaveLength(1)
  await expectPatchedUpdatedWatched(cronJobs, key, { ...place, resourceVersion }, true)

  const [first, second] = [rfc3339(0), rfc3339(1)]
  const patched = await client.patch(cronJobs, key, mergePatch({ metadata: { annotations: { patchedstatus: 'true' } }, status: { lastScheduleTime: first } }), { subresource: 'status' })
  expect(patched.status?.lastScheduleTime).toBe(first)
  expect(patched.metadata.annotations).toMatchObject({ patchedstatus: 'true' })
  const updated = await updateWith(cronJobs, key, (job) => ({ ...job, status: { ...job.status, lastScheduleTime: second } }), 'status')
  expect(updated.status?.lastScheduleTime).toBe(second)
  expect((await getSubresource(cronJobs, key, 'status')).metadata.uid).toBe(created.metadata.uid)

  const removal = { namespace: namespace.name, name: 'for-removal' }
  await client.create(cronJobs, { ...template, metadata: { ...template.metadata, name: removal.name } })
  await client.delete(cronJobs, removal)
  const left = await existing(client.get(cronJobs, removal))
  if (left) expectFinalizer(left)
  await client.deleteCollection(cronJobs, place)
  const rest = (await client.list(cronJobs, place)).items
  expect(rest.length).toBeLessThanOrEqual(2)
  for (const job of rest) expectFinalizer(job)
})

const rfc3339 = (afterSeconds: number): string => `${new Date(Date.now() + afterSeconds * 1000).toISOString().slice(0, 19)}Z`

function expectFinalizer({ metadata }: CronJob): void {
  expect(metadata.deletionTimestamp).toBeDefined()
  expect(metadata.finalizers).not.toEqual([])
}
