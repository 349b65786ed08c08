// The types of the core group: services and endpoints as text; schema-text.ts tells the notation.
export const coreV1Service = `
Endpoints kind
  1 metadata? meta.ObjectMeta
  2 subsets? []EndpointSubset

EndpointSubset
  1 addresses? []EndpointAddress
  2 notReadyAddresses? []EndpointAddress
  3 ports? []EndpointPort

EndpointAddress atomic
  1 ip string required
  2 targetRef? *ObjectReference
  3 hostname? string
  4 nodeName? *string

EndpointPort atomic
  1 name? string
  2 port int32 required
  3 protocol? string
  4 appProtocol? *string

Service kind
  1 metadata? meta.ObjectMeta
  2 spec? ServiceSpec
  3 status? ServiceStatus

ServiceSpec
  1 ports? [port,protocol]ServicePort merge=port
  2 selector? {atomic}string
  3 clusterIP? string
  4 type? string
  5 externalIPs? []string
  7 sessionAffinity? string
  8 loadBalancerIP? string
  9 loadBalancerSourceRanges? []string
  10 externalName? string
  11 externalTrafficPolicy? string
  12 healthCheckNodePort? int32
  13 publishNotReadyAddresses? boolean
  14 sessionAffinityConfig? *SessionAffinityConfig
  17 ipFamilyPolicy? *string
  18 clusterIPs? []string
  19 ipFamilies? []string
  20 allocateLoadBalancerNodePorts? *boolean
  21 loadBalancerClass? *string
  22 internalTrafficPolicy? *string
  23 trafficDistribution? *string

ServicePort
  1 name? string
  2 protocol? string default="TCP"
  3 port int32 required
  4 targetPort? intOrString
  5 nodePort? int32
  6 appProtocol? *string

SessionAffinityConfig
  1 clientIP? *ClientIPConfig

ClientIPConfig
  1 timeoutSeconds? *int32

ServiceStatus
  1 loadBalancer? LoadBalancerStatus
  2 conditions? [type]meta.Condition merge=type

LoadBalancerStatus
  1 ingress? []LoadBalancerIngress

LoadBalancerIngress
  1 ip? string
  2 hostname? string
  3 ipMode? *string
  4 ports? []PortStatus

PortStatus
  1 port int32 required
  2 protocol string required
  3 error? *string
`
