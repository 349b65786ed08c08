// The types of the core group: configuration, events, quotas, namespaces, replication controllers as text; schema-text.ts tells the notation.
export const coreV1Config = `
Binding kind
  1 metadata? meta.ObjectMeta
  2 target ObjectReference required

ObjectReference atomic
  1 kind? string
  2 namespace? string
  3 name? string
  4 uid? string
  5 apiVersion? string
  6 resourceVersion? string
  7 fieldPath? string

ComponentStatus kind
  1 metadata? meta.ObjectMeta
  2 conditions? [type]ComponentCondition merge=type

ComponentCondition
  1 type string required
  2 status string required
  3 message? string
  4 error? string

ConfigMap kind
  1 metadata? meta.ObjectMeta
  2 data? {}string
  3 binaryData? {}bytes
  4 immutable? *boolean

Event kind
  1 metadata meta.ObjectMeta required
  2 involvedObject ObjectReference required
  3 reason? string
  4 message? string
  5 source? EventSource
  6 firstTimestamp? time
  7 lastTimestamp? time
  8 count? int32
  9 type? string
  10 eventTime? microTime
  11 series? *EventSeries
  12 action? string
  13 related? *ObjectReference
  14 reportingComponent string
  15 reportingInstance string

EventSeries
  1 count? int32
  2 lastObservedTime? microTime

EventSource
  1 component? string
  2 host? string

LimitRange kind
  1 metadata? meta.ObjectMeta
  2 spec? LimitRangeSpec

LimitRangeSpec
  1 limits []LimitRangeItem required

LimitRangeItem
  1 type string required
  2 max? {}quantity
  3 min? {}quantity
  4 default? {}quantity
  5 defaultRequest? {}quantity
  6 maxLimitRequestRatio? {}quantity

Namespace kind
  1 metadata? meta.ObjectMeta
  2 spec? NamespaceSpec
  3 status? NamespaceStatus

NamespaceSpec
  1 finalizers? []string

NamespaceStatus
  1 phase? string
  2 conditions? [type]NamespaceCondition merge=type

NamespaceCondition
  1 type string required
  2 status string required
  4 lastTransitionTime? time
  5 reason? string
  6 message? string

ReplicationController kind
  1 metadata? meta.ObjectMeta
  2 spec? ReplicationControllerSpec
  3 status? ReplicationControllerStatus

ReplicationControllerSpec
  1 replicas? *int32 default=1
  2 selector? {atomic}string
  3 template? *PodTemplateSpec
  4 minReadySeconds? int32 default=0

ReplicationControllerStatus
  1 replicas int32 required
  2 fullyLabeledReplicas? int32
  3 observedGeneration? int64
  4 readyReplicas? int32
  5 availableReplicas? int32
  6 conditions? [type]ReplicationControllerCondition merge=type

ReplicationControllerCondition
  1 type string required
  2 status string required
  3 lastTransitionTime? time
  4 reason? string
  5 message? string

ResourceQuota kind
  1 metadata? meta.ObjectMeta
  2 spec? ResourceQuotaSpec
  3 status? ResourceQuotaStatus

ResourceQuotaSpec
  1 hard? {}quantity
  2 scopes? []string
  3 scopeSelector? *ScopeSelector

ScopeSelector atomic
  1 matchExpressions? []ScopedResourceSelectorRequirement

ScopedResourceSelectorRequirement
  1 scopeName string required
  2 operator string required
  3 values? []string

ResourceQuotaStatus
  1 hard? {}quantity
  2 used? {}quantity

Secret kind
  1 metadata? meta.ObjectMeta
  2 data? {}bytes
  3 type? string
  4 stringData? {}string
  5 immutable? *boolean

ServiceAccount kind
  1 metadata? meta.ObjectMeta
  2 secrets? [name]ObjectReference merge=name
  3 imagePullSecrets? []LocalObjectReference
  4 automountServiceAccountToken? *boolean

TopologySelectorTerm atomic
  1 matchLabelExpressions? []TopologySelectorLabelRequirement

TopologySelectorLabelRequirement
  1 key string required
  2 values []string required
`
