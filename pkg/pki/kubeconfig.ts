// The kubeconfig that gives kubectl a cluster and a user.
import { dump } from 'js-yaml'
import type { KeyPair } from './certificates.ts'

export interface KubeconfigOptions {
  /** https://host:port */
  readonly server: string
  /** PEM of the authority that signs the server's certificate. */
  readonly serverAuthority: string
  /** A client certificate or a bearer token. */
  readonly user: KeyPair | { readonly token: string }
  /** Name of the cluster, the user and the context. */
  readonly name?: string
}

export function kubeconfig({ server, serverAuthority, user, name = 'kinglet' }: KubeconfigOptions): Record<string, unknown> {
  const credentials = 'token' in user ? { token: user.token } : { 'client-certificate-data': base64(user.certificate), 'client-key-data': base64(user.key) }
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(serverAuthority) } }],
    users: [{ name, user: credentials }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
    preferences: {},
  }
}

export function kubeconfigYaml(options: KubeconfigOptions): string {
  return dump(kubeconfig(options), { lineWidth: -1 })
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
