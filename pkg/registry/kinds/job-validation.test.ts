import { changeLines, createLines, Door } from './door.suite.ts'
import { changed, type Json } from './kind.suite.ts'

const template = { spec: { containers: [{ name: 'c', image: 'i:1' }], restartPolicy: 'Never' } }
const job: Json = { spec: { template } }
const indexed: Json = { spec: { template, completionMode: 'Indexed', completions: 3, parallelism: 3 } }
const cronJob: Json = { spec: { schedule: '*/5 * * * *', jobTemplate: { spec: { template } } } }
const negative = 'must be greater than or equal to 0'

describe('jobs', () => {
  it.each<[string, Json]>([['the least', job], ['indexed', indexed], ['on a schedule', cronJob]])('takes: %s', async (_, object) => {
    expect(await createLines(object === cronJob ? 'cronjobs.batch/v1' : 'jobs.batch/v1', object)).toEqual([])
  })

  it.each<[string, Json, Json, string[]]>([
    ['numbers, in order', job, { parallelism: -1, completions: -1, activeDeadlineSeconds: -1, backoffLimit: -1, ttlSecondsAfterFinished: -1, maxFailedIndexes: -1 }, [
      ...['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished', 'maxFailedIndexes'].map((field) => `spec.${field}: Invalid value: -1: ${negative}`),
      'spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified', 'spec.maxFailedIndexes: Invalid value: -1: requires indexed completion mode',
    ]],
    ['mode', job, { completionMode: 'Some' }, ['spec.completionMode: Unsupported value: "Some": supported values: "NonIndexed", "Indexed"']],
    ['indexed without a number', indexed, { completions: null, parallelism: 100_001 }, [
      'spec.completions: Required value: when completion mode is Indexed', 'spec.parallelism: Invalid value: 100001: must be less than or equal to 100000 when completion mode is Indexed',
    ]],
    ['very many indexes', indexed, { completions: 100_001, parallelism: 10_001, backoffLimitPerIndex: 1, maxFailedIndexes: 10_001 }, [
      'spec.parallelism: Invalid value: 10001: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index',
      'spec.maxFailedIndexes: Invalid value: 10001: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index',
    ]],
    ['manager', job, { managedBy: 'A/b c' }, [
      "spec.managedBy: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      "spec.managedBy: Invalid value: \"b c\": Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')",
    ]],
    ['failure policy of nothing', job, { podFailurePolicy: { rules: [{}] } }, [
      'spec.podFailurePolicy.rules[0].action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]',
      'spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
    ]],
    ['failure policy of both', job, { podFailurePolicy: { rules: [{ action: 'FailIndex', onExitCodes: { values: [0], containerName: 'x' }, onPodConditions: [{ type: 'A', status: 'Maybe' }] }] } }, [
      'spec.podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set',
      'spec.podFailurePolicy.rules[0].onExitCodes.operator: Required value: valid values: ["In" "NotIn"]',
      'spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: "x": must be one of the container or initContainer names in the pod template',
      'spec.podFailurePolicy.rules[0].onPodConditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"',
      'spec.podFailurePolicy.rules[0]: Invalid value: specifying both OnExitCodes and OnPodConditions is not supported',
    ]],
    ['what fails and is tried again', job, { podFailurePolicy: { rules: [] }, podReplacementPolicy: 'TerminatingOrFailed', template: { spec: { restartPolicy: 'OnFailure' } } }, [
      'spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"',
      'spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified',
    ]],
    ['success of what has no indexes', job, { successPolicy: { rules: [{ succeededCount: 1 }] } }, [
      'spec.successPolicy: Invalid value: {"Rules":[{"SucceededIndexes":null,"SucceededCount":1}]}: requires indexed completion mode',
    ]],
    ['success', indexed, { successPolicy: { rules: [{ succeededIndexes: '1-0' }, { succeededIndexes: '0,3' }, { succeededIndexes: '0-1', succeededCount: 3 }, { succeededIndexes: 'a' }] } }, [
      'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "1-0": error parsing succeededIndexes: non-increasing order, previous: 1, current: 0',
      'spec.successPolicy.rules[1].succeededIndexes: Invalid value: "0,3": error parsing succeededIndexes: too large index: "3"',
      'spec.successPolicy.rules[2].succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)',
      'spec.successPolicy.rules[3].succeededIndexes: Invalid value: "a": error parsing succeededIndexes: cannot convert string to integer for index: "a"',
    ]],
    ['restarts', job, { template: { spec: { restartPolicy: null } } }, ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"']],
    ['own selector, none', job, { manualSelector: true }, ['spec.selector: Required value', 'spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`']],
    ['own selector of others', job, { manualSelector: true, selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'c' } } } }, [
      'spec.template.metadata.labels: Invalid value: {"a":"c"}: `selector` does not match template `labels`',
    ]],
  ])('refuses: %s', async (_, base, spec, expected) => {
    expect(await createLines('jobs.batch/v1', changed(base, { spec }))).toEqual(expected)
  })

  it('refuses a selector that it did not make, and names too long for the hosts', async () => {
    const { lines } = await new Door('jobs.batch/v1').create(changed(job, { spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } } } } }))
    expect(lines).toEqual([expect.stringMatching(/^spec\.selector: Invalid value: \{"matchLabels":\{"a":"b","batch\.kubernetes\.io\/controller-uid":"[^"]+"\}\}: `selector` not auto-generated$/)])
    const long = 'x'.repeat(62)
    expect(await createLines('jobs.batch/v1', { metadata: { name: long }, ...indexed })).toEqual([`metadata.name: Invalid value: "${long}": will not able to create pod with invalid DNS label: ${long}-2`])
  })

  it('refuses labels of another job in the template', async () => {
    const { lines } = await new Door('jobs.batch/v1').create(changed(job, { spec: { template: { metadata: { labels: { 'controller-uid': 'other' } } } } }))
    expect(lines).toEqual([expect.stringMatching(/^spec\.template\.metadata\.labels\[controller-uid\]: Invalid value: \{.*"controller-uid":"other".*\}: must be '[^']+'$/)])
  })

  const fixed = 'field is immutable'

  it.each<[string, Json, Json, string[]]>([
    ['what may change', job, { parallelism: 2, activeDeadlineSeconds: 1, backoffLimit: 2, ttlSecondsAfterFinished: 3, suspend: true }, []],
    ['number of pods', job, { completions: 4 }, [`spec.completions: Invalid value: 4: ${fixed}`]],
    ['number of indexes', indexed, { completions: 4 }, ['spec.completions: Invalid value: 4: can only be modified in tandem with spec.parallelism']],
    ['both numbers', indexed, { completions: 4, parallelism: 4 }, []],
    ['modes', indexed, { completionMode: 'NonIndexed', backoffLimitPerIndex: null }, [`spec.completionMode: Invalid value: "NonIndexed": ${fixed}`]],
    ['who manages', job, { managedBy: 'a.b/c' }, [`spec.managedBy: Invalid value: "a.b/c": ${fixed}`]],
    ['moved', changed(job, { spec: { suspend: true } }), { template: { spec: { nodeSelector: { a: 'b' }, tolerations: [{ key: 'a', operator: 'Exists' }], schedulingGates: [{ name: 'a' }], affinity: { nodeAffinity: {} } } } }, []],
  ])('change of %s', async (_, base, spec, expected) => {
    expect(await changeLines('jobs.batch/v1', base, { spec })).toEqual(expected)
  })

  it('keeps pods apart that are not told of nodes', async () => {
    const podAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'a', labelSelector: {} }] }
    const lines = await changeLines('jobs.batch/v1', changed(job, { spec: { suspend: true } }), { spec: { template: { spec: { affinity: { podAffinity } } } } })
    expect(lines).toEqual([expect.stringMatching(/^spec\.template: Invalid value: .*: field is immutable$/)])
  })
})

