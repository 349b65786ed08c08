// The types of policy/v1 as text; schema-text.ts tells the notation.
export const policyV1 = `
PodDisruptionBudget kind
  1 metadata? meta.ObjectMeta
  2 spec? PodDisruptionBudgetSpec
  3 status? PodDisruptionBudgetStatus

PodDisruptionBudgetSpec
  1 minAvailable? *intOrString
  2 selector? *meta.LabelSelector replace
  3 maxUnavailable? *intOrString
  4 unhealthyPodEvictionPolicy? *string

PodDisruptionBudgetStatus
  1 observedGeneration? int64
  2 disruptedPods? {}time
  3 disruptionsAllowed int32 required
  4 currentHealthy int32 required
  5 desiredHealthy int32 required
  6 expectedPods int32 required
  7 conditions? [type]meta.Condition merge=type

Eviction kind
  1 metadata? meta.ObjectMeta
  2 deleteOptions? *meta.DeleteOptions
`
