// The tables that the data plane is handed: plain data, whole, each time something changed. The receiver works out the difference.

export interface Endpoint {
  readonly ip: string
  readonly port: number
  /** Runs on this node. */
  readonly local: boolean
}

/** One port of one Service. */
export interface ServicePort {
  /** `namespace/name:port name/protocol`; unique and stable. */
  readonly id: string
  readonly protocol: 'TCP' | 'UDP'
  /** Empty for headless Services, which are not in the table at all. */
  readonly clusterIP: string
  readonly port: number
  /** 0: no node port. */
  readonly nodePort: number
  /** External and load balancer addresses that lead to the same endpoints. */
  readonly externalIPs: readonly string[]
  /** ClientIP affinity in seconds; 0: none. */
  readonly affinitySeconds: number
  /** internalTrafficPolicy and externalTrafficPolicy Local: only endpoints on this node. */
  readonly internalLocal: boolean
  readonly externalLocal: boolean
  readonly endpoints: readonly Endpoint[]
}

/** A container port that is published on the node. */
export interface HostPort {
  readonly protocol: 'TCP' | 'UDP'
  /** '' means every address of the node. */
  readonly hostIP: string
  readonly hostPort: number
  readonly podIP: string
  readonly podPort: number
}

export interface ServiceTable {
  readonly ports: readonly ServicePort[]
  /** Ranges of ClusterIPs beside the cluster's own; none overlaps another. */
  readonly ranges?: readonly string[]
}

export interface DnsService {
  readonly namespace: string
  readonly name: string
  /** Empty for headless Services. */
  readonly clusterIPs: readonly string[]
  /** CNAME target of an ExternalName Service; '' otherwise. */
  readonly externalName: string
  readonly ports: readonly { readonly name: string; readonly protocol: string; readonly port: number }[]
  /** Of headless Services: each address that a name leads to. */
  readonly endpoints: readonly {
    readonly ip: string
    /** '' for an endpoint without a hostname of its own. */
    readonly hostname: string
    readonly ports: readonly { readonly name: string; readonly protocol: string; readonly port: number }[]
  }[]
}

export interface DnsTable {
  readonly services: readonly DnsService[]
  readonly namespaces: readonly string[]
}
