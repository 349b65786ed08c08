// Admission webhooks: what they deny, change and cannot reach.
import type { ConfigMap } from '../../../pkg/api/types-config.ts'
import { customResourceDefinitions } from '../../../pkg/api/types-custom.ts'
import { pods } from '../../../pkg/api/types-pod.ts'
import { StatusError } from '../../../pkg/api/status-error.ts'
import { client, cluster, eventually, existing, http, refusal } from '../framework.ts'
import { createPod, images, podOf, waitRunning } from '../pods.ts'
import { createTestCrd, customObject, openVersion, type TestCrd } from './test-crd.ts'
import {
  createConfiguration, denyConfigMaps, denyPods, failing, mutateConfigMaps, mutatingWebhookConfigurations, ready, register, skipLabels, validatingWebhookConfigurations, webhook,
} from './webhook-configurations.ts'
import { configMap, configMaps, mutable, noncompliant, useWebhookServer } from './webhook-fixture.ts'

const fixture = useWebhookServer()

interface GroupDocument { name: string; versions: { version: string }[] }

test('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should include webhook resources in discovery documents [Conformance]', async () => {
  const name = 'admissionregistration.k8s.io'
  const { groups } = (await http<{ groups: GroupDocument[] }>('GET', '/apis')).json()
  expect(groups.find((one) => one.name === name)?.versions.map(({ version }) => version)).toContain('v1')
  const group = (await http<GroupDocument>('GET', `/apis/${name}`)).json()
  expect(group.name).toBe(name)
  expect(group.versions.map(({ version }) => version)).toContain('v1')
  const list = (await http<{ groupVersion: string; resources: { name: string }[] }>('GET', `/apis/${name}/v1`)).json()
  expect(list.groupVersion).toBe(`${name}/v1`)
  expect(list.resources.map((one) => one.name)).toEqual(expect.arrayContaining(['mutatingwebhookconfigurations', 'validatingwebhookconfigurations']))
})

const pausing = (name: string, container: string, labels: Record<string, string> = {}) =>
  podOf(fixture.namespace, name, { containers: [{ name: container, image: images.toolbox }] }, { labels })

/** Again when somebody else was quicker, and then only. */
async function updated(namespace: string, name: string, data: Record<string, string>): Promise<ConfigMap> {
  return eventually(async () => {
    const current = await client.get(configMaps, { namespace, name })
    try {
      return await client.update(configMaps, { ...current, data: { ...current.data, ...data } })
    } catch (error) {
      if (error instanceof StatusError && error.reason === 'Conflict') return undefined
      throw error
    }
  }, `${name} is updated`, 60_000)
}

test('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should be able to deny pod and configmap creation [Conformance]', async () => {
  const { namespace, label } = fixture
  await register(fixture, validatingWebhookConfigurations, label, [
    denyPods(fixture), denyConfigMaps(fixture), failing(fixture, 'fail-open.k8s.io', { failurePolicy: 'Ignore' }),
  ])
  const denied = await refusal(createPod(pausing('disallowed-pod', 'webhook-disallow', noncompliant)))
  expect(denied.message).toContain('the pod contains unwanted container name')
  expect(denied.message).toContain('the pod contains unwanted label')

  const hung = await refusal(createPod(pausing('hanging-pod', 'wait-forever', { 'webhook-e2e-test': 'wait-forever' })))
  expect(hung.message).toContain('webhook')
  expect(hung.message).toContain('deadline')
  expect(await existing(client.get(pods, { namespace, name: 'hanging-pod' }))).toBeUndefined()

  const text = 'the configmap contains unwanted key and value'
  expect((await refusal(client.create(configMaps, configMap(namespace, 'disallowed-configmap', noncompliant)))).message).toContain(text)
  const name = 'allowed-configmap'
  await client.create(configMaps, configMap(namespace, name, { admit: 'this' }))
  expect((await refusal(updated(namespace, name, noncompliant))).message).toContain(text)
  expect((await refusal(client.patch(configMaps, { namespace, name }, { type: 'strategic', body: { data: noncompliant } }))).message).toContain(text)

  const skipped = await fixture.createNamespace('exempted-namespace', { ...skipLabels, [label]: 'true' })
  await client.create(configMaps, configMap(skipped, 'disallowed-configmap', noncompliant))
})

test('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should be able to deny attaching pod [Conformance]', async () => {
  const { namespace, label } = fixture
  await register(fixture, validatingWebhookConfigurations, label, [
    webhook(fixture, { name: 'deny-attaching-pod.k8s.io', path: '/pods/attach', operations: ['CONNECT'], resources: ['pods/attach'] }),
  ])
  const pod = await createPod(pausing('to-be-attached-pod', 'container1'))
  await waitRunning(pod)
  const { code, stderr } = await cluster.tryKubectl(['attach', `--namespace=${namespace}`, 'to-be-attached-pod', '-i', '-c=container1'])
  expect(code).not.toBe(0)
  expect(stderr).toContain("attaching to pod 'to-be-attached-pod' is not allowed")
})

