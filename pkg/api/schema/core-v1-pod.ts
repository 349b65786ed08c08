// The types of the core group: pods as text; schema-text.ts tells the notation.
export const coreV1Pod = `
Pod kind
  1 metadata? meta.ObjectMeta
  2 spec? PodSpec
  3 status? PodStatus

PodSpec
  1 volumes? [name]Volume merge,retainKeys=name
  2 containers [name]Container required merge=name
  3 restartPolicy? string
  4 terminationGracePeriodSeconds? *int64
  5 activeDeadlineSeconds? *int64
  6 dnsPolicy? string
  7 nodeSelector? {atomic}string
  8 serviceAccountName? string
  9 serviceAccount? string
  10 nodeName? string
  11 hostNetwork? boolean
  12 hostPID? boolean
  13 hostIPC? boolean
  14 securityContext? *PodSecurityContext
  15 imagePullSecrets? [name]LocalObjectReference merge=name
  16 hostname? string
  17 subdomain? string
  18 affinity? *Affinity
  19 schedulerName? string
  20 initContainers? [name]Container merge=name
  21 automountServiceAccountToken? *boolean
  22 tolerations? []Toleration
  23 hostAliases? [ip]HostAlias merge=ip
  24 priorityClassName? string
  25 priority? *int32
  26 dnsConfig? *PodDNSConfig
  27 shareProcessNamespace? *boolean
  28 readinessGates? []PodReadinessGate
  29 runtimeClassName? *string
  30 enableServiceLinks? *boolean
  31 preemptionPolicy? *string
  32 overhead? {}quantity
  33 topologySpreadConstraints? [topologyKey,whenUnsatisfiable]TopologySpreadConstraint merge=topologyKey
  34 ephemeralContainers? [name]EphemeralContainer merge=name
  35 setHostnameAsFQDN? *boolean
  36 os? *PodOS
  37 hostUsers? *boolean
  38 schedulingGates? [name]PodSchedulingGate merge=name
  39 resourceClaims? [name]PodResourceClaim merge,retainKeys=name
  40 resources? *ResourceRequirements
  41 hostnameOverride? *string
  42 workloadRef? *WorkloadReference

Affinity
  1 nodeAffinity? *NodeAffinity
  2 podAffinity? *PodAffinity
  3 podAntiAffinity? *PodAntiAffinity

NodeAffinity
  1 requiredDuringSchedulingIgnoredDuringExecution? *NodeSelector
  2 preferredDuringSchedulingIgnoredDuringExecution? []PreferredSchedulingTerm

PreferredSchedulingTerm
  1 weight int32 required
  2 preference NodeSelectorTerm required

PodAffinity
  1 requiredDuringSchedulingIgnoredDuringExecution? []PodAffinityTerm
  2 preferredDuringSchedulingIgnoredDuringExecution? []WeightedPodAffinityTerm

WeightedPodAffinityTerm
  1 weight int32 required
  2 podAffinityTerm PodAffinityTerm required

PodAffinityTerm
  1 labelSelector? *meta.LabelSelector
  2 namespaces? []string
  3 topologyKey string required
  4 namespaceSelector? *meta.LabelSelector
  5 matchLabelKeys? []string
  6 mismatchLabelKeys? []string

PodAntiAffinity
  1 requiredDuringSchedulingIgnoredDuringExecution? []PodAffinityTerm
  2 preferredDuringSchedulingIgnoredDuringExecution? []WeightedPodAffinityTerm

PodDNSConfig
  1 nameservers? []string
  2 searches? []string
  3 options? []PodDNSConfigOption

PodDNSConfigOption
  1 name? string
  2 value? *string

HostAlias
  1 ip string required
  2 hostnames? []string

PodOS
  1 name string required

PodReadinessGate
  1 conditionType string required

PodResourceClaim
  1 name string required
  3 resourceClaimName? *string
  4 resourceClaimTemplateName? *string

PodSchedulingGate
  1 name string required

PodSecurityContext
  1 seLinuxOptions? *SELinuxOptions
  2 runAsUser? *int64
  3 runAsNonRoot? *boolean
  4 supplementalGroups? []int64
  5 fsGroup? *int64
  6 runAsGroup? *int64
  7 sysctls? []Sysctl
  8 windowsOptions? *WindowsSecurityContextOptions
  9 fsGroupChangePolicy? *string
  10 seccompProfile? *SeccompProfile
  11 appArmorProfile? *AppArmorProfile
  12 supplementalGroupsPolicy? *string
  13 seLinuxChangePolicy? *string

Sysctl
  1 name string required
  2 value string required

Toleration
  1 key? string
  2 operator? string
  3 value? string
  4 effect? string
  5 tolerationSeconds? *int64

TopologySpreadConstraint
  1 maxSkew int32 required
  2 topologyKey string required
  3 whenUnsatisfiable string required
  4 labelSelector? *meta.LabelSelector
  5 minDomains? *int32
  6 nodeAffinityPolicy? *string
  7 nodeTaintsPolicy? *string
  8 matchLabelKeys? []string

WorkloadReference
  1 name string required
  2 podGroup string required
  3 podGroupReplicaKey? string

PodStatus
  1 phase? string
  2 conditions? [type]PodCondition merge=type
  3 message? string
  4 reason? string
  5 hostIP? string
  6 podIP? string
  7 startTime? *time
  8 containerStatuses? []ContainerStatus
  9 qosClass? string
  10 initContainerStatuses? []ContainerStatus
  11 nominatedNodeName? string
  12 podIPs? [ip]PodIP merge=ip
  13 ephemeralContainerStatuses? []ContainerStatus
  14 resize? string
  15 resourceClaimStatuses? [name]PodResourceClaimStatus merge,retainKeys=name
  16 hostIPs? []HostIP merge=ip
  17 observedGeneration? int64
  18 extendedResourceClaimStatus? *PodExtendedResourceClaimStatus
  19 allocatedResources? {}quantity
  20 resources? *ResourceRequirements

PodCondition
  1 type string required
  2 status string required
  3 lastProbeTime? time
  4 lastTransitionTime? time
  5 reason? string
  6 message? string
  7 observedGeneration? int64

ContainerStatus
  1 name string required
  2 state? ContainerState
  3 lastState? ContainerState
  4 ready boolean required
  5 restartCount int32 required
  6 image string required
  7 imageID string required
  8 containerID? string
  9 started? *boolean
  10 allocatedResources? {}quantity
  11 resources? *ResourceRequirements
  12 volumeMounts? [mountPath]VolumeMountStatus merge=mountPath
  13 user? *ContainerUser
  14 allocatedResourcesStatus? [name]ResourceStatus merge=name
  15 stopSignal? *string

ResourceStatus
  1 name string required
  2 resources? [resourceID]ResourceHealth

ResourceHealth
  1 resourceID string required
  2 health? string

ContainerState
  1 waiting? *ContainerStateWaiting
  2 running? *ContainerStateRunning
  3 terminated? *ContainerStateTerminated

ContainerStateRunning
  1 startedAt? time

ContainerStateTerminated
  1 exitCode int32 required
  2 signal? int32
  3 reason? string
  4 message? string
  5 startedAt? time
  6 finishedAt? time
  7 containerID? string

ContainerStateWaiting
  1 reason? string
  2 message? string

ContainerUser
  1 linux? *LinuxContainerUser

LinuxContainerUser
  1 uid int64 required
  2 gid int64 required
  3 supplementalGroups? []int64

VolumeMountStatus
  1 name string required
  2 mountPath string required
  3 readOnly? boolean
  4 recursiveReadOnly? *string

PodExtendedResourceClaimStatus
  1 requestMappings []ContainerExtendedResourceRequest required
  2 resourceClaimName string required

ContainerExtendedResourceRequest
  1 containerName string required
  2 resourceName string required
  3 requestName string required

HostIP
  1 ip string required

PodIP
  1 ip string required

PodResourceClaimStatus
  1 name string required
  2 resourceClaimName? *string

PodTemplate kind
  1 metadata? meta.ObjectMeta
  2 template? PodTemplateSpec

PodTemplateSpec
  1 metadata? meta.ObjectMeta
  2 spec? PodSpec
`
