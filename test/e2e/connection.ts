// How a test process reaches the API server of its cluster: address, authority and an administrator's certificate.
import { readFileSync } from 'node:fs'
import { load } from 'js-yaml'
import type { TestCluster } from './cluster.ts'

export interface Connection {
  readonly server: string
  /** PEM, as the two below. */
  readonly ca: string
  readonly certificate: string
  readonly key: string
}

interface Kubeconfig {
  clusters: { cluster: { 'certificate-authority-data': string } }[]
  users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[]
}

export function connectionTo(cluster: TestCluster): Connection {
  const { clusters, users } = load(readFileSync(cluster.kubeconfig, 'utf8')) as Kubeconfig
  const decode = (data = ''): string => Buffer.from(data, 'base64').toString('utf8')
  return {
    server: `https://${cluster.network.address}:6443`,
    ca: decode(clusters[0]?.cluster['certificate-authority-data']),
    certificate: decode(users[0]?.user['client-certificate-data']),
    key: decode(users[0]?.user['client-key-data']),
  }
}
