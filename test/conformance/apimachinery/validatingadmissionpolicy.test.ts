// Admission by expressions: policies that hold for one labelled namespace, and the API of policies and bindings.
import type { AnyObject, Resource } from '../../../pkg/api/object.ts'
import { StatusError } from '../../../pkg/api/status-error.ts'
import { namespaces } from '../../../pkg/api/types-config.ts'
import { deployments, replicaSets } from '../../../pkg/api/types-workload.ts'
import { client, eventually, existing, useNamespace } from '../framework.ts'
import { checkOperations } from './api-operations.ts'

const namespace = useNamespace('validating-admission-policy')
const group = { group: 'admissionregistration.k8s.io', version: 'v1', namespaced: false }
const policies: Resource<AnyObject> = { ...group, plural: 'validatingadmissionpolicies', kind: 'ValidatingAdmissionPolicy' }
const bindings: Resource<AnyObject> = { ...group, plural: 'validatingadmissionpolicybindings', kind: 'ValidatingAdmissionPolicyBinding' }
const apiVersion = 'admissionregistration.k8s.io/v1'

const workload = (name: string, replicas: number) => ({
  metadata: { name, namespace: namespace.name, labels: { app: 'nginx' } },
  spec: {
    replicas, selector: { matchLabels: { app: 'nginx' } },
    template: { metadata: { labels: { app: 'nginx' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:latest' }] } },
  },
})
const deployment = (name: string, replicas: number) => ({ apiVersion: 'apps/v1', kind: 'Deployment', ...workload(name, replicas) })
const remove = (resource: Resource, name: string): Promise<unknown> => existing(client.delete(resource, { name, ...(resource.namespaced ? { namespace: namespace.name } : {}) }))

/** With a policy for this namespace's deployments: a deployment of one is refused, one of `allowed` is not, and replica sets are not its matter. */
async function checkPolicy(rules: object, allowed: number): Promise<void> {
  const { name } = namespace
  await client.patch(namespaces, { name }, { type: 'merge', body: { metadata: { labels: { [name]: 'true' } } } })
  const namespaceSelector = { matchLabels: { [name]: 'true' } }
  const policyName = `${name}.policy.example.com`
  const matchConstraints = { namespaceSelector, resourceRules: [{ operations: ['CREATE', 'UPDATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] }] }
  try {
    await client.create(policies, { apiVersion, kind: policies.kind, metadata: { name: policyName }, spec: { matchConstraints, ...rules } })
    await client.create(bindings, {
      apiVersion, kind: bindings.kind, metadata: { name: `${name}.binding.example.com` },
      spec: { policyName, matchResources: { namespaceSelector }, validationActions: ['Deny'] },
    })
    await eventually(isMarkerRefused, 'the marker deployment is refused')
    await client.create(deployments, deployment('replicated', allowed))
    await remove(deployments, 'replicated')
    await client.create(replicaSets, { apiVersion: 'apps/v1', kind: 'ReplicaSet', ...workload('non-replicated', 1) })
    await remove(replicaSets, 'non-replicated')
  } finally {
    await remove(bindings, `${name}.binding.example.com`)
    await remove(policies, policyName)
  }
}

async function isMarkerRefused(): Promise<boolean> {
  try {
    await client.create(deployments, deployment('marker-deployment', 1))
    return false
  } catch (error) {
    if (error instanceof StatusError && error.status.reason === 'Invalid') return true
    throw error
  } finally {
    await remove(deployments, 'marker-deployment')
  }
}

test('[sig-api-machinery] ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should validate against a Deployment [Conformance]', async () => {
  await checkPolicy({
    validations: [
      { expression: 'object.spec.replicas > 1', messageExpression: "'wants replicas > 1, got ' + object.spec.replicas" },
      { expression: `namespaceObject.metadata.name == '${namespace.name}'`, message: 'Internal error! Other namespace should not be allowed.' },
    ],
  }, 2)
})

test('[sig-api-machinery] ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should allow expressions to refer variables. [Conformance]', async () => {
  await checkPolicy({
    variables: [{ name: 'replicas', expression: 'object.spec.replicas' }, { name: 'oddReplicas', expression: 'variables.replicas % 2 == 1' }],
    validations: [{ expression: 'variables.replicas > 1' }, { expression: 'variables.oddReplicas' }],
  }, 3)
})

test('[sig-api-machinery] ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should support ValidatingAdmissionPolicy API operations [Conformance]', async () => {
  const condition = { status: 'False', message: 'Set from an e2e test', lastTransitionTime: '2024-01-01T00:00:00Z' }
  await checkOperations({
    resource: policies,
    generateName: 'e2e-example-vap-',
    spec: {
      validations: [{ expression: 'object.spec.replicas <= 100' }],
      matchConstraints: { resourceRules: [{ operations: ['CREATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] }] },
    },
    patch: { failurePolicy: 'Ignore' },
    update: (spec) => ({ ...spec, failurePolicy: 'Fail' }),
    updated: { failurePolicy: 'Fail' },
    status: { patched: { type: 'PatchStatusFailed', reason: 'e2e', ...condition }, updated: { type: 'StatusUpdateFailed', reason: 'E2E', ...condition } },
    finalizersAllowed: true,
  })
})

test('[sig-api-machinery] ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should support ValidatingAdmissionPolicyBinding API operations [Conformance]', async () => {
  await checkOperations({
    resource: bindings,
    generateName: 'e2e-example-vapb-',
    spec: { policyName: 'replicalimit-policy.example.com', validationActions: ['Deny'] },
    patch: { validationActions: ['Warn'] },
    update: (spec) => ({ ...spec, validationActions: ['Deny'] }),
    updated: { validationActions: ['Deny'] },
    finalizersAllowed: true,
  })
})
