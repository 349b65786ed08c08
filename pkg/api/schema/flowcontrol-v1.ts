// The types of flowcontrol/v1 as text; schema-text.ts tells the notation.
export const flowcontrolV1 = `
FlowSchema kind
  1 metadata? meta.ObjectMeta
  2 spec? FlowSchemaSpec
  3 status? FlowSchemaStatus

FlowSchemaSpec
  1 priorityLevelConfiguration PriorityLevelConfigurationReference required
  2 matchingPrecedence int32
  3 distinguisherMethod? *FlowDistinguisherMethod
  4 rules? []PolicyRulesWithSubjects

FlowDistinguisherMethod
  1 type string required

PriorityLevelConfigurationReference
  1 name string required

PolicyRulesWithSubjects
  1 subjects []Subject required
  2 resourceRules? []ResourcePolicyRule
  3 nonResourceRules? []NonResourcePolicyRule

NonResourcePolicyRule
  1 verbs [set]string required
  6 nonResourceURLs [set]string required

ResourcePolicyRule
  1 verbs [set]string required
  2 apiGroups [set]string required
  3 resources [set]string required
  4 clusterScope? boolean
  5 namespaces [set]string

Subject
  1 kind string required
  2 user? *UserSubject
  3 group? *GroupSubject
  4 serviceAccount? *ServiceAccountSubject

GroupSubject
  1 name string required

ServiceAccountSubject
  1 namespace string required
  2 name string required

UserSubject
  1 name string required

FlowSchemaStatus
  1 conditions? [type]FlowSchemaCondition merge=type

FlowSchemaCondition
  1 type? string
  2 status? string
  3 lastTransitionTime? time
  4 reason? string
  5 message? string

PriorityLevelConfiguration kind
  1 metadata? meta.ObjectMeta
  2 spec? PriorityLevelConfigurationSpec
  3 status? PriorityLevelConfigurationStatus

PriorityLevelConfigurationSpec
  1 type string required
  2 limited? *LimitedPriorityLevelConfiguration
  3 exempt? *ExemptPriorityLevelConfiguration

ExemptPriorityLevelConfiguration
  1 nominalConcurrencyShares? *int32
  2 lendablePercent? *int32

LimitedPriorityLevelConfiguration
  1 nominalConcurrencyShares *int32
  2 limitResponse? LimitResponse
  3 lendablePercent? *int32
  4 borrowingLimitPercent? *int32

LimitResponse
  1 type string required
  2 queuing? *QueuingConfiguration

QueuingConfiguration
  1 queues int32
  2 handSize int32
  3 queueLengthLimit int32

PriorityLevelConfigurationStatus
  1 conditions? [type]PriorityLevelConfigurationCondition merge=type

PriorityLevelConfigurationCondition
  1 type? string
  2 status? string
  3 lastTransitionTime? time
  4 reason? string
  5 message? string
`
