// The types of apps/v1 as text; schema-text.ts tells the notation.
export const appsV1 = `
ControllerRevision kind
  1 metadata? meta.ObjectMeta
  2 data? raw
  3 revision int64 required

DaemonSet kind
  1 metadata? meta.ObjectMeta
  2 spec? DaemonSetSpec
  3 status? DaemonSetStatus

DaemonSetSpec
  1 selector *meta.LabelSelector required
  2 template core.PodTemplateSpec required
  3 updateStrategy? DaemonSetUpdateStrategy
  4 minReadySeconds? int32
  6 revisionHistoryLimit? *int32

DaemonSetUpdateStrategy
  1 type? string
  2 rollingUpdate? *RollingUpdateDaemonSet

RollingUpdateDaemonSet
  1 maxUnavailable? *intOrString
  2 maxSurge? *intOrString

DaemonSetStatus
  1 currentNumberScheduled int32 required
  2 numberMisscheduled int32 required
  3 desiredNumberScheduled int32 required
  4 numberReady int32 required
  5 observedGeneration? int64
  6 updatedNumberScheduled? int32
  7 numberAvailable? int32
  8 numberUnavailable? int32
  9 collisionCount? *int32
  10 conditions? [type]DaemonSetCondition merge=type

DaemonSetCondition
  1 type string required
  2 status string required
  3 lastTransitionTime? time
  4 reason? string
  5 message? string

Deployment kind
  1 metadata? meta.ObjectMeta
  2 spec? DeploymentSpec
  3 status? DeploymentStatus

DeploymentSpec
  1 replicas? *int32
  2 selector *meta.LabelSelector required
  3 template core.PodTemplateSpec required
  4 strategy? DeploymentStrategy retainKeys
  5 minReadySeconds? int32
  6 revisionHistoryLimit? *int32
  7 paused? boolean
  9 progressDeadlineSeconds? *int32

DeploymentStrategy
  1 type? string
  2 rollingUpdate? *RollingUpdateDeployment

RollingUpdateDeployment
  1 maxUnavailable? *intOrString
  2 maxSurge? *intOrString

DeploymentStatus
  1 observedGeneration? int64
  2 replicas? int32
  3 updatedReplicas? int32
  4 availableReplicas? int32
  5 unavailableReplicas? int32
  6 conditions? [type]DeploymentCondition merge=type
  7 readyReplicas? int32
  8 collisionCount? *int32
  9 terminatingReplicas? *int32

DeploymentCondition
  1 type string required
  2 status string required
  4 reason? string
  5 message? string
  6 lastUpdateTime? time
  7 lastTransitionTime? time

ReplicaSet kind
  1 metadata? meta.ObjectMeta
  2 spec? ReplicaSetSpec
  3 status? ReplicaSetStatus

ReplicaSetSpec
  1 replicas? *int32
  2 selector *meta.LabelSelector required
  3 template? core.PodTemplateSpec
  4 minReadySeconds? int32

ReplicaSetStatus
  1 replicas int32 required
  2 fullyLabeledReplicas? int32
  3 observedGeneration? int64
  4 readyReplicas? int32
  5 availableReplicas? int32
  6 conditions? [type]ReplicaSetCondition merge=type
  7 terminatingReplicas? *int32

ReplicaSetCondition
  1 type string required
  2 status string required
  3 lastTransitionTime? time
  4 reason? string
  5 message? string

StatefulSet kind
  1 metadata? meta.ObjectMeta
  2 spec? StatefulSetSpec
  3 status? StatefulSetStatus

StatefulSetSpec
  1 replicas? *int32
  2 selector *meta.LabelSelector required
  3 template core.PodTemplateSpec required
  4 volumeClaimTemplates? []core.PersistentVolumeClaim
  5 serviceName string
  6 podManagementPolicy? string
  7 updateStrategy? StatefulSetUpdateStrategy
  8 revisionHistoryLimit? *int32
  9 minReadySeconds? int32
  10 persistentVolumeClaimRetentionPolicy? *StatefulSetPersistentVolumeClaimRetentionPolicy
  11 ordinals? *StatefulSetOrdinals

StatefulSetOrdinals
  1 start int32

StatefulSetPersistentVolumeClaimRetentionPolicy
  1 whenDeleted? string
  2 whenScaled? string

StatefulSetUpdateStrategy
  1 type? string
  2 rollingUpdate? *RollingUpdateStatefulSetStrategy

RollingUpdateStatefulSetStrategy
  1 partition? *int32
  2 maxUnavailable? *intOrString

StatefulSetStatus
  1 observedGeneration? int64
  2 replicas int32 required
  3 readyReplicas? int32
  4 currentReplicas? int32
  5 updatedReplicas? int32
  6 currentRevision? string
  7 updateRevision? string
  9 collisionCount? *int32
  10 conditions? [type]StatefulSetCondition merge=type
  11 availableReplicas int32

StatefulSetCondition
  1 type string required
  2 status string required
  3 lastTransitionTime? time
  4 reason? string
  5 message? string
`
