// Cron jobs: every operation on them, and the jobs that they start.
import { cronJobs, jobs, type CronJob, type Job } from '../../../pkg/api/types-workload.ts'
import { client, eventually, existing, uniqueName, useNamespace } from '../framework.ts'
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

const limitMs = 300_000
const sleeping = ['sleep', '300']

const waitActive = (key: { namespace: string; name: string }, count: number): Promise<unknown> =>
  eventually(async () => ((await client.get(cronJobs, key)).status?.active ?? []).length >= count, `${count} jobs are active`, limitMs)
const isFinished = ({ status }: Job): boolean => (status?.conditions ?? []).some(({ type, status: is }) => is === 'True' && (type === 'Complete' || type === 'Failed'))
const activeJobs = async (): Promise<readonly Job[]> => (await client.list(jobs, { namespace: namespace.name })).items.filter((job) => !isFinished(job))
const remove = (key: { namespace: string; name: string }): Promise<unknown> => client.delete(cronJobs, key, { propagationPolicy: 'Background' })

async function create(name: string, options: Omit<Parameters<typeof cronJobOf>[2], 'command'>): Promise<{ namespace: string; name: string }> {
  await client.create(cronJobs, cronJobOf(namespace.name, name, { ...options, command: sleeping }))
  return { namespace: namespace.name, name }
}

test('[sig-apps] CronJob should schedule multiple jobs concurrently [Conformance]', async () => {
  const key = await create('concurrent', { concurrencyPolicy: 'Allow' })
  await waitActive(key, 2)
  expect((await activeJobs()).length).toBeGreaterThanOrEqual(2)
  await remove(key)
})

test('[sig-apps] CronJob should not schedule new jobs when ForbidConcurrent [Slow] [Conformance]', async () => {
  const key = await create('forbid', { concurrencyPolicy: 'Forbid' })
  await waitActive(key, 1)
  expect((await client.get(cronJobs, key)).status?.active).toHaveLength(1)
  expect(await activeJobs()).toHaveLength(1)
  await eventually(async () => ((await client.get(cronJobs, key)).status?.active ?? []).length < 2, 'no more jobs are active', limitMs)
  await remove(key)
})

test('[sig-apps] CronJob should replace jobs when ReplaceConcurrent [Conformance]', async () => {
  const key = await create('replace', { concurrencyPolicy: 'Replace' })
  await waitActive(key, 1)
  expect((await client.get(cronJobs, key)).status?.active).toHaveLength(1)
  const [first, ...others] = await activeJobs()
  expect(others).toHaveLength(0)
  await eventually(async () => {
    const alive = (await client.list(jobs, { namespace: namespace.name })).items.filter(({ metadata }) => !metadata.deletionTimestamp)
    expect(alive.length).toBeLessThanOrEqual(1)
    return alive[0] !== undefined && alive[0].metadata.name !== first?.metadata.name
  }, 'the job is replaced', limitMs)
  await remove(key)
})
