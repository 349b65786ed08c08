// The types of the core group: nodes as text; schema-text.ts tells the notation.
export const coreV1Node = `
Node kind
  1 metadata? meta.ObjectMeta
  2 spec? NodeSpec
  3 status? NodeStatus

NodeSpec
  1 podCIDR? string
  2 externalID? string
  3 providerID? string
  4 unschedulable? boolean
  5 taints? []Taint
  6 configSource? *NodeConfigSource
  7 podCIDRs? [set]string merge

NodeConfigSource
  2 configMap? *ConfigMapNodeConfigSource

ConfigMapNodeConfigSource
  1 namespace string required
  2 name string required
  3 uid? string
  4 resourceVersion? string
  5 kubeletConfigKey string required

Taint
  1 key string required
  2 value? string
  3 effect string required
  4 timeAdded? *time

NodeStatus
  1 capacity? {}quantity
  2 allocatable? {}quantity
  3 phase? string
  4 conditions? [type]NodeCondition merge=type
  5 addresses? [type]NodeAddress merge=type
  6 daemonEndpoints? NodeDaemonEndpoints
  7 nodeInfo? NodeSystemInfo
  8 images? []ContainerImage
  9 volumesInUse? []string
  10 volumesAttached? []AttachedVolume
  11 config? *NodeConfigStatus
  12 runtimeHandlers? []NodeRuntimeHandler
  13 features? *NodeFeatures
  14 declaredFeatures? []string

NodeAddress
  1 type string required
  2 address string required

NodeCondition
  1 type string required
  2 status string required
  3 lastHeartbeatTime? time
  4 lastTransitionTime? time
  5 reason? string
  6 message? string

NodeConfigStatus
  1 assigned? *NodeConfigSource
  2 active? *NodeConfigSource
  3 lastKnownGood? *NodeConfigSource
  4 error? string

NodeDaemonEndpoints
  1 kubeletEndpoint? DaemonEndpoint

DaemonEndpoint
  1 Port int32 required

NodeFeatures
  1 supplementalGroupsPolicy? *boolean

ContainerImage
  1 names []string
  2 sizeBytes? int64

NodeSystemInfo
  1 machineID string required
  2 systemUUID string required
  3 bootID string required
  4 kernelVersion string required
  5 osImage string required
  6 containerRuntimeVersion string required
  7 kubeletVersion string required
  8 kubeProxyVersion string required
  9 operatingSystem string required
  10 architecture string required
  11 swap? *NodeSwapStatus

NodeSwapStatus
  1 capacity? *int64

NodeRuntimeHandler
  1 name string
  2 features? *NodeRuntimeHandlerFeatures

NodeRuntimeHandlerFeatures
  1 recursiveReadOnlyMounts? *boolean
  2 userNamespaces? *boolean

AttachedVolume
  1 name string required
  2 devicePath string required

NodeSelector atomic
  1 nodeSelectorTerms []NodeSelectorTerm required

NodeSelectorTerm atomic
  1 matchExpressions? []NodeSelectorRequirement
  2 matchFields? []NodeSelectorRequirement

NodeSelectorRequirement
  1 key string required
  2 operator string required
  3 values? []string
`
