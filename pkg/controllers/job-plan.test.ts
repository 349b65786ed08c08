import type { Pod } from '../api/types-pod.ts'
import type { Job, JobStatus } from '../api/types-workload.ts'
import { formatIndexes, parseIndexes } from './job-indexes.ts'
import { countPods, freeIndexes, judge, trackingFinalizer, wantedActive } from './job-plan.ts'
import { failureAction, successMatch } from './job-policy.ts'

const nowMs = Date.UTC(2026, 0, 1)
const job = (spec: Partial<Job['spec']> = {}, status: JobStatus = {}): Job => ({ metadata: { name: 'j', uid: 'j' }, spec: { template: {}, ...spec }, status })
const pod = (name: string, phase: string, { tracked = true, index, deleting = false, exitCode, earlier }: { tracked?: boolean; index?: number; deleting?: boolean; exitCode?: number; earlier?: number } = {}): Pod => ({
  metadata: {
    name, uid: name, namespace: 'a', ...(tracked ? { finalizers: [trackingFinalizer] } : {}), ...(deleting ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    annotations: {
      ...(index === undefined ? {} : { 'batch.kubernetes.io/job-completion-index': String(index) }),
      ...(earlier === undefined ? {} : { 'batch.kubernetes.io/job-index-failure-count': String(earlier) }),
    },
  },
  spec: { containers: [] },
  status: { phase, ...(exitCode === undefined ? {} : { containerStatuses: [{ name: 'c', image: '', imageID: '', ready: false, restartCount: 0, state: { terminated: { exitCode } } }] }) },
})

describe('indexes', () => {
  it.each([['', []], ['3', [3]], ['1,2', [1, 2]], ['0-2,5', [0, 1, 2, 5]], ['0-3,7,9,10', [0, 1, 2, 3, 7, 9, 10]]])('%s', (text, indexes) => {
    expect(formatIndexes(indexes)).toBe(text)
    expect([...parseIndexes(text)]).toEqual(indexes)
  })
})

describe('countPods', () => {
  it('counts each end once, in two steps', () => {
    const ended = [pod('s', 'Succeeded'), pod('f', 'Failed'), pod('r', 'Running')]
    const first = countPods(job({ completions: 3 }), ended)
    expect(first.status).toMatchObject({ succeeded: 0, failed: 0, active: 1, uncountedTerminatedPods: { succeeded: ['s'], failed: ['f'] } })
    expect([first.succeeded, first.failed, first.release]).toEqual([1, 1, []])
    const second = countPods(job({ completions: 3 }, first.status), ended)
    expect(second.release.map(({ metadata }) => metadata.name)).toEqual(['s', 'f'])
    expect([second.succeeded, second.failed]).toEqual([1, 1])
    const third = countPods(job({ completions: 3 }, second.status), [pod('s', 'Succeeded', { tracked: false }), pod('r', 'Running')])
    expect(third.status).toMatchObject({ succeeded: 1, failed: 1, uncountedTerminatedPods: {} })
    expect([third.succeeded, third.failed, third.release]).toEqual([1, 1, []])
  })
  it('takes a pod on its way out for failed, unless the job waits for its end', () => {
    const leaving = [pod('l', 'Running', { deleting: true })]
    expect(countPods(job(), leaving).failed).toBe(1)
    expect(countPods(job({ podReplacementPolicy: 'Failed' }), leaving).failed).toBe(0)
  })
  it('does not count an index twice', () => {
    const count = countPods(job({ completionMode: 'Indexed', completions: 3 }, { completedIndexes: '1' }), [pod('again', 'Succeeded', { index: 1 }), pod('x', 'Succeeded', { index: 2 })])
    expect(count.status.completedIndexes).toBe('1,2')
    expect(count.newlySucceeded.map(({ metadata }) => metadata.name)).toEqual(['x'])
    expect(count.release.map(({ metadata }) => metadata.name)).toEqual(['again'])
  })
  it('fails an index beyond its own limit', () => {
    const spec = { completionMode: 'Indexed', completions: 2, backoffLimitPerIndex: 1 }
    expect(countPods(job(spec), [pod('x', 'Failed', { index: 0, earlier: 0 })]).status.failedIndexes).toBe('')
    expect(countPods(job(spec), [pod('x', 'Failed', { index: 0, earlier: 1 })]).status.failedIndexes).toBe('0')
  })
})

describe('judge', () => {
  const verdict = (subject: Job, pods: readonly Pod[]): string | undefined => judge(subject, countPods(subject, pods), nowMs)?.reason
  it.each<[string, Job, Pod[], string | undefined]>([
    ['goes on', job({ completions: 2 }, { succeeded: 1 }), [], undefined],
    ['all succeeded', job({ completions: 2 }, { succeeded: 2 }), [], 'CompletionsReached'],
    ['work queue: one succeeded and none left', job({}, { succeeded: 1 }), [], 'CompletionsReached'],
    ['work queue: others still run', job({}, { succeeded: 1 }), [pod('r', 'Running')], undefined],
    ['as many failures as allowed', job({ completions: 1, backoffLimit: 1 }, { failed: 1 }), [], undefined],
    ['one failure too many', job({ completions: 1, backoffLimit: 1 }, { failed: 1 }), [pod('f', 'Failed')], 'BackoffLimitExceeded'],
    ['too late', job({ completions: 1, activeDeadlineSeconds: 10 }, { startTime: '2025-12-31T23:59:50Z' }), [], 'DeadlineExceeded'],
    ['in time', job({ completions: 1, activeDeadlineSeconds: 11 }, { startTime: '2025-12-31T23:59:50Z' }), [], undefined],
    ['failed indexes at the end', job({ completionMode: 'Indexed', completions: 2, backoffLimitPerIndex: 0 }, { completedIndexes: '1', failedIndexes: '0' }), [], 'FailedIndexes'],
    ['too many failed indexes', job({ completionMode: 'Indexed', completions: 5, backoffLimitPerIndex: 0, maxFailedIndexes: 1 }, { failedIndexes: '0,1' }), [], 'MaxFailedIndexesExceeded'],
    ['success policy', job({ completionMode: 'Indexed', completions: 5, successPolicy: { rules: [{ succeededIndexes: '0-2', succeededCount: 2 }] } }, { completedIndexes: '0,2' }), [], 'SuccessPolicy'],
    ['policy fails the job', job({ completions: 1, podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }] } }), [pod('f', 'Failed', { exitCode: 42 })], 'PodFailurePolicy'],
    ['policy ignores', job({ completions: 1, backoffLimit: 0, podFailurePolicy: { rules: [{ action: 'Ignore', onExitCodes: { operator: 'NotIn', values: [1] } }] } }), [pod('f', 'Failed', { exitCode: 3 })], undefined],
  ])('%s', (_, subject, pods, expected) => {
    expect(verdict(subject, pods)).toBe(expected)
  })
})