async function testCrd(options?: Parameters<typeof createTestCrd>[1]): Promise<TestCrd> {
  const made = await createTestCrd(fixture.label, options)
  fixture.cleanUp(() => made.remove())
  return made
}

test('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should be able to deny custom resource creation, update and deletion [Conformance]', async () => {
  const { namespace, label } = fixture
  const crd = await testCrd()
  await register(fixture, validatingWebhookConfigurations, label, [
    webhook(fixture, { name: 'deny-unwanted-custom-resource-data.k8s.io', path: '/custom-resource', operations: ['CREATE', 'UPDATE', 'DELETE'], group: crd.group, resources: [crd.of('v1').plural] }),
  ])
  const v1 = crd.of('v1')
  const disallowed = { data: noncompliant }
  expect((await refusal(client.create(v1, customObject(crd, 'v1', { namespace, name: 'cr-instance-1' }, disallowed)))).message).toContain('the custom resource contains unwanted data')

  const name = 'cr-instance-2'
  await client.create(v1, customObject(crd, 'v1', { namespace, name }, { data: { 'webhook-e2e-test': 'webhook-nondeletable' } }))
  const update = async (data: Record<string, string>) => client.update(v1, { ...await client.get(v1, { namespace, name }), data })
  expect((await refusal(update(noncompliant))).message).toContain('the custom resource contains unwanted data')
  expect((await refusal(client.delete(v1, { namespace, name }))).message).toContain('the custom resource cannot be deleted because it contains unwanted key and value')
  await update({ 'webhook-e2e-test': 'webhook-allow' })
  await client.delete(v1, { namespace, name })
})

test('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should unconditionally reject operations on fail closed webhook [Conformance]', async () => {
  const { label } = fixture
  const closed = 'fail-closed-webhook'
  await register(fixture, validatingWebhookConfigurations, label, [failing(fixture, 'fail-closed.k8s.io', {
    failurePolicy: 'Fail', namespaceSelector: { matchLabels: { [label]: 'true' }, matchExpressions: [{ key: closed, operator: 'In', values: ['yes'] }] },
  })])
  const namespace = await fixture.createNamespace('fail-closed-namespace', { [closed]: 'yes', [label]: 'true' })
  expect((await refusal(client.create(configMaps, configMap(namespace, 'foo')))).reason).toBe('InternalError')
})

test('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should mutate configmap [Conformance]', async () => {
  await register(fixture, mutatingWebhookConfigurations, fixture.label, [mutateConfigMaps(fixture, 1), mutateConfigMaps(fixture, 2)])
  const made = await client.create(configMaps, configMap(fixture.namespace, 'to-be-mutated', mutable))
  expect(made.data).toEqual({ 'mutation-start': 'yes', 'mutation-stage-1': 'yes', 'mutation-stage-2': 'yes' })
})

test('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should mutate pod and apply defaults after mutation [Conformance]', async () => {
  await register(fixture, mutatingWebhookConfigurations, fixture.label, [
    webhook(fixture, { name: 'adding-init-container.k8s.io', path: '/mutating-pods', operations: ['CREATE'], resources: ['pods'] }),
  ])
  const { spec } = await createPod(pausing('webhook-to-be-mutated', 'example'))
  expect(spec.initContainers).toHaveLength(1)
  expect(spec.initContainers?.[0]).toMatchObject({ name: 'webhook-added-init-container', terminationMessagePolicy: 'File' })
})

