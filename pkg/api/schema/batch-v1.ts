// The types of batch/v1 as text; schema-text.ts tells the notation.
export const batchV1 = `
CronJob kind
  1 metadata? meta.ObjectMeta
  2 spec? CronJobSpec
  3 status? CronJobStatus

CronJobSpec
  1 schedule string required
  2 startingDeadlineSeconds? *int64
  3 concurrencyPolicy? string
  4 suspend? *boolean
  5 jobTemplate JobTemplateSpec required
  6 successfulJobsHistoryLimit? *int32
  7 failedJobsHistoryLimit? *int32
  8 timeZone? *string

JobTemplateSpec
  1 metadata? meta.ObjectMeta
  2 spec? JobSpec

JobSpec
  1 parallelism? *int32
  2 completions? *int32
  3 activeDeadlineSeconds? *int64
  4 selector? *meta.LabelSelector
  5 manualSelector? *boolean
  6 template core.PodTemplateSpec required
  7 backoffLimit? *int32
  8 ttlSecondsAfterFinished? *int32
  9 completionMode? *string
  10 suspend? *boolean
  11 podFailurePolicy? *PodFailurePolicy
  12 backoffLimitPerIndex? *int32
  13 maxFailedIndexes? *int32
  14 podReplacementPolicy? *string
  15 managedBy? *string
  16 successPolicy? *SuccessPolicy

PodFailurePolicy
  1 rules []PodFailurePolicyRule required

PodFailurePolicyRule
  1 action string required
  2 onExitCodes? *PodFailurePolicyOnExitCodesRequirement
  3 onPodConditions? []PodFailurePolicyOnPodConditionsPattern

PodFailurePolicyOnExitCodesRequirement
  1 containerName? *string
  2 operator string required
  3 values [set]int32 required

PodFailurePolicyOnPodConditionsPattern
  1 type string required
  2 status string

SuccessPolicy
  1 rules []SuccessPolicyRule required

SuccessPolicyRule
  1 succeededIndexes? *string
  2 succeededCount? *int32

CronJobStatus
  1 active? []core.ObjectReference
  4 lastScheduleTime? *time
  5 lastSuccessfulTime? *time

Job kind
  1 metadata? meta.ObjectMeta
  2 spec? JobSpec
  3 status? JobStatus

JobStatus
  1 conditions? []JobCondition merge=type
  2 startTime? *time
  3 completionTime? *time
  4 active? int32
  5 succeeded? int32
  6 failed? int32
  7 completedIndexes? string
  8 uncountedTerminatedPods? *UncountedTerminatedPods
  9 ready? *int32
  10 failedIndexes? *string
  11 terminating? *int32

JobCondition
  1 type string required
  2 status string required
  3 lastProbeTime? time
  4 lastTransitionTime? time
  5 reason? string
  6 message? string

UncountedTerminatedPods
  1 succeeded? [set]string
  2 failed? [set]string
`
