// The types of meta/v1 as text; schema-text.ts tells the notation.
export const metaV1 = `
ObjectMeta
  1 name? string
  2 generateName? string
  3 namespace? string
  4 selfLink? string
  5 uid? string
  6 resourceVersion? string
  7 generation? int64
  8 creationTimestamp? time
  9 deletionTimestamp? *time
  10 deletionGracePeriodSeconds? *int64
  11 labels? {}string
  12 annotations? {}string
  13 ownerReferences? [uid]OwnerReference merge=uid
  14 finalizers? [set]string merge
  17 managedFields? []ManagedFieldsEntry

ManagedFieldsEntry
  1 manager? string
  2 operation? string
  3 apiVersion? string
  4 time? *time
  6 fieldsType? string
  7 fieldsV1? *raw
  8 subresource? string

OwnerReference atomic
  1 kind string required
  3 name string required
  4 uid string required
  5 apiVersion string required
  6 controller? *boolean
  7 blockOwnerDeletion? *boolean

LabelSelector atomic
  1 matchLabels? {}string
  2 matchExpressions? []LabelSelectorRequirement

LabelSelectorRequirement
  1 key string required
  2 operator string required
  3 values? []string

Condition
  1 type string required
  2 status string required
  3 observedGeneration? int64
  4 lastTransitionTime time required
  5 reason string required
  6 message string required

FieldSelectorRequirement
  1 key string required
  2 operator string required
  3 values? []string

DeleteOptions kind
  1 gracePeriodSeconds? *int64
  2 preconditions? *Preconditions
  3 orphanDependents? *boolean
  4 propagationPolicy? *string
  5 dryRun? []string
  6 ignoreStoreReadErrorWithClusterBreakingPotential? *boolean

Preconditions
  1 uid? *string
  2 resourceVersion? *string

GroupVersionKind
  1 group string required
  2 version string required
  3 kind string required

GroupVersionResource
  1 group string required
  2 version string required
  3 resource string required

Status kind
  1 metadata? ListMeta
  2 status? string
  3 message? string
  4 reason? string
  5 details? *StatusDetails
  6 code? int32

StatusDetails
  1 name? string
  2 group? string
  3 kind? string
  4 causes? []StatusCause
  5 retryAfterSeconds? int32
  6 uid? string

StatusCause
  1 reason? string
  2 message? string
  3 field? string

ListMeta
  1 selfLink? string
  2 resourceVersion? string
  3 continue? string
  4 remainingItemCount? *int64

APIGroup kind
  1 name string required
  2 versions []GroupVersionForDiscovery required
  3 preferredVersion? GroupVersionForDiscovery
  4 serverAddressByClientCIDRs? []ServerAddressByClientCIDR

GroupVersionForDiscovery
  1 groupVersion string required
  2 version string required

ServerAddressByClientCIDR
  1 clientCIDR string required
  2 serverAddress string required

APIGroupList kind
  1 groups []APIGroup required

APIResourceList kind
  1 groupVersion string required
  2 resources []APIResource required

APIResource
  1 name string required
  2 namespaced boolean required
  3 kind string required
  4 verbs []string required
  5 shortNames? []string
  6 singularName string required
  7 categories? []string
  8 group? string
  9 version? string
  10 storageVersionHash? string

APIVersions kind
  1 versions []string required
  2 serverAddressByClientCIDRs []ServerAddressByClientCIDR required

PartialObjectMetadata kind
  1 metadata? ObjectMeta

WatchEvent
  1 type string required
  2 object raw required
`
