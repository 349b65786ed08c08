// A suspended cron job, watched for five minutes: a file of its own, so that the others need not wait for it (part of apps/cronjob.go).
import { cronJobs, jobs } from '../../../pkg/api/types-workload.ts'
import { client, eventually, useNamespace } from '../framework.ts'
import { cronJobOf } from './cron-jobs.ts'

const namespace = useNamespace('cronjob')
const limitMs = 300_000

test('[sig-apps] CronJob should not schedule jobs when suspended [Slow] [Conformance]', async () => {
  const key = { namespace: namespace.name, name: 'suspended' }
  await client.create(cronJobs, cronJobOf(key.namespace, key.name, { concurrencyPolicy: 'Allow', suspend: true, command: ['sleep', '300'] }))
  const end = performance.now() + limitMs
  // For the whole five minutes, as the original.
  await eventually(async () => {
    expect((await client.get(cronJobs, key)).status?.active ?? []).toEqual([])
    await new Promise((resolve) => setTimeout(resolve, 2000))
    return performance.now() > end
  }, 'the time is over', limitMs + 60_000)
  expect((await client.list(jobs, { namespace: namespace.name })).items).toHaveLength(0)
  await client.delete(cronJobs, key, { propagationPolicy: 'Background' })
}, limitMs + 120_000)
