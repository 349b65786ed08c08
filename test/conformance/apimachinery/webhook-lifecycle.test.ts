// Admission webhooks (webhook.go, second half): configurations that change, are many, and have match conditions.
import { randomUUID } from 'node:crypto'
import type { ConfigMap } from '../../../pkg/api/types-config.ts'
import { StatusError } from '../../../pkg/api/status-error.ts'
import { client, eventually, refusal } from '../framework.ts'
import {
  createConfiguration, denyConfigMaps, mutateConfigMaps, mutatingWebhookConfigurations, ready, validatingWebhookConfigurations, webhook, type TestWebhook,
} from './webhook-configurations.ts'
import { configMap, configMaps, mutable, noncompliant, useWebhookServer } from './webhook-fixture.ts'

const fixture = useWebhookServer()
const limit = 30_000

/** The ConfigMap as it was made, and is no more; undefined when it was denied. */
async function tryConfigMap(data: Record<string, string>): Promise<ConfigMap | undefined> {
  const { namespace } = fixture
  const name = randomUUID()
  try {
    const made = await client.create(configMaps, configMap(namespace, name, data))
    await client.delete(configMaps, { namespace, name })
    return made
  } catch (error) {
    if (error instanceof StatusError && error.message.includes('denied')) return undefined
    throw error
  }
}

const denies = () => eventually(async () => await tryConfigMap(noncompliant) === undefined, 'the webhook denies', limit)
const allows = () => eventually(async () => await tryConfigMap(noncompliant) !== undefined, 'the webhook does not deny', limit)
const isMutated = async (): Promise<boolean> => (await tryConfigMap(mutable))?.data?.['mutation-stage-1'] !== undefined
const mutates = () => eventually(isMutated, 'the webhook mutates', limit)
const leaves = () => eventually(async () => !await isMutated(), 'the webhook does not mutate', limit)

async function testChanges(resource: typeof validatingWebhookConfigurations, hook: TestWebhook, { acts, rests, actsAtFirst }: { acts: () => Promise<unknown>; rests: () => Promise<unknown>; actsAtFirst: boolean }): Promise<void> {
  const name = fixture.label
  await createConfiguration(fixture, resource, { name, webhooks: [hook] })
  await ready(fixture)
  if (actsAtFirst) await acts()
  const current = await client.get(resource, { name })
  const webhooks = current.webhooks.map((one, index) => (index > 0 ? one : { ...one, rules: one.rules.map((rule) => ({ ...rule, operations: ['UPDATE'] })) }))
  await client.update(resource, { ...current, webhooks })
  await rests()
  await client.patch(resource, { name }, { type: 'json', body: [{ op: 'replace', path: '/webhooks/0/rules/0/operations', value: ['CREATE'] }] })
  await acts()
}

test('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] patching/updating a validating webhook should work [Conformance]', async () => {
  await testChanges(validatingWebhookConfigurations, denyConfigMaps(fixture), { acts: denies, rests: allows, actsAtFirst: true })
})

test('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] patching/updating a mutating webhook should work [Conformance]', async () => {
  await testChanges(mutatingWebhookConfigurations, mutateConfigMaps(fixture, 1), { acts: mutates, rests: leaves, actsAtFirst: false })
})

async function testList(resource: typeof validatingWebhookConfigurations, hook: TestWebhook, { acts, rests }: { acts: () => Promise<unknown>; rests: () => Promise<unknown> }): Promise<void> {
  const id = randomUUID()
  for (let index = 0; index < 10; index++) {
    await createConfiguration(fixture, resource, { name: `${fixture.label}-${index}`, labels: { 'e2e-list-test-uuid': id }, webhooks: [hook] })
  }
  const labelSelector = `e2e-list-test-uuid=${id}`
  expect((await client.list(resource, { labelSelector })).items).toHaveLength(10)
  await ready(fixture)
  await acts()
  await client.deleteCollection(resource, { labelSelector })
  await rests()
}

test('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] listing validating webhooks should work [Conformance]', async () => {
  await testList(validatingWebhookConfigurations, denyConfigMaps(fixture), { acts: denies, rests: allows })
})

test('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] listing mutating webhooks should work [Conformance]', async () => {
  await testList(mutatingWebhookConfigurations, mutateConfigMaps(fixture, 1), { acts: mutates, rests: leaves })
})

const kinds = {
  validating: {
    resource: validatingWebhookConfigurations,
    hook: (more: Partial<TestWebhook>) => webhook(fixture, { name: 'validation-webhook-with-match-conditions.k8s.io', path: '/always-deny', operations: ['CREATE'], resources: ['configmaps'] }, {
      matchPolicy: 'Equivalent', admissionReviewVersions: ['v1'], ...more,
    }),
  },
  mutating: {
    resource: mutatingWebhookConfigurations,
    hook: (more: Partial<TestWebhook>) => webhook(fixture, { name: 'adding-configmap-data.k8s.io', path: '/mutating-configmaps', operations: ['CREATE'], resources: ['configmaps'] }, more),
  },
} as const

async function testConditions({ resource, hook }: (typeof kinds)[keyof typeof kinds]): Promise<void> {
  const name = fixture.label
  const first = [{ name: 'expression-1', expression: "object.metadata.namespace == 'production'" }]
  await createConfiguration(fixture, resource, { name, webhooks: [hook({ matchConditions: first })] })
  const made = await client.get(resource, { name })
  expect(made.webhooks[0]?.matchConditions).toEqual(first)
  const second = [...first, { name: 'expression-2', expression: "object.metadata.namespace == 'staging'" }]
  await client.update(resource, { ...made, webhooks: made.webhooks.map((one, index) => (index > 0 ? one : { ...one, matchConditions: second })) })
  expect((await client.get(resource, { name })).webhooks[0]?.matchConditions).toEqual(second)
}

async function testBadConditions({ resource, hook }: (typeof kinds)[keyof typeof kinds]): Promise<void> {
  const matchConditions = [{ name: 'invalid-expression-1', expression: '... [] bad expression' }]
  expect((await refusal(createConfiguration(fixture, resource, { name: fixture.label, webhooks: [hook({ matchConditions })] }))).message).toContain('compilation failed')
}

test('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should be able to create and update validating webhook configurations with match conditions [Conformance]', async () => {
  await testConditions(kinds.validating)
})

test('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should be able to create and update mutating webhook configurations with match conditions [Conformance]', async () => {
  await testConditions(kinds.mutating)
})

test('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should reject validating webhook configurations with invalid match conditions [Conformance]', async () => {
  await testBadConditions(kinds.validating)
})

test('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should reject mutating webhook configurations with invalid match conditions [Conformance]', async () => {
  await testBadConditions(kinds.mutating)
})

test("[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should mutate everything except 'skip-me' configmaps [Conformance]", async () => {
  const { namespace, label } = fixture
  const hook = { ...mutateConfigMaps(fixture, 1), matchConditions: [{ name: 'skip-me', expression: "object.metadata.name != 'skip-me'" }] }
  await createConfiguration(fixture, mutatingWebhookConfigurations, { name: label, webhooks: [hook] })
  await ready(fixture)
  const mutated = await client.create(configMaps, configMap(namespace, randomUUID(), mutable))
  expect(mutated.data).toEqual({ 'mutation-start': 'yes', 'mutation-stage-1': 'yes' })
  const skipped = await client.create(configMaps, configMap(namespace, 'skip-me', mutable))
  expect(skipped.data).toEqual({ 'mutation-start': 'yes' })
})