test('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should not be able to mutate or prevent deletion of webhook configuration objects [Conformance]', async () => {
  const { label } = fixture
  const about = { group: 'admissionregistration.k8s.io', versions: ['*'], resources: ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'] }
  await register(fixture, validatingWebhookConfigurations, `${label}blocking`, [
    webhook(fixture, { name: 'deny-webhook-configuration-deletions.k8s.io', path: '/always-deny', operations: ['DELETE'], ...about }, { failurePolicy: 'Fail' }),
  ])
  await register(fixture, mutatingWebhookConfigurations, `${label}blocking`, [
    webhook(fixture, { name: 'add-label-to-webhook-configurations.k8s.io', path: '/add-label', operations: ['CREATE'], ...about }, { failurePolicy: 'Fail' }),
  ])
  for (const [resource, kind] of [[validatingWebhookConfigurations, 'validating'], [mutatingWebhookConfigurations, 'mutating']] as const) {
    const dummy = webhook(fixture, { name: `dummy-${kind}-webhook.k8s.io`, path: '', operations: ['CREATE'], resources: ['invalid'] }, { failurePolicy: 'Ignore' })
    delete dummy.clientConfig.caBundle
    const made = await createConfiguration(fixture, resource, { name: label, webhooks: [dummy] })
    expect(made.metadata.labels?.['added-label']).toBeUndefined()
    await ready(fixture)
    await client.delete(resource, { name: label })
  }
})

const stages = (crd: TestCrd) => [1, 2].map((stage) => webhook(fixture, {
  name: `mutate-custom-resource-data-stage-${stage}.k8s.io`, path: '/mutating-custom-resource', operations: stage === 1 ? ['CREATE', 'UPDATE'] : ['CREATE'],
  group: crd.group, versions: crd.crd.spec.versions.filter(({ served }) => served).map(({ name }) => name), resources: [crd.of('v1').plural],
}))

async function testMutation(crd: TestCrd, expected: Record<string, string>): Promise<void> {
  await register(fixture, mutatingWebhookConfigurations, fixture.label, stages(crd))
  const made = await client.create(crd.of('v1'), customObject(crd, 'v1', { namespace: fixture.namespace, name: 'cr-instance-1' }, { data: mutable }))
  expect(made.data).toEqual(expected)
}

test('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should mutate custom resource [Conformance]', async () => {
  await testMutation(await testCrd(), { 'mutation-start': 'yes', 'mutation-stage-1': 'yes', 'mutation-stage-2': 'yes' })
})

test('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should mutate custom resource with pruning [Conformance]', async () => {
  const data = { type: 'object' as const, properties: { 'mutation-start': { type: 'string' as const }, 'mutation-stage-1': { type: 'string' as const } } }
  const schema = { openAPIV3Schema: { type: 'object' as const, properties: { data } } }
  const versions = [openVersion('v1', true), openVersion('v2', false)].map((version) => ({ ...version, schema }))
  await testMutation(await testCrd({ versions, preserveUnknownFields: false }), { 'mutation-start': 'yes', 'mutation-stage-1': 'yes' })
})

test('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should mutate custom resource with different stored version [Conformance]', async () => {
  const { namespace } = fixture
  const crd = await testCrd({ versions: [openVersion('v1', true), openVersion('v2', false)] })
  await register(fixture, mutatingWebhookConfigurations, fixture.label, stages(crd))
  const name = 'cr-instance-1'
  await client.create(crd.of('v1'), customObject(crd, 'v1', { namespace, name }, { data: mutable }))
  const versions = [openVersion('v1', false), openVersion('v2', true)]
  await client.patch(customResourceDefinitions, { name: crd.crd.metadata.name ?? '' }, { type: 'strategic', body: { spec: { versions } } })
  const patched = await client.patch(crd.of('v2'), { namespace, name }, { type: 'json', body: [{ op: 'add', path: '/dummy', value: 'test' }] })
  expect(patched.data).toEqual({ 'mutation-start': 'yes', 'mutation-stage-1': 'yes', 'mutation-stage-2': 'yes' })
  expect(patched.dummy).toBe('test')
})

test('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should deny crd creation [Conformance]', async () => {
  const { label } = fixture
  const scoped = webhook(fixture, { name: 'deny-crd-with-unwanted-label.k8s.io', path: '/crd', operations: ['CREATE'], group: 'apiextensions.k8s.io', versions: ['*'], resources: ['customresourcedefinitions'] }, {
    objectSelector: { matchLabels: { [label]: 'true' } },
  })
  delete scoped.namespaceSelector
  await register(fixture, validatingWebhookConfigurations, label, [scoped])
  const [singular, kind, group] = ['e2e-test-webhook-deny-crd', 'E2e-test-webhook-deny-crd', 'webhook.example.com']
  const denied = await refusal(client.create(customResourceDefinitions, {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition',
    metadata: { name: `${singular}s.${group}`, labels: { [label]: 'true', ...noncompliant } },
    spec: { group, scope: 'Namespaced', versions: [openVersion('v1', true)], names: { singular, kind, listKind: `${kind}List`, plural: `${singular}s` } },
  }))
  expect(denied.message).toContain('the crd contains unwanted label')
})

test('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should honor timeout [Conformance]', async () => {
  const { namespace, label } = fixture
  const name = 'e2e-test-slow-webhook-configmap'
  const slow = async (failurePolicy: string, timeoutSeconds: number | undefined, act: () => Promise<void>): Promise<void> => {
    await register(fixture, validatingWebhookConfigurations, label, [
      webhook(fixture, { name: 'allow-configmap-with-delay-webhook.k8s.io', path: '/always-allow-delay-5s', operations: ['CREATE'], resources: ['configmaps'] }, {
        failurePolicy, ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
      }),
    ])
    await act()
    await client.delete(validatingWebhookConfigurations, { name: label })
  }
  const create = () => client.create(configMaps, configMap(namespace, name))
  const works = async (): Promise<void> => {
    await create()
    await client.delete(configMaps, { namespace, name })
  }
  await slow('Fail', 1, async () => {
    const { message } = await refusal(create())
    expect(message).toMatch(/context deadline exceeded|timeout/)
    expect(message).toContain('/always-allow-delay-5s?timeout=1s')
  })
  await slow('Ignore', 1, works)
  await slow('Fail', 10, works)
  await slow('Fail', undefined, works)
})
