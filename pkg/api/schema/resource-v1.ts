// The types of resource/v1 as text; schema-text.ts tells the notation.
export const resourceV1 = `
DeviceClass kind
  1 metadata? meta.ObjectMeta
  2 spec DeviceClassSpec required

DeviceClassSpec
  1 selectors? []DeviceSelector
  2 config? []DeviceClassConfiguration
  4 extendedResourceName? *string

DeviceClassConfiguration
  1 ...DeviceConfiguration

DeviceConfiguration
  1 opaque? *OpaqueDeviceConfiguration

OpaqueDeviceConfiguration
  1 driver string required
  2 parameters raw required

DeviceSelector
  1 cel? *CELDeviceSelector

CELDeviceSelector
  1 expression string required

ResourceClaim kind
  1 metadata? meta.ObjectMeta
  2 spec ResourceClaimSpec required
  3 status? ResourceClaimStatus

ResourceClaimSpec
  1 devices DeviceClaim

DeviceClaim
  1 requests []DeviceRequest
  2 constraints? []DeviceConstraint
  3 config? []DeviceClaimConfiguration

DeviceClaimConfiguration
  1 requests? []string
  2 ...DeviceConfiguration

DeviceConstraint
  1 requests? []string
  2 matchAttribute? *string
  3 distinctAttribute? *string

DeviceRequest
  1 name string required
  2 exactly? *ExactDeviceRequest
  3 firstAvailable? []DeviceSubRequest

ExactDeviceRequest
  1 deviceClassName string required
  2 selectors? []DeviceSelector
  3 allocationMode? string
  4 count? int64
  5 adminAccess? *boolean
  6 tolerations? []DeviceToleration
  7 capacity? *CapacityRequirements

CapacityRequirements
  1 requests? {}quantity

DeviceToleration
  1 key? string
  2 operator? string default="Equal"
  3 value? string
  4 effect? string
  5 tolerationSeconds? *int64

DeviceSubRequest
  1 name string required
  2 deviceClassName string required
  3 selectors? []DeviceSelector
  4 allocationMode? string
  5 count? int64
  6 tolerations? []DeviceToleration
  7 capacity? *CapacityRequirements

ResourceClaimStatus
  1 allocation? *AllocationResult
  2 reservedFor? [uid]ResourceClaimConsumerReference merge=uid
  4 devices? [driver,device,pool,shareID]AllocatedDeviceStatus

AllocationResult
  1 devices? DeviceAllocationResult
  3 nodeSelector? *core.NodeSelector
  5 allocationTimestamp? *time

DeviceAllocationResult
  1 results? []DeviceRequestAllocationResult
  2 config? []DeviceAllocationConfiguration

DeviceAllocationConfiguration
  1 source string required
  2 requests? []string
  3 ...DeviceConfiguration

DeviceRequestAllocationResult
  1 request string required
  2 driver string required
  3 pool string required
  4 device string required
  5 adminAccess? *boolean
  6 tolerations? []DeviceToleration
  7 bindingConditions? []string
  8 bindingFailureConditions? []string
  9 shareID? *string
  10 consumedCapacity? {}quantity

AllocatedDeviceStatus
  1 driver string required
  2 pool string required
  3 device string required
  4 conditions [type]meta.Condition
  5 data? *raw
  6 networkData? *NetworkDeviceData
  7 shareID? *string

NetworkDeviceData
  1 interfaceName? string
  2 ips? []string
  3 hardwareAddress? string

ResourceClaimConsumerReference
  1 apiGroup? string
  3 resource string required
  4 name string required
  5 uid string required

ResourceClaimTemplate kind
  1 metadata? meta.ObjectMeta
  2 spec ResourceClaimTemplateSpec required

ResourceClaimTemplateSpec
  1 metadata? meta.ObjectMeta
  2 spec ResourceClaimSpec required

ResourceSlice kind
  1 metadata? meta.ObjectMeta
  2 spec ResourceSliceSpec required

ResourceSliceSpec
  1 driver string required
  2 pool ResourcePool required
  3 nodeName? *string
  4 nodeSelector? *core.NodeSelector
  5 allNodes? *boolean
  6 devices? []Device
  7 perDeviceNodeSelection? *boolean
  8 sharedCounters? []CounterSet

Device
  1 name string required
  2 attributes? {}DeviceAttribute
  3 capacity? {}DeviceCapacity
  4 consumesCounters? []DeviceCounterConsumption
  5 nodeName? *string
  6 nodeSelector? *core.NodeSelector
  7 allNodes? *boolean
  8 taints? []DeviceTaint
  9 bindsToNode? *boolean
  10 bindingConditions? []string
  11 bindingFailureConditions? []string
  12 allowMultipleAllocations? *boolean

DeviceAttribute
  2 int? *int64
  3 bool? *boolean
  4 string? *string
  5 version? *string

DeviceCapacity
  1 value quantity required
  2 requestPolicy? *CapacityRequestPolicy

CapacityRequestPolicy
  1 default *quantity
  3 validValues? []quantity
  4 validRange? *CapacityRequestPolicyRange

CapacityRequestPolicyRange
  1 min? *quantity required
  2 max? *quantity
  3 step? *quantity

DeviceCounterConsumption
  1 counterSet string required
  2 counters? {}Counter required

Counter
  1 value quantity required

DeviceTaint
  1 key string required
  2 value? string
  3 effect string required
  4 timeAdded? *time

ResourcePool
  1 name string required
  2 generation int64 required
  3 resourceSliceCount int64 required

CounterSet
  1 name string required
  2 counters? {}Counter required
`