const condition = (...types: string[]): Json => ({ conditions: types.map((type) => ({ type, status: 'True' })) })
const start = '2026-01-01T00:00:00Z'
const end = '2026-01-01T01:00:00Z'
const complete = { ...condition('SuccessCriteriaMet', 'Complete'), startTime: start, completionTime: end, succeeded: 1 }
const failed = { ...condition('FailureTarget', 'Failed'), startTime: start, failed: 1 }

describe('status of jobs', () => {
  it.each<[string, Json, Json, Json, string[]]>([
    ['complete', job, { startTime: start }, complete, []],
    ['failed', job, { startTime: start }, failed, []],
    ['negative, in order', job, {}, { active: -1, succeeded: -1, failed: -1, ready: -2, terminating: -1 }, [
      ...['active', 'succeeded', 'failed'].map((field) => `status.${field}: Invalid value: -1: ${negative}`), `status.ready: Invalid value: -2: ${negative}`, `status.terminating: Invalid value: -1: ${negative}`,
      'status.failed: Invalid value: -1: cannot decrease the failed counter', 'status.succeeded: Invalid value: -1: cannot decrease the succeeded counter',
    ]],
    ['pods twice', job, {}, { uncountedTerminatedPods: { succeeded: ['a', ''], failed: ['a'] } }, [
      'status.uncountedTerminatedPods.succeeded[1]: Invalid value: "": must not be empty', 'status.uncountedTerminatedPods.failed[0]: Duplicate value: "a"',
    ]],
    ['complete and failed', job, {}, { ...complete, ...condition('SuccessCriteriaMet', 'Complete', 'FailureTarget', 'Failed') }, [
      'status.conditions: Invalid value: cannot set Complete=True and Failed=true conditions', 'status.conditions: Invalid value: cannot set Complete=True and FailureTarget=true conditions',
      'status.conditions: Invalid value: cannot set SuccessCriteriaMet=True and Failed=true conditions', 'status.conditions: Invalid value: cannot set SuccessCriteriaMet=True and FailureTarget=true conditions',
    ]],
    ['complete without all that', job, {}, condition('Complete'), [
      'status.completionTime: Required value: completionTime is required for Complete jobs', 'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
      'status.startTime: Required value: startTime is required for finished job',
    ]],
    ['failed without a target, and still active', job, {}, { ...condition('Failed'), startTime: start, active: 1, terminating: 1, uncountedTerminatedPods: { failed: ['a'] } }, [
      'status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition', 'status.active: Invalid value: 1: active>0 is invalid for finished job',
      'status.uncountedTerminatedPods: Invalid value: {"Succeeded":null,"Failed":["a"]}: must be empty for finished job', 'status.terminating: Invalid value: 1: terminating>0 is invalid for finished job',
    ]],
    ['times', job, {}, { startTime: end, completionTime: start }, [
      `status.completionTime: Invalid value: "${start}": cannot set completionTime when there is no Complete=True condition`, `status.completionTime: Invalid value: "${start}": must be equal to or after \`startTime\``,
    ]],
    ['more ready than active', job, {}, { active: 1, ready: 2 }, ['status.ready: Invalid value: 2: cannot set more ready pods than active']],
    ['indexes of a job without', job, {}, { completedIndexes: '0', failedIndexes: '1' }, [
      'status.completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode', 'status.failedIndexes: Invalid value: "1": cannot set non-null failedIndexes when backoffLimitPerIndex is null',
    ]],
    ['indexes', changed(indexed, { spec: { backoffLimitPerIndex: 1 } }), {}, { completedIndexes: '0-1', failedIndexes: '1,2' }, [
      'status.failedIndexes: Invalid value: "1,2": failedIndexes and completedIndexes overlap at index: 1',
    ]],
    ['indexes that there are not', changed(indexed, { spec: { backoffLimitPerIndex: 1 } }), {}, { completedIndexes: '2-3', failedIndexes: '1-' }, [
      'status.completedIndexes: Invalid value: "2-3": error parsing completedIndexes: too large index: "3"', 'status.failedIndexes: Invalid value: "1-": error parsing failedIndexes: cannot convert string to integer for index: ""',
    ]],
    ['no way back', job, complete, { conditions: null, completionTime: null, succeeded: 0, startTime: end }, [
      'status.conditions: Invalid value: cannot disable the terminal Complete=True condition', 'status.succeeded: Invalid value: 0: cannot decrease the succeeded counter',
      'status.startTime: Required value: startTime cannot be removed for unsuspended job', 'status.conditions: Invalid value: cannot disable the SuccessCriteriaMet=True condition',
    ]],
    ['another end', job, complete, { completionTime: '2026-01-01T02:00:00Z' }, ['status.completionTime: Invalid value: "2026-01-01T02:00:00Z": field is immutable']],
    ['labels of a finished job', job, complete, {}, []],
  ])('%s', async (_, base, before, status, expected) => {
    expect(await changeLines('jobs.batch/v1', base, { status }, { subresource: 'status', status: before })).toEqual(expected)
  })
})