describe('wanted pods', () => {
  it.each<[string, Job, Pod[], number]>([
    ['no more than are missing', job({ parallelism: 5, completions: 6 }, { succeeded: 4 }), [], 2],
    ['no more than at once', job({ parallelism: 2, completions: 6 }, { succeeded: 1 }), [], 2],
    ['a work queue runs down', job({ parallelism: 3 }, { succeeded: 1 }), [pod('r', 'Running')], 1],
  ])('%s', (_, subject, pods, expected) => {
    expect(wantedActive(subject, countPods(subject, pods))).toBe(expected)
  })
  it('takes the lowest free indexes', () => {
    const subject = job({ completionMode: 'Indexed', completions: 6, backoffLimitPerIndex: 0 }, { completedIndexes: '0', failedIndexes: '3' })
    expect(freeIndexes(subject, countPods(subject, [pod('r', 'Running', { index: 1 })]), 2)).toEqual([2, 4])
  })
})

describe('policies', () => {
  it('tells which rule decided', () => {
    const rules = [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }, { action: 'FailJob', onExitCodes: { containerName: 'c', operator: 'In', values: [7] } }]
    expect(failureAction(job({ podFailurePolicy: { rules } }), pod('p', 'Failed', { exitCode: 7 })))
      .toEqual({ action: 'FailJob', message: 'Container c for pod a/p failed with exit code 7 matching FailJob rule at index 1' })
    expect(failureAction(job({ podFailurePolicy: { rules } }), pod('p', 'Failed', { exitCode: 8 }))).toEqual({ action: 'Count' })
  })
  it('needs all listed indexes when no count is given', () => {
    const subject = job({ successPolicy: { rules: [{ succeededIndexes: '0-1' }] } })
    expect(successMatch(subject, new Set([0, 5]))).toBeUndefined()
    expect(successMatch(subject, new Set([0, 1]))).toBe('Matched rules at index 0')
  })
})
