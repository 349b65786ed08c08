import { namespaces } from '../../pkg/api/types-config.ts'
import { pods } from '../../pkg/api/types-pod.ts'
import { jobs, type Job } from '../../pkg/api/types-workload.ts'
import { Harness } from './harness.ts'

const job = (namespace: string, name: string, spec: Partial<Job['spec']>): Job => ({
  apiVersion: 'batch/v1', kind: 'Job', metadata: { namespace, name },
  spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'c:1' }] } }, ...spec },
})

describe('jobs', () => {
  let harness: Harness
  beforeAll(async () => {
    harness = await Harness.start()
  })
  afterAll(async () => {
    await harness.stop()
    expect(harness.logged).toEqual([])
  })
  const reached = (namespace: string, name: string, type: string): Promise<void> => harness.until(jobs, `${name} is ${type}`, (informer) =>
    informer.get({ namespace, name })?.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') === true)
  const statusOf = (namespace: string, name: string) => harness.informers.for(jobs).get({ namespace, name })?.status

  it('completes when enough pods have succeeded, and counts each once', async () => {
    const namespace = await harness.namespace('complete')
    harness.node.endsWith = () => 0
    await harness.client.create(jobs, job(namespace, 'sum', { completions: 5, parallelism: 2 }))
    await reached(namespace, 'sum', 'Complete')
    expect(statusOf(namespace, 'sum')).toMatchObject({ succeeded: 5, uncountedTerminatedPods: {}, completionTime: expect.any(String), startTime: expect.any(String) })
    expect(statusOf(namespace, 'sum')?.failed ?? 0).toBe(0)
    await harness.until(pods, 'no finalizer is left', (informer) => informer.list(namespace).every(({ metadata }) => !metadata.finalizers))
    expect(harness.informers.for(pods).list(namespace)).toHaveLength(5)
  })

  it('gives every index its pod', async () => {
    const namespace = await harness.namespace('indexed')
    await harness.client.create(jobs, job(namespace, 'parts', { completions: 4, parallelism: 4, completionMode: 'Indexed' }))
    await reached(namespace, 'parts', 'Complete')
    expect(statusOf(namespace, 'parts')?.completedIndexes).toBe('0-3')
    const pod = harness.informers.for(pods).list(namespace).find(({ spec }) => spec.hostname === 'parts-2')
    expect(pod?.spec.containers[0]?.env).toEqual([{ name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: "metadata.labels['batch.kubernetes.io/job-completion-index']" } } }])
  })

  it('fails beyond its limit', async () => {
    const namespace = await harness.namespace('limit')
    harness.node.endsWith = () => 1
    await harness.client.create(jobs, job(namespace, 'bad', { backoffLimit: 0 }))
    await reached(namespace, 'bad', 'Failed')
    expect(statusOf(namespace, 'bad')?.conditions?.find(({ type }) => type === 'Failed')).toMatchObject({ reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' })
  })

  it('stands still while suspended, and goes with its namespace', async () => {
    const namespace = await harness.namespace('suspended')
    harness.node.endsWith = () => undefined
    await harness.client.create(jobs, job(namespace, 'later', { suspend: true }))
    await reached(namespace, 'later', 'Suspended')
    expect(harness.informers.for(pods).list(namespace)).toEqual([])
    await harness.client.patch(jobs, { namespace, name: 'later' }, { type: 'merge', body: { spec: { suspend: false } } })
    await harness.until(jobs, 'it runs', () => statusOf(namespace, 'later')?.ready === 1)
    await harness.client.delete(namespaces, { name: namespace })
    await harness.until(namespaces, 'the namespace is gone', (informer) => informer.get({ name: namespace }) === undefined)
  })

  it('lets its pods go when it is deleted', async () => {
    const namespace = await harness.namespace('deleted')
    await harness.client.create(jobs, job(namespace, 'gone', {}))
    await harness.until(jobs, 'it runs', () => statusOf(namespace, 'gone')?.ready === 1)
    await harness.client.delete(jobs, { namespace, name: 'gone' }, { propagationPolicy: 'Background' })
    await harness.until(pods, 'no pod is left', (informer) => informer.list(namespace).length === 0)
  })
})
