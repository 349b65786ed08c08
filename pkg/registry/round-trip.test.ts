// Every kind: writing back what was read changes nothing, so that no revision is made and no controller wakes up.
import type { AnyObject, KubeObject } from '../api/object.ts'
import { fixture, asking } from './fixture.suite.ts'
import { builtinDefinitions } from './kinds.ts'
import { ServiceAllocator } from './service-allocator.ts'

const containers = [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }], livenessProbe: { httpGet: { port: 80 } }, env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }], resources: { limits: { cpu: '0.5', memory: '1024Mi' } } }]
const template = { metadata: { labels: { a: 'b' } }, spec: { containers, volumes: [{ name: 'v', configMap: { name: 'm' } }, { name: 'h', hostPath: { path: '/x' } }] } }
const selector = { matchLabels: { a: 'b' } }
const jobTemplate = { spec: { template: { spec: { ...template.spec, restartPolicy: 'Never' } } } }
const clientConfig = { service: { namespace: 'n', name: 's' } }
const webhook = { name: 'a.example.com', clientConfig, sideEffects: 'None', admissionReviewVersions: ['v1'], rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] }] }

const samples: Readonly<Record<string, object>> = {
  'v1 pods': { spec: template.spec },
  'v1 services': { spec: { type: 'LoadBalancer', ports: [{ port: 80 }], selector: { a: 'b' } } },
  'v1 namespaces': {},
  'v1 nodes': { spec: { podCIDR: '10.0.0.0/24' }, status: { capacity: { cpu: '2' } } },
  'v1 secrets': { stringData: { a: 'b' } },
  'v1 configmaps': { data: { a: 'b' } },
  'v1 serviceaccounts': {},
  'v1 endpoints': { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }] },
  'v1 events': { involvedObject: { kind: 'Pod', namespace: 'default', name: 'p' }, reason: 'r', message: 'm', type: 'Normal', count: 1, firstTimestamp: '2026-01-01T00:00:00Z' },
  'v1 limitranges': { spec: { limits: [{ type: 'Container', default: { cpu: '1' } }] } },
  'v1 resourcequotas': { spec: { hard: { pods: '10' } } },
  'v1 persistentvolumes': { spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } } },
  'v1 persistentvolumeclaims': { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
  'v1 podtemplates': { template },
  'v1 replicationcontrollers': { spec: { template } },
  'apps/v1 deployments': { spec: { selector, template } },
  'apps/v1 replicasets': { spec: { selector, template } },
  'apps/v1 statefulsets': { spec: { selector, template, serviceName: 's', volumeClaimTemplates: [{ metadata: { name: 'd' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }] } },
  'apps/v1 daemonsets': { spec: { selector, template } },
  'apps/v1 controllerrevisions': { revision: 1, data: { spec: { template } } },
  'batch/v1 jobs': jobTemplate,
  'batch/v1 cronjobs': { spec: { schedule: '* * * * *', jobTemplate } },
  'autoscaling/v1 horizontalpodautoscalers': { spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }, maxReplicas: 3, targetCPUUtilizationPercentage: 50 } },
  'autoscaling/v2 horizontalpodautoscalers': { spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }, maxReplicas: 3 } },
  'policy/v1 poddisruptionbudgets': { spec: { minAvailable: 1, selector } },
  'networking.k8s.io/v1 ingresses': { spec: { rules: [{ host: 'h.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 's', port: { number: 80 } } } }] } }] } },
  'networking.k8s.io/v1 networkpolicies': { spec: { podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] } },
  'discovery.k8s.io/v1 endpointslices': { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }], ports: [{ port: 80 }] },
  'coordination.k8s.io/v1 leases': { spec: { holderIdentity: 'x', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:00.000000Z' } },
  'rbac.authorization.k8s.io/v1 clusterroles': { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
  'rbac.authorization.k8s.io/v1 rolebindings': { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' }, subjects: [{ kind: 'User', name: 'u' }] },
  'storage.k8s.io/v1 storageclasses': { provisioner: 'p' },
  'scheduling.k8s.io/v1 priorityclasses': { value: 5 },
  'node.k8s.io/v1 runtimeclasses': { handler: 'h' },
  'admissionregistration.k8s.io/v1 validatingwebhookconfigurations': { webhooks: [webhook] },
  'apiextensions.k8s.io/v1 customresourcedefinitions': { metadata: { name: 'foos.example.com' }, spec: { group: 'example.com', scope: 'Namespaced', names: { plural: 'foos', kind: 'Foo' }, versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }] } },
}

describe('writing back what was read', () => {
  it.each(Object.keys(samples))('%s', async (title) => {
    const { registry, store, create } = fixture({ definitions: builtinDefinitions(), allocators: [new ServiceAllocator({ cidr: '10.43.0.0/16' })] })
    const [apiVersion = '', plural = ''] = title.split(' ')
    const [version = '', group = ''] = apiVersion.split('/').reverse()
    const definition = registry.definition(group, version, plural)
    if (!definition) throw new Error(`${title} is not defined`)
    const made = await create(definition, { metadata: { name: 'x' }, ...samples[title] })
    const { revision } = store
    const at = { ...asking(), namespace: 'default', name: made.metadata.name ?? '' }
    const again = async (object: KubeObject, subresource?: string): Promise<void> => {
      const result = await registry.update(definition, { ...at, object, ...(subresource ? { subresource } : {}) })
      expect(result.object).toEqual(made)
    }
    await again(made)
    await again(JSON.parse(JSON.stringify(made)) as AnyObject)
    await again({ ...made, metadata: { ...made.metadata, labels: made.metadata.labels ?? {}, finalizers: made.metadata.finalizers ?? [], annotations: undefined } } as unknown as AnyObject)
    if (definition.subresources.some(({ name }) => name === 'status')) await again(made, 'status')
    await registry.patch(definition, { ...at, patch: { type: 'strategic', body: {} } })
    expect(store.revision).toBe(revision)
  })
})
