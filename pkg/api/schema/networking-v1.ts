// The types of networking/v1 as text; schema-text.ts tells the notation.
export const networkingV1 = `
IngressClass kind
  1 metadata? meta.ObjectMeta
  2 spec? IngressClassSpec

IngressClassSpec
  1 controller? string
  2 parameters? *IngressClassParametersReference

IngressClassParametersReference
  1 apiGroup? *string
  2 kind string required
  3 name string required
  4 scope *string
  5 namespace? *string

Ingress kind
  1 metadata? meta.ObjectMeta
  2 spec? IngressSpec
  3 status? IngressStatus

IngressSpec
  1 defaultBackend? *IngressBackend
  2 tls? []IngressTLS
  3 rules? []IngressRule
  4 ingressClassName? *string

IngressBackend
  3 resource? *core.TypedLocalObjectReference
  4 service? *IngressServiceBackend

IngressServiceBackend
  1 name string required
  2 port? ServiceBackendPort

ServiceBackendPort atomic
  1 name? string
  2 number? int32

IngressRule
  1 host? string
  2 ...IngressRuleValue

IngressRuleValue
  1 http? *HTTPIngressRuleValue

HTTPIngressRuleValue
  1 paths []HTTPIngressPath required

HTTPIngressPath
  1 path? string
  2 backend IngressBackend required
  3 pathType *string required

IngressTLS
  1 hosts? []string
  2 secretName? string

IngressStatus
  1 loadBalancer? IngressLoadBalancerStatus

IngressLoadBalancerStatus
  1 ingress? []IngressLoadBalancerIngress

IngressLoadBalancerIngress
  1 ip? string
  2 hostname? string
  4 ports? []IngressPortStatus

IngressPortStatus
  1 port int32 required
  2 protocol string required
  3 error? *string

IPAddress kind
  1 metadata? meta.ObjectMeta
  2 spec? IPAddressSpec

IPAddressSpec
  1 parentRef? *ParentReference required

ParentReference
  1 group? string
  2 resource? string required
  3 namespace? string
  4 name? string required

NetworkPolicy kind
  1 metadata? meta.ObjectMeta
  2 spec? NetworkPolicySpec

NetworkPolicySpec
  1 podSelector meta.LabelSelector
  2 ingress? []NetworkPolicyIngressRule
  3 egress? []NetworkPolicyEgressRule
  4 policyTypes? []string

NetworkPolicyEgressRule
  1 ports? []NetworkPolicyPort
  2 to? []NetworkPolicyPeer

NetworkPolicyPort
  1 protocol? *string
  2 port? *intOrString
  3 endPort? *int32

NetworkPolicyPeer
  1 podSelector? *meta.LabelSelector
  2 namespaceSelector? *meta.LabelSelector
  3 ipBlock? *IPBlock

IPBlock
  1 cidr string required
  2 except? []string

NetworkPolicyIngressRule
  1 ports? []NetworkPolicyPort
  2 from? []NetworkPolicyPeer

ServiceCIDR kind
  1 metadata? meta.ObjectMeta
  2 spec? ServiceCIDRSpec
  3 status? ServiceCIDRStatus

ServiceCIDRSpec
  1 cidrs? []string

ServiceCIDRStatus
  1 conditions? [type]meta.Condition merge=type
`