describe('cron jobs', () => {
  it.each<[string, Json, string[]]>([
    ['in order', { schedule: null, startingDeadlineSeconds: -1, timeZone: '', concurrencyPolicy: 'Some', successfulJobsHistoryLimit: -1, failedJobsHistoryLimit: -1 }, [
      'spec.schedule: Required value', `spec.startingDeadlineSeconds: Invalid value: -1: ${negative}`, 'spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string',
      'spec.concurrencyPolicy: Unsupported value: "Some": supported values: "Allow", "Forbid", "Replace"', `spec.successfulJobsHistoryLimit: Invalid value: -1: ${negative}`,
      `spec.failedJobsHistoryLimit: Invalid value: -1: ${negative}`,
    ]],
    ['zone in the schedule', { schedule: 'TZ=Europe/Berlin 0 0 * * *', timeZone: 'Europe/Berlin' }, [
      'spec.schedule: Invalid value: "TZ=Europe/Berlin 0 0 * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
    ]],
    ['no zone in the schedule', { schedule: 'CRON_TZ=Nowhere @daily' }, [
      'spec.schedule: Invalid value: "CRON_TZ=Nowhere @daily": provided bad location Nowhere: unknown time zone Nowhere',
      'spec.schedule: Invalid value: "CRON_TZ=Nowhere @daily": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
    ]],
    ['zone', { timeZone: 'europe/berlin' }, ['spec.timeZone: Invalid value: "europe/berlin": unknown time zone europe/berlin']],
    ['zone of a path', { timeZone: '../x' }, ['spec.timeZone: Invalid value: "../x": unknown time zone ../x']],
    ['zone of the machine', { timeZone: 'Local' }, ['spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones']],
    ['zone with a number', { timeZone: 'Etc/GMT+5' }, []],
    ['selector', { jobTemplate: { spec: { selector: { matchLabels: { a: 'b' } }, manualSelector: true, backoffLimit: -1 } } }, [
      `spec.jobTemplate.spec.backoffLimit: Invalid value: -1: ${negative}`, 'spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` will be auto-generated',
      'spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"',
    ]],
    ['hours', { schedule: '0 25 * * *' }, ['spec.schedule: Invalid value: "0 25 * * *": end of range (25) above maximum (23): 25']],
    ['length', { schedule: '@every 1d' }, ['spec.schedule: Invalid value: "@every 1d": failed to parse duration @every 1d: time: unknown unit "d" in duration "1d"']],
  ])('refuses: %s', async (_, spec, expected) => {
    expect(await createLines('cronjobs.batch/v1', changed(cronJob, { spec }))).toEqual(expected)
  })

  it('takes names of 52 characters', async () => {
    expect(await createLines('cronjobs.batch/v1', { metadata: { name: 'x'.repeat(52) }, ...cronJob })).toEqual([])
    const long = 'x'.repeat(53)
    expect(await createLines('cronjobs.batch/v1', { metadata: { name: long }, ...cronJob })).toEqual([`metadata.name: Invalid value: "${long}": must be no more than 52 characters`])
  })
})
