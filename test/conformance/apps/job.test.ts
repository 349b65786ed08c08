// Jobs: completion, failure and its policies, indexes, adoption, and their place in the API.
import { nodes } from '../../../pkg/api/types-node.ts'
import { pods } from '../../../pkg/api/types-pod.ts'
import { jobs, type Job } from '../../../pkg/api/types-workload.ts'
import { client, eventually, existing, uniqueName, useNamespace } from '../framework.ts'
import { annotated, getSubresource, mergePatch, strategicPatch, updateWith, Watching } from '../operations.ts'
import { timeouts, waitGone } from '../pods.ts'
import { controllerOf, expectIdle, jobMs, jobOf, jobPods, waitAllGone, waitJobComplete, waitJobCondition, waitJobFailed, waitJobPodsRunning, waitJobReady } from './test-jobs.ts'

const namespace = useNamespace('job')
const keyFor = (name: string) => ({ namespace: namespace.name, name })

async function anyNode(): Promise<string> {
  const { items } = await client.list(nodes)
  return items.find(({ spec }) => spec?.unschedulable !== true)?.metadata.name ?? ''
}

test('[sig-apps] Job should allow to use the pod failure policy on exit code to fail the job early [Conformance]', async () => {
  const key = keyFor('pod-failure-failjob')
  await client.create(jobs, jobOf(namespace.name, key.name, 'failOnce', {
    node: await anyNode(), podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } }] },
  }))
  await waitJobFailed(key)
})

test('[sig-apps] Job should allow to use a pod failure policy to ignore failure matching on DisruptionTarget condition [Conformance]', async () => {
  const key = keyFor('evicted-pod-ignore-on-disruption-condition')
  const count = 3
  await client.create(jobs, jobOf(namespace.name, key.name, 'notTerminateOncePerIndex', {
    node: await anyNode(), parallelism: count, completions: count, backoffLimit: count - 1, completionMode: 'Indexed',
    podFailurePolicy: { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }] },
  }))
  await waitJobReady(key, count)
  const running = (await jobPods(key)).filter(({ status }) => status?.phase === 'Running')
  expect(running).toHaveLength(count)
  await Promise.all(running.map(async (pod) => {
    const target = { namespace: namespace.name, name: pod.metadata.name ?? '' }
    await client.createSubresource(pods, target, 'eviction', { apiVersion: 'policy/v1', kind: 'Eviction', metadata: target })
    await waitGone(pod, timeouts.podDelete)
  }))
  await waitJobComplete(key, 'CompletionsReached', count)
})

test('[sig-apps] Job should create pods for an Indexed job with completion indexes and specified hostname [Conformance]', async () => {
  const key = keyFor('indexed-job')
  await client.create(jobs, jobOf(namespace.name, key.name, 'succeed', { completionMode: 'Indexed' }))
  await waitJobComplete(key, 'CompletionsReached', 4)
  const done = (await jobPods(key)).filter(({ status }) => status?.phase === 'Succeeded')
  const indexOf = (pod: (typeof done)[number]): number => Number(pod.metadata.annotations?.['batch.kubernetes.io/job-completion-index'])
  for (const pod of done) expect(pod.spec?.hostname).toBe(`${key.name}-${indexOf(pod)}`)
  expect([...new Set(done.map(indexOf))].sort()).toEqual([0, 1, 2, 3])
})

test('[sig-apps] Job with successPolicy should succeeded when all indexes succeeded [Conformance]', async () => {
  const key = keyFor('with-success-policy-all-index-succeeded')
  await client.create(jobs, jobOf(namespace.name, key.name, 'succeed', { parallelism: 2, completions: 2, completionMode: 'Indexed', successPolicy: { rules: [{ succeededCount: 2 }] } }))
  await waitJobCondition(key, 'SuccessCriteriaMet', 'SuccessPolicy')
  await waitJobComplete(key, 'SuccessPolicy', 2)
  const job = await client.get(jobs, key)
  expectIdle(job)
  expect(job.status?.failed ?? 0).toBe(0)
})

