// Jobs of a few kinds of behaviour, and what is awaited of them.
import type { ObjectKey } from '../../../pkg/api/object.ts'
import { pods, type Pod } from '../../../pkg/api/types-pod.ts'
import { jobs, type Job, type JobSpec } from '../../../pkg/api/types-workload.ts'
import { client, eventually, existing, uniqueName } from '../framework.ts'
import { images, type PodSpec } from '../pods.ts'
import { podsBy } from './workloads.ts'

export const jobMs = 900_000

const shell = (script: string): Partial<Container> => ({ command: ['/bin/sh', '-c'], args: [script] })

type Container = PodSpec['containers'][number]

const behaviours = {
  notTerminate: { image: images.toolbox },
  fail: shell('exit 1'),
  succeed: shell('exit 0'),
  failOddSucceedEven: shell('[ $(expr $JOB_COMPLETION_INDEX % 2) -eq 0 ]'),
  failOnce: shell('[ -r /data/foo ] && exit 0; touch /data/foo; exit 1'),
  notTerminateOncePerIndex: {
    ...shell('[ -r /data/foo-$JOB_COMPLETION_INDEX ] && exit 0; touch /data/foo-$JOB_COMPLETION_INDEX; sleep 1000000'),
    readinessProbe: { exec: { command: ['/bin/sh', '-c', '[ -r /data/foo-$JOB_COMPLETION_INDEX ]'] }, periodSeconds: 1 },
  },
} satisfies Record<string, Partial<Container>>

export interface JobOptions extends Omit<Partial<JobSpec>, 'template'> {
  readonly restartPolicy?: string
  /** All pods there, with a directory of the node between them. */
  readonly node?: string
  readonly labels?: Record<string, string>
}

/** Two at a time, four in all, unless told otherwise. */
export function jobOf(namespace: string, name: string, behaviour: keyof typeof behaviours, { restartPolicy = 'Never', node, labels, ...spec }: JobOptions = {}): Job {
  const data = node === undefined ? { emptyDir: {} } : { hostPath: { path: `/tmp/job-e2e/${uniqueName('data')}`, type: 'DirectoryOrCreate' } }
  return {
    apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace, ...(labels ? { labels } : {}) },
    spec: {
      parallelism: 2, completions: 4, manualSelector: false, ...(spec.backoffLimitPerIndex === undefined ? { backoffLimit: 6 } : {}), ...spec,
      template: {
        metadata: { labels: { job: name } },
        spec: {
          restartPolicy, volumes: [{ name: 'data', ...data }],
          ...(node === undefined ? {} : { nodeSelector: { 'kubernetes.io/hostname': node } }),
          ...(behaviour === 'notTerminateOncePerIndex' ? { terminationGracePeriodSeconds: 1 } : {}),
          containers: [{
            name: 'c', image: images.busybox, ...behaviours[behaviour], volumeMounts: [{ mountPath: '/data', name: 'data' }],
            securityContext: node === undefined ? {} : { privileged: true },
          }],
        },
      },
    },
  }
}

export const jobPods = ({ namespace = '', name }: ObjectKey): Promise<readonly Pod[]> => podsBy(namespace, { job: name })

const awaitJob = (key: ObjectKey, fits: (job: Job) => boolean, what: string): Promise<Job> => {
  let last: Job | undefined
  return eventually(async () => {
    last = await client.get(jobs, key)
    return fits(last) ? last : undefined
  }, () => `job ${key.name} ${what}: ${JSON.stringify(last?.status)}`, jobMs)
}

const hasCondition = ({ status }: Job, wanted: string, why?: string): boolean =>
  (status?.conditions ?? []).some(({ type, status: state, reason }) => type === wanted && state === 'True' && (why === undefined || reason === why))

export const waitJobCondition = (key: ObjectKey, type: string, reason?: string): Promise<Job> =>
  awaitJob(key, (job) => hasCondition(job, type, reason), `has the condition ${type}`)

/** So many completions, and the condition that says why it is complete. */
export const waitJobComplete = (key: ObjectKey, reason: string, completions: number): Promise<Job> =>
  awaitJob(key, (job) => job.status?.succeeded === completions && hasCondition(job, 'Complete', reason), 'is complete')

export const waitJobFailed = (key: ObjectKey): Promise<Job> => waitJobCondition(key, 'Failed')

export const waitJobReady = (key: ObjectKey, count: number): Promise<Job> => awaitJob(key, ({ status }) => status?.ready === count, `has ${count} ready pods`)

export const waitJobPodsRunning = (key: ObjectKey, count: number): Promise<unknown> => eventually(async () =>
  (await jobPods(key)).filter(({ status }) => status?.phase === 'Running').length === count, `${count} pods of ${key.name} run`, jobMs)

export const waitAllGone = async (key: ObjectKey): Promise<void> => {
  await eventually(async () => await existing(client.get(jobs, key)) === undefined, `job ${key.name} is gone`, 60_000)
  await eventually(async () => (await jobPods(key)).every(({ metadata }) => metadata.deletionTimestamp), `the pods of ${key.name} go`, 600_000)
}

export const controllerOf = async (key: ObjectKey) => ((await client.get(pods, key)).metadata.ownerReferences ?? []).find(({ controller }) => controller === true)

export const expectIdle = ({ status }: Job): void => {
  expect(status?.active ?? 0).toBe(0)
  expect(status?.ready).toBe(0)
  expect(status?.terminating).toBe(0)
}
