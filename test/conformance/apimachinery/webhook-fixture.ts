// What each admission webhook test starts with: a labelled namespace, a namespace for markers, and the server.
import { roleBindings } from '../../../pkg/api/types-auth.ts'
import { configMaps, namespaces, serviceAccounts } from '../../../pkg/api/types-config.ts'
import { client, createNamespace, eventually, existing, uniqueName } from '../framework.ts'
import type { Fixture } from './webhook-configurations.ts'
import { markersLabel } from './webhook-configurations.ts'
import { allowAuthReader, deployWebhookServer } from './webhook-server.ts'

/** Made anew before each test of the file. */
export function useWebhookServer(): Fixture & { createNamespace(prefix: string, labels: Record<string, string>): Promise<string> } {
  let current: Fixture | undefined
  let undo: (() => Promise<unknown>)[] = []
  const fixture = (): Fixture => {
    if (!current) throw new Error('there is no webhook server outside of tests')
    return current
  }
  const going = (name: string): string => {
    undo.push(() => client.delete(namespaces, { name }))
    return name
  }
  beforeEach(async () => {
    const label = uniqueName('webhook')
    const namespace = going(await createNamespace('webhook', { 'pod-security.kubernetes.io/enforce': 'baseline' }))
    await client.patch(namespaces, { name: namespace }, { type: 'strategic', body: { metadata: { labels: { [label]: 'true' } } } })
    const markersNamespace = going(await createNamespace('webhook-markers', { [markersLabel({ label })]: 'true' }))
    const reader = `webhook-auth-reader-${label}`
    await allowAuthReader(reader, namespace)
    undo.push(() => client.delete(roleBindings, { namespace: 'kube-system', name: reader }))
    const server = await deployWebhookServer(namespace, {
      program: 'webhook', service: 'e2e-test-webhook', secret: 'sample-webhook-secret', labels: { webhook: 'true' }, port: 8443, containerPort: 8444,
    })
    current = { label, namespace, markersNamespace, server, cleanUp: (what) => void undo.push(what) }
  })
  afterEach(async () => {
    const left = undo.reverse()
    undo = []
    current = undefined
    for (const what of left) await existing(what())
  })
  return {
    get label() { return fixture().label },
    get namespace() { return fixture().namespace },
    get markersNamespace() { return fixture().markersNamespace },
    get server() { return fixture().server },
    cleanUp: (what) => fixture().cleanUp(what),
    async createNamespace(prefix, labels) {
      const name = going(uniqueName(prefix))
      await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels }, spec: {} })
      // Its root CA may be kept out by a webhook.
      await eventually(() => existing(client.get(serviceAccounts, { namespace: name, name: 'default' })), `the default service account of ${name}`)
      return name
    },
  }
}

export const configMap = (namespace: string, name: string, data?: Record<string, string>) =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, ...(data ? { data } : {}) })

export const noncompliant = { 'webhook-e2e-test': 'webhook-disallow' }
export const mutable = { 'mutation-start': 'yes' }

export { configMaps }
