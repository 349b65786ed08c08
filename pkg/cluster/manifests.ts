// What a new cluster applies to itself: the YAML files of manifests/ and the objects that depend on its options.
import { readdirSync, readFileSync } from 'node:fs'
import { loadAll } from 'js-yaml'
import type { KubeObject } from '../api/object.ts'
import type { Endpoints, EndpointSlice, Service } from '../api/types-service.ts'
import { mandatoryFlowObjects } from '../registry/kinds/mandatory-flow.ts'
import { addressAt, type ClusterOptions } from './options.ts'

const directory = new URL('../../manifests/', import.meta.url)

/** All objects of manifests/ and the mandatory ones of flow control, namespaces first, then in the order of file names; `$(CLUSTER_DNS)` and the like stand for options. */
export function readManifests(options: ClusterOptions): KubeObject[] {
  const values: Record<string, string> = { CLUSTER_DNS: options.clusterDns, CLUSTER_DOMAIN: options.clusterDomain, SERVICE_CIDR: options.serviceCidr }
  // A build has them as JSON, which is read much quicker.
  const objects = readdirSync(directory).filter((name) => /\.(?:yaml|json)$/.test(name)).sort().flatMap((name) => {
    const text = readFileSync(new URL(name, directory), 'utf8').replace(/\$\((CLUSTER_DNS|CLUSTER_DOMAIN|SERVICE_CIDR)\)/g, (_match, key: string) => values[key] ?? '')
    return ((name.endsWith('.json') ? JSON.parse(text) : loadAll(text)) as (KubeObject | null)[]).filter((object) => object !== null)
  })
  const last = (object: KubeObject): number => Number(object.kind !== 'Namespace')
  return [...objects, ...mandatoryFlowObjects()].sort((a, b) => last(a) - last(b))
}

/** The `kubernetes` Service, through which pods reach the API server. */
export function kubernetesService(options: ClusterOptions): Service {
  return {
    apiVersion: 'v1', kind: 'Service',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      type: 'ClusterIP', clusterIP: addressAt(options.serviceCidr, 1), clusterIPs: [addressAt(options.serviceCidr, 1)],
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: options.httpsPort }],
    },
  }
}

/** Where the `kubernetes` Service leads to: written anew at each start, since address and port may have changed. */
export function kubernetesEndpoints(address: string, port: number): { endpoints: Endpoints; slice: EndpointSlice } {
  const ports = [{ name: 'https', port, protocol: 'TCP' }]
  return {
    endpoints: {
      apiVersion: 'v1', kind: 'Endpoints',
      metadata: { name: 'kubernetes', namespace: 'default', labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
      subsets: [{ addresses: [{ ip: address }], ports }],
    },
    slice: {
      apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice',
      metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      addressType: 'IPv4', endpoints: [{ addresses: [address], conditions: { ready: true } }], ports,
    },
  }
}

export const authenticationConfigName = 'extension-apiserver-authentication'

/** Where extension API servers read how the front proxy shows itself. */
export function authenticationConfig(clientCa: string, requestHeaderCa: string): KubeObject & { data: Record<string, string> } {
  return {
    apiVersion: 'v1', kind: 'ConfigMap',
    metadata: { name: authenticationConfigName, namespace: 'kube-system' },
    data: {
      'client-ca-file': clientCa,
      'requestheader-client-ca-file': requestHeaderCa,
      'requestheader-allowed-names': '["front-proxy-client"]',
      'requestheader-username-headers': '["X-Remote-User"]',
      'requestheader-uid-headers': '["X-Remote-Uid"]',
      'requestheader-group-headers': '["X-Remote-Group"]',
      'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    },
  }
}