async function expectFirstIndexEnough(name: string, options: Parameters<typeof jobOf>[3]): Promise<void> {
  const key = keyFor(name)
  await client.create(jobs, jobOf(namespace.name, name, 'failOddSucceedEven', { completions: 5, completionMode: 'Indexed', ...options }))
  await waitJobCondition(key, 'SuccessCriteriaMet', 'SuccessPolicy')
  await waitJobComplete(key, 'SuccessPolicy', 1)
  const job = await client.get(jobs, key)
  expect(job.status?.completedIndexes).toBe('0')
  expectIdle(job)
}

test('[sig-apps] Job with successPolicy succeededIndexes rule should succeeded even when some indexes remain pending [Conformance]', () =>
  expectFirstIndexEnough('with-success-policy-succeeded-indexed', { successPolicy: { rules: [{ succeededIndexes: '0' }] } }))

test('[sig-apps] Job with successPolicy succeededCount rule should succeeded even when some indexes remain pending [Conformance]', () =>
  expectFirstIndexEnough('with-success-policy-succeeded-count', { backoffLimit: 2 ** 31 - 1, successPolicy: { rules: [{ succeededCount: 1 }] } }))

test('[sig-apps] Job should execute all indexes despite some failing when using backoffLimitPerIndex [Conformance]', async () => {
  const key = keyFor('with-backoff-limit-per-index')
  await client.create(jobs, jobOf(namespace.name, key.name, 'failOddSucceedEven', { backoffLimitPerIndex: 1, completionMode: 'Indexed' }))
  await waitJobFailed(key)
  expect((await client.get(jobs, key)).status).toMatchObject({ failedIndexes: '1,3', completedIndexes: '0,2', failed: 4, succeeded: 2 })
})

test('[sig-apps] Job should terminate job execution when the number of failed indexes exceeds maxFailedIndexes [Conformance]', async () => {
  const key = keyFor('with-max-failed-indexes')
  await client.create(jobs, jobOf(namespace.name, key.name, 'fail', { parallelism: 1, backoffLimitPerIndex: 0, maxFailedIndexes: 0, completionMode: 'Indexed' }))
  await waitJobFailed(key)
  expect((await client.get(jobs, key)).status).toMatchObject({ failedIndexes: '0', failed: 1 })
})

test('[sig-apps] Job should mark indexes as failed when the FailIndex action is matched in podFailurePolicy [Conformance]', async () => {
  const key = keyFor('matching-fail-index-action')
  await client.create(jobs, jobOf(namespace.name, key.name, 'failOddSucceedEven', {
    completions: 2, backoffLimitPerIndex: 1, completionMode: 'Indexed', podFailurePolicy: { rules: [{ action: 'FailIndex', onExitCodes: { operator: 'In', values: [1] } }] },
  }))
  await waitJobFailed(key)
  expect((await client.get(jobs, key)).status).toMatchObject({ failedIndexes: '1', completedIndexes: '0', failed: 1, succeeded: 1 })
})

test('[sig-apps] Job should run a job to completion when tasks sometimes fail and are locally restarted [Conformance]', async () => {
  const key = keyFor('fail-once-local')
  await client.create(jobs, jobOf(namespace.name, key.name, 'failOnce', { restartPolicy: 'OnFailure' }))
  await waitJobComplete(key, 'CompletionsReached', 4)
})

test('[sig-apps] Job should delete a job [Conformance]', async () => {
  const key = keyFor('foo')
  await client.create(jobs, jobOf(namespace.name, key.name, 'notTerminate'))
  await waitJobPodsRunning(key, 2)
  await client.delete(jobs, key, { propagationPolicy: 'Background' })
  await waitAllGone(key)
  expect(await existing(client.get(jobs, key))).toBeUndefined()
})

