// Services, endpoints and the network group.
import type { KubeObject, Resource } from './object.ts'
import type { Condition, LabelSelector } from './types-common.ts'
import type { ObjectReference, TypedLocalObjectReference } from './types-volume.ts'

export const services: Resource<Service> = { group: '', version: 'v1', plural: 'services', kind: 'Service', namespaced: true }
export const endpoints: Resource<Endpoints> = { group: '', version: 'v1', plural: 'endpoints', kind: 'Endpoints', namespaced: true }
export const endpointSlices: Resource<EndpointSlice> = { group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices', kind: 'EndpointSlice', namespaced: true }
export const ingresses: Resource<Ingress> = { group: 'networking.k8s.io', version: 'v1', plural: 'ingresses', kind: 'Ingress', namespaced: true }
export const ingressClasses: Resource<IngressClass> = { group: 'networking.k8s.io', version: 'v1', plural: 'ingressclasses', kind: 'IngressClass', namespaced: false }
export const networkPolicies: Resource<NetworkPolicy> = { group: 'networking.k8s.io', version: 'v1', plural: 'networkpolicies', kind: 'NetworkPolicy', namespaced: true }
export const serviceCIDRs: Resource<ServiceCIDR> = { group: 'networking.k8s.io', version: 'v1', plural: 'servicecidrs', kind: 'ServiceCIDR', namespaced: false }
export const ipAddresses: Resource<IPAddress> = { group: 'networking.k8s.io', version: 'v1', plural: 'ipaddresses', kind: 'IPAddress', namespaced: false }

export interface Service extends KubeObject {
  spec: ServiceSpec
  status?: ServiceStatus
}

export interface ServiceSpec {
  allocateLoadBalancerNodePorts?: boolean
  clusterIP?: string
  clusterIPs?: string[]
  externalIPs?: string[]
  externalName?: string
  externalTrafficPolicy?: string
  healthCheckNodePort?: number
  internalTrafficPolicy?: string
  ipFamilies?: string[]
  ipFamilyPolicy?: string
  loadBalancerClass?: string
  loadBalancerIP?: string
  loadBalancerSourceRanges?: string[]
  ports?: ServicePort[]
  publishNotReadyAddresses?: boolean
  selector?: Record<string, string>
  sessionAffinity?: string
  sessionAffinityConfig?: SessionAffinityConfig
  trafficDistribution?: string
  type?: string
}

export interface ServicePort {
  appProtocol?: string
  name?: string
  nodePort?: number
  port: number
  protocol?: string
  targetPort?: number | string
}

export interface SessionAffinityConfig {
  clientIP?: ClientIPConfig
}

export interface ClientIPConfig {
  timeoutSeconds?: number
}

export interface ServiceStatus {
  conditions?: Condition[]
  loadBalancer?: LoadBalancerStatus
}

export interface LoadBalancerStatus {
  ingress?: LoadBalancerIngress[]
}

export interface LoadBalancerIngress {
  hostname?: string
  ip?: string
  ipMode?: string
  ports?: PortStatus[]
}

export interface PortStatus {
  error?: string
  port: number
  protocol: string
}

export interface Endpoints extends KubeObject {
  subsets?: EndpointSubset[]
}

export interface EndpointSubset {
  addresses?: EndpointAddress[]
  notReadyAddresses?: EndpointAddress[]
  ports?: EndpointPort[]
}

export interface EndpointAddress {
  hostname?: string
  ip: string
  nodeName?: string
  targetRef?: ObjectReference
}

export interface EndpointPort {
  appProtocol?: string
  name?: string
  port: number
  protocol?: string
}

export interface EndpointSlice extends KubeObject {
  addressType: string
  endpoints: Endpoint[]
  ports: ApiEndpointPort[]
}

export interface Endpoint {
  addresses: string[]
  conditions?: EndpointConditions
  deprecatedTopology?: Record<string, string>
  hints?: EndpointHints
  hostname?: string
  nodeName?: string
  targetRef?: ObjectReference
  zone?: string
}

export interface EndpointConditions {
  ready?: boolean
  serving?: boolean
  terminating?: boolean
}

export interface EndpointHints {
  forNodes?: ForNode[]
  forZones?: ForZone[]
}

export interface ForNode {
  name: string
}

export interface ForZone {
  name: string
}

export interface ApiEndpointPort {
  appProtocol?: string
  name?: string
  port?: number
  protocol?: string
}

export interface Ingress extends KubeObject {
  spec: IngressSpec
  status?: IngressStatus
}

export interface IngressSpec {
  defaultBackend?: IngressBackend
  ingressClassName?: string
  rules?: IngressRule[]
  tls?: IngressTLS[]
}

export interface IngressBackend {
  resource?: TypedLocalObjectReference
  service?: IngressServiceBackend
}

export interface IngressServiceBackend {
  name: string
  port?: ServiceBackendPort
}

export interface ServiceBackendPort {
  name?: string
  number?: number
}

export interface IngressRule extends IngressRuleValue {
  host?: string
}

export interface IngressRuleValue {
  http?: HTTPIngressRuleValue
}

export interface HTTPIngressRuleValue {
  paths: HTTPIngressPath[]
}

export interface HTTPIngressPath {
  backend: IngressBackend
  path?: string
  pathType?: string
}

export interface IngressTLS {
  hosts?: string[]
  secretName?: string
}

export interface IngressStatus {
  loadBalancer?: IngressLoadBalancerStatus
}

export interface IngressLoadBalancerStatus {
  ingress?: IngressLoadBalancerIngress[]
}

export interface IngressLoadBalancerIngress {
  hostname?: string
  ip?: string
  ports?: IngressPortStatus[]
}

export interface IngressPortStatus {
  error?: string
  port: number
  protocol: string
}

export interface IngressClass extends KubeObject {
  spec: IngressClassSpec
}

export interface IngressClassSpec {
  controller?: string
  parameters?: IngressClassParametersReference
}

export interface IngressClassParametersReference {
  apiGroup?: string
  kind: string
  name: string
  namespace?: string
  scope?: string
}

export interface NetworkPolicy extends KubeObject {
  spec: NetworkPolicySpec
}

export interface NetworkPolicySpec {
  egress?: NetworkPolicyEgressRule[]
  ingress?: NetworkPolicyIngressRule[]
  podSelector: LabelSelector
  policyTypes?: string[]
}

export interface NetworkPolicyEgressRule {
  ports?: NetworkPolicyPort[]
  to?: NetworkPolicyPeer[]
}

export interface NetworkPolicyPort {
  endPort?: number
  port?: number | string
  protocol?: string
}

export interface NetworkPolicyPeer {
  ipBlock?: IPBlock
  namespaceSelector?: LabelSelector
  podSelector?: LabelSelector
}

export interface IPBlock {
  cidr: string
  except?: string[]
}

export interface NetworkPolicyIngressRule {
  from?: NetworkPolicyPeer[]
  ports?: NetworkPolicyPort[]
}

export interface ServiceCIDR extends KubeObject {
  spec: ServiceCIDRSpec
  status?: ServiceCIDRStatus
}

export interface ServiceCIDRSpec {
  cidrs?: string[]
}

export interface ServiceCIDRStatus {
  conditions?: Condition[]
}

export interface IPAddress extends KubeObject {
  spec: IPAddressSpec
}

export interface IPAddressSpec {
  parentRef?: ParentReference
}

export interface ParentReference {
  group?: string
  name?: string
  namespace?: string
  resource?: string
}
