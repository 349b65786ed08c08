// Webhook configurations of the admission tests, each limited to what its own test labels.
import { randomUUID } from 'node:crypto'
import type { KubeObject, Resource } from '../../../pkg/api/object.ts'
import { StatusError } from '../../../pkg/api/status-error.ts'
import { configMaps } from '../../../pkg/api/types-config.ts'
import { client, eventually } from '../framework.ts'
import type { WebhookServer } from './webhook-server.ts'

export interface TestWebhook {
  name: string
  rules: { operations: string[]; apiGroups: string[]; apiVersions: string[]; resources: string[] }[]
  clientConfig: { service: { namespace: string; name: string; path: string; port: number }; caBundle?: string }
  sideEffects: string
  admissionReviewVersions: string[]
  namespaceSelector?: { matchLabels: Record<string, string>; matchExpressions?: { key: string; operator: string; values: string[] }[] }
  objectSelector?: { matchLabels: Record<string, string> }
  failurePolicy?: string
  matchPolicy?: string
  timeoutSeconds?: number
  matchConditions?: { name: string; expression: string }[]
}

export interface WebhookConfiguration extends KubeObject {
  webhooks: TestWebhook[]
}

const configurations = (kind: string): Resource<WebhookConfiguration> =>
  ({ group: 'admissionregistration.k8s.io', version: 'v1', plural: `${kind.toLowerCase()}s`, kind, namespaced: false })

export const validatingWebhookConfigurations = configurations('ValidatingWebhookConfiguration')
export const mutatingWebhookConfigurations = configurations('MutatingWebhookConfiguration')

/** What one test's webhooks are about, and where they are. */
export interface Fixture {
  /** The test's own label. */
  readonly label: string
  readonly namespace: string
  readonly markersNamespace: string
  readonly server: WebhookServer
  /** Called after the test. */
  cleanUp(what: () => Promise<unknown>): void
}

export const markersLabel = ({ label }: Pick<Fixture, 'label'>): string => `${label}-markers`

export function webhook({ server, label }: Fixture, about: {
  readonly name: string; readonly path: string; readonly operations: string[]; readonly group?: string; readonly versions?: string[]; readonly resources: string[]
}, more: Partial<TestWebhook> = {}): TestWebhook {
  return {
    name: about.name,
    rules: [{ operations: about.operations, apiGroups: [about.group ?? ''], apiVersions: about.versions ?? ['v1'], resources: about.resources }],
    clientConfig: { service: { namespace: server.namespace, name: server.service, path: about.path, port: server.port }, caBundle: server.caBundle },
    sideEffects: 'None', admissionReviewVersions: ['v1', 'v1beta1'], namespaceSelector: { matchLabels: { [label]: 'true' } }, ...more,
  }
}

const skipLabel = 'skip-webhook-admission'
export const skipLabels = { [skipLabel]: 'yes' }

export const denyPods = (fixture: Fixture): TestWebhook =>
  webhook(fixture, { name: 'deny-unwanted-pod-container-name-and-label.k8s.io', path: '/pods', operations: ['CREATE'], resources: ['pods'] })

export const denyConfigMaps = (fixture: Fixture): TestWebhook =>
  webhook(fixture, { name: 'deny-unwanted-configmap-data.k8s.io', path: '/configmaps', operations: ['CREATE', 'UPDATE', 'DELETE'], resources: ['configmaps'] }, {
    namespaceSelector: { matchLabels: { [fixture.label]: 'true' }, matchExpressions: [{ key: skipLabel, operator: 'NotIn', values: ['yes'] }] },
  })

export const mutateConfigMaps = (fixture: Fixture, stage: number): TestWebhook =>
  webhook(fixture, { name: `adding-configmap-data-stage-${stage}.k8s.io`, path: '/mutating-configmaps', operations: ['CREATE'], resources: ['configmaps'] })

/** The server cannot be reached: without its authority, every call fails. */
export function failing(fixture: Fixture, name: string, more: Partial<TestWebhook>): TestWebhook {
  const made = webhook(fixture, { name, path: '/configmaps', operations: ['CREATE'], resources: ['configmaps'] }, more)
  delete made.clientConfig.caBundle
  return made
}

const isReady = (fixture: Fixture, kind: 'validating' | 'mutating'): TestWebhook =>
  webhook(fixture, { name: `${kind}-is-webhook-configuration-ready.k8s.io`, path: '/always-deny', operations: ['CREATE'], resources: ['configmaps'] }, {
    failurePolicy: 'Ignore', namespaceSelector: { matchLabels: { [markersLabel(fixture)]: 'true' } }, objectSelector: { matchLabels: { [fixture.label]: 'true' } },
  })

/** With a webhook by which `ready` sees that the configuration is in force. */
export function createConfiguration(fixture: Fixture, resource: typeof validatingWebhookConfigurations, { name, labels, webhooks }: {
  readonly name: string; readonly labels?: Record<string, string>; readonly webhooks: readonly TestWebhook[]
}): Promise<WebhookConfiguration> {
  const kind = resource === validatingWebhookConfigurations ? 'validating' : 'mutating'
  fixture.cleanUp(() => client.delete(resource, { name }))
  return client.create(resource, {
    apiVersion: 'admissionregistration.k8s.io/v1', kind: resource.kind, metadata: { name, ...(labels ? { labels } : {}) }, webhooks: [...webhooks, isReady(fixture, kind)],
  })
}

/** Creates markers until one is denied. */
export async function ready({ markersNamespace, label }: Fixture): Promise<void> {
  await eventually(async () => {
    const name = randomUUID()
    try {
      await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: markersNamespace, labels: { [label]: 'true' } } })
    } catch (error) {
      if (error instanceof StatusError && error.message.includes('denied')) return true
      throw error
    }
    await client.delete(configMaps, { namespace: markersNamespace, name })
    return false
  }, 'the webhook configuration is in force', 30_000)
}

export async function register(fixture: Fixture, resource: typeof validatingWebhookConfigurations, name: string, webhooks: readonly TestWebhook[]): Promise<WebhookConfiguration> {
  const made = await createConfiguration(fixture, resource, { name, webhooks })
  await ready(fixture)
  return made
}