test('[sig-apps] Job should adopt matching orphans and release non-matching pods [Conformance]', async () => {
  const key = keyFor('adopt-release')
  const job = await client.create(jobs, jobOf(namespace.name, key.name, 'notTerminate'))
  await waitJobPodsRunning(key, 2)
  const all = await jobPods(key)
  expect(all).toHaveLength(2)
  const pod = { namespace: namespace.name, name: all[0]?.metadata.name ?? '' }
  await updateWith(pods, pod, (one) => ({ ...one, metadata: { ...one.metadata, ownerReferences: [] } }))
  const owner = await eventually(() => controllerOf(pod), 'the orphan is adopted', jobMs)
  expect(owner).toMatchObject({ kind: 'Job', name: key.name, uid: job.metadata.uid })
  await updateWith(pods, pod, (one) => ({ ...one, metadata: { ...one.metadata, labels: {} } }))
  await eventually(async () => await controllerOf(pod) === undefined, 'the pod is released', jobMs)
})

test('[sig-apps] Job should apply changes to a job status [Conformance]', async () => {
  const key = keyFor('suspend-false-to-true')
  const job = await client.create(jobs, jobOf(namespace.name, key.name, 'notTerminate'))
  await waitJobPodsRunning(key, 2)
  const type = 'CustomConditionType'
  const seconds = (): string => new Date().toISOString().replace(/\.\d+Z$/, 'Z')
  const timeIn = ({ status }: Job) => status?.conditions?.find((condition) => condition.type === type)?.lastTransitionTime
  const first = seconds()
  const patched = await client.patch(jobs, key, mergePatch({
    metadata: { annotations: { patchedstatus: 'true' } }, status: { conditions: [{ type, status: 'True', lastProbeTime: null, lastTransitionTime: first }] },
  }), { subresource: 'status' })
  expect(timeIn(patched)).toBe(first)
  expect(patched.metadata.annotations).toMatchObject({ patchedstatus: 'true' })
  const second = seconds()
  const updated = await updateWith(jobs, key, (one) => {
    expect(timeIn(one)).toBe(first)
    return { ...one, status: { ...one.status, conditions: (one.status?.conditions ?? []).map((condition) => (condition.type === type ? { ...condition, lastTransitionTime: second } : condition)) } }
  }, 'status')
  expect(timeIn(updated)).toBe(second)
  expect((await getSubresource(jobs, key, 'status')).metadata.uid).toBe(job.metadata.uid)
})

test('[sig-apps] Job should manage the lifecycle of a job [Conformance]', async () => {
  const key = keyFor(uniqueName('e2e'))
  const labels = { 'e2e-job-label': key.name }
  const labelSelector = `e2e-job-label=${key.name}`
  const { metadata: { resourceVersion = '' } } = await client.list(jobs, { namespace: namespace.name, labelSelector })
  const watch = await Watching.start(jobs, { namespace: namespace.name, labelSelector, resourceVersion })
  const seen = (type: string, fits: (job: Job) => boolean, what: string) => watch.until((event) => event.type === type && fits(event.object), what)
  try {
    const created = await client.create(jobs, jobOf(namespace.name, key.name, 'succeed', { labels, suspend: true }))
    const patched = await client.patch(jobs, key, strategicPatch({ metadata: { labels: { [key.name]: 'patched' } } }))
    expect(BigInt(patched.metadata.resourceVersion ?? '')).toBeGreaterThan(BigInt(created.metadata.resourceVersion ?? ''))
    const isPatched = ({ metadata }: Job): boolean => metadata.labels?.[key.name] === 'patched'
    await seen('MODIFIED', isPatched, 'the patch')
    expect(isPatched(patched)).toBe(true)
    const updated = await updateWith(jobs, key, (job) => annotated({ ...job, spec: { ...job.spec, suspend: false } }, { updated: 'true' }))
    await seen('MODIFIED', ({ metadata }) => metadata.annotations?.['updated'] === 'true', 'the update')
    expect(updated.metadata.annotations).toMatchObject({ updated: 'true' })
    expect((await client.list(jobs, { labelSelector })).items).toHaveLength(1)
    await waitJobComplete(key, 'CompletionsReached', 4)
    await client.deleteCollection(jobs, { namespace: namespace.name, labelSelector }, { propagationPolicy: 'Background' })
    await seen('DELETED', ({ metadata }) => metadata.labels?.['e2e-job-label'] === key.name, 'the removal')
    expect((await client.list(jobs, { labelSelector })).items).toEqual([])
  } finally {
    watch.stop()
  }
})
