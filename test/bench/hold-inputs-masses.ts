// Inputs that are dear by how many objects there are: made at once, found at a start, looked after by controllers, and deleted at once.
import { all, base, crds, keyed, merge, times } from './hold-calls.ts'
import type { Api, HoldInput, Reply } from './hold-inputs.ts'

const apps = '/apis/apps/v1/namespaces/default'
const rbac = '/apis/rbac.authorization.k8s.io/v1'
const admission = '/apis/admissionregistration.k8s.io/v1'
const group = 'masses.example.com'
const set = 'labelSelector=set%3Dmass'
const labels = { set: 'mass' }

async function told(...calls: (Promise<Reply> | (() => Promise<Reply>))[]): Promise<string> {
  const shown: string[] = []
  for (const call of calls) {
    const { code, text } = await (typeof call === 'function' ? call() : call)
    shown.push(code >= 400 ? `${code} ${(JSON.parse(text) as { message?: string }).message?.slice(0, 100)}` : `${code} ${text.length}`)
  }
  return shown.join('; ')
}

const patience = (): Promise<void> => new Promise((next) => setTimeout(next, 200))

async function until(holds: () => Promise<boolean>, seconds = 120): Promise<void> {
  for (const end = performance.now() + seconds * 1000; !await holds(); await patience()) if (performance.now() > end) throw new Error('it has not come to that in time')
}

async function count(api: Api, path: string): Promise<number> {
  const { text } = await api.call('GET', path, undefined, { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' })
  return (JSON.parse(text) as { items: unknown[] }).items.length
}

const noneLeft = (api: Api, path: string) => async (): Promise<boolean> =>
  (JSON.parse((await api.call('GET', `${path}${path.includes('?') ? '&' : '?'}limit=1`)).text) as { items: unknown[] }).items.length === 0

const crd = (plural: string, schema: object = { type: 'object', properties: { spec: { type: 'object', properties: { a: { type: 'string' } } } } }, kind = plural): object => ({
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.${group}`, labels },
  spec: {
    group, scope: 'Namespaced', names: { plural, singular: plural, kind, listKind: `${kind}List` },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
  },
})
/** As large as those of operators are: some 40 KB. */
const largeSchema = { type: 'object', properties: { spec: { type: 'object', properties: keyed(400, (index) => ({ type: 'object', description: 'What this is for, and how it is to be used.', properties: { name: { type: 'string', maxLength: index + 10 } } })) } } }
const removed = (path: string) => (api: Api): Promise<Reply> => api.call('DELETE', `${path}?${set}`)

const podSpec = {
  containers: [{
    name: 'c', image: 'registry.example.com/images/application:1.2.3', ports: [{ containerPort: 80 }],
    env: times(20, (index) => ({ name: `VARIABLE_${index}`, value: 'some value that says something' })),
    resources: { requests: { cpu: '1m', memory: '1Mi' }, limits: { memory: '100Mi' } }, volumeMounts: [{ name: 'v', mountPath: '/v' }],
  }],
  volumes: [{ name: 'v', emptyDir: {} }],
}
const pod = (index: number, more: object = {}): object => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: `m-${index}`, labels: { ...labels, app: `a${index % 50}` } }, spec: { ...podSpec, ...more } })
const podAddress = (index: number): string => `10.50.${index >> 8}.${index & 255}`
const running = (index: number): object => ({
  status: {
    phase: 'Running', podIP: podAddress(index), podIPs: [{ ip: podAddress(index) }], conditions: [{ type: 'Ready', status: 'True' }],
    containerStatuses: [{ name: 'c', ready: true, restartCount: 0, image: 'i', imageID: 'i', state: { running: {} } }],
  },
})
const node = (index: number): object => ({ apiVersion: 'v1', kind: 'Node', metadata: { name: `mass-${index}`, labels: { ...labels, zone: `z${index % 3}` } } })
const capacity = { status: { capacity: { cpu: '1000', memory: '1000Gi', pods: '10000' }, allocatable: { cpu: '1000', memory: '1000Gi', pods: '10000' }, conditions: [{ type: 'Ready', status: 'True' }] } }
const pods = `${base}/pods`
const bound = async (api: Api, number: number): Promise<unknown> => {
  await api.call('POST', '/api/v1/nodes', node(0))
  return all(number, (index) => api.call('POST', pods, pod(index, { nodeName: 'mass-0' })))
}
const unbound = async (api: Api): Promise<unknown> => {
  await api.call('DELETE', `${pods}?${set}&gracePeriodSeconds=0`)
  await until(noneLeft(api, `${pods}?${set}`))
  return api.call('DELETE', `/api/v1/nodes?${set}`)
}

const owner = async (api: Api, name: string, number: number): Promise<void> => {
  const { metadata: { uid } } = JSON.parse((await api.call('POST', `${base}/configmaps`, { metadata: { name } })).text) as { metadata: { uid: string } }
  await all(number, (index) => api.call('POST', `${base}/configmaps`, { metadata: { name: `${name}-${index}`, labels, ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid, blockOwnerDeletion: true }] } }))
}

/** Many of one kind are made, looked after, and deleted as a collection. */
function mass(path: string, number: number, make: (index: number) => object, more: Partial<HoldInput> = {}): HoldInput {
  return {
    act: async (api) => `${await all(number, (index) => api.call('POST', path, make(index)))}; ${await told(() => api.call('DELETE', `${path}?${set}`))}`,
    settleMs: 1500, ...more,
  }
}
const named = (index: number, rest: object = {}): object => ({ metadata: { name: `m-${index}`, labels }, ...rest })

export const massInputs: Record<string, HoldInput> = {
  'restart with 1,000 CRDs': {
    prepare: (api) => all(1000, (index) => api.call('POST', crds, crd(`c${index}s`))),
    act: async () => '', restart: true, settleMs: 3000,
  },
  'restart with 1,000 CRDs (after)': {
    act: (api) => told(api.call('GET', '/apis'), () => api.call('GET', '/openapi/v2'), () => api.call('GET', crds), () => api.call('DELETE', `${crds}?${set}`)),
  },
  'restart with 200 CRDs of 60 KB': {
    prepare: (api) => all(200, (index) => api.call('POST', crds, crd(`c${index}s`, largeSchema))),
    act: async () => '', restart: true, settleMs: 3000,
  },
  'restart with 200 CRDs of 60 KB (after)': {
    act: (api) => told(api.call('GET', '/apis'), () => api.call('GET', '/openapi/v2'), () => api.call('GET', '/openapi/v3'), () => api.call('GET', crds), () => api.call('DELETE', `${crds}?${set}`)),
  },
  'restart with 5,000 pods on a node': { prepare: (api) => bound(api, 5000), act: async () => '', restart: true, settleMs: 4000 },
  'restart with 5,000 pods on a node (after)': { act: async (api) => `${await told(api.call('GET', pods), () => api.call('GET', pods, undefined, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }))}; ${JSON.stringify(await unbound(api)).slice(0, 20)}` },
  'documents after each of 300 CRDs': {
    act: async (api) => `${await all(300, async (index) => {
      await api.call('POST', crds, crd(`d${index}s`))
      await Promise.all(['/apis', '/openapi/v2', '/openapi/v3', `/openapi/v3/apis/${group}/v1`].map((path) => api.call('GET', path)))
      return api.call('GET', '/apis', undefined, { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' })
    }, 4)}; ${await told(() => api.call('DELETE', `${crds}?${set}`))}`,
    settleMs: 1500,
  },
  '300 CRDs changed at once': {
    prepare: (api) => all(300, (index) => api.call('POST', crds, crd(`c${index}s`))),
    act: (api) => all(300, (index) => api.call('PATCH', `${crds}/c${index}s.${group}`, { spec: { versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { b: { type: 'string' } } } } }] } }, merge)),
    clean: removed(crds), settleMs: 1500,
  },
  'CRD with 10,000 objects changed and deleted': {
    prepare: async (api) => {
      await api.call('POST', crds, crd('fulls'))
      const path = `/apis/${group}/v1/namespaces/default/fulls`
      await until(async () => (await api.call('GET', path)).code === 200)
      await all(10_000, (index) => api.call('POST', path, { apiVersion: `${group}/v1`, kind: 'fulls', metadata: { name: `o-${index}` }, spec: { a: 'v' } }))
    },
    act: async (api) => {
      const one = `${crds}/fulls.${group}`
      const shown = await told(
        api.call('PATCH', one, { spec: { versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: largeSchema } }] } }, merge),
        () => api.call('GET', `/apis/${group}/v1/fulls`), () => api.call('DELETE', one))
      await until(async () => (await api.call('GET', one)).code === 404)
      return shown
    },
    settleMs: 1500,
  },
  'namespace with objects of 200 kinds deleted': {
    prepare: async (api) => {
      await api.call('POST', '/api/v1/namespaces', { metadata: { name: 'many' } })
      await all(200, (index) => api.call('POST', crds, crd(`k${index}s`)))
      await until(async () => (await api.call('GET', `/apis/${group}/v1/k199s`)).code === 200)
      await all(4000, (index) => api.call('POST', `/apis/${group}/v1/namespaces/many/k${index % 200}s`, { apiVersion: `${group}/v1`, kind: `k${index % 200}s`, metadata: { name: `o-${index}` } }))
    },
    act: async (api) => {
      const shown = await told(api.call('DELETE', '/api/v1/namespaces/many'))
      await until(async () => (await api.call('GET', '/api/v1/namespaces/many')).code === 404)
      return shown
    },
    clean: removed(crds), settleMs: 1000,
  },
  '1,000 namespaces created and deleted': {
    act: async (api) => {
      const path = '/api/v1/namespaces'
      const shown = await all(1000, (index) => api.call('POST', path, named(index)))
      const gone = await all(1000, (index) => api.call('DELETE', `${path}/m-${index}`))
      await until(noneLeft(api, `${path}?${set}`))
      return `${shown}; ${gone}`
    },
    settleMs: 1000,
  },
  '5,000 owned objects deleted in the foreground': {
    prepare: (api) => owner(api, 'front', 5000),
    act: async (api) => {
      const shown = await told(api.call('DELETE', `${base}/configmaps/front?propagationPolicy=Foreground`))
      await until(async () => (await api.call('GET', `${base}/configmaps/front`)).code === 404)
      return shown
    },
    settleMs: 1000,
  },
  '5,000 owned objects orphaned': {
    prepare: (api) => owner(api, 'orphans', 5000),
    act: async (api) => {
      const shown = await told(api.call('DELETE', `${base}/configmaps/orphans?propagationPolicy=Orphan`))
      await until(async () => (await api.call('GET', `${base}/configmaps/orphans`)).code === 404)
      return shown
    },
    clean: removed(`${base}/configmaps`), settleMs: 1000,
  },
  'service of 3,000 pods: made, all ready, selector changed': {
    // Nobody's: what looks after nodes leaves them alone.
    prepare: (api) => all(3000, (index) => api.call('POST', pods, pod(index, { schedulerName: 'none' }))),
    act: async (api) => {
      await api.call('POST', `${base}/services`, { metadata: { name: 'mass' }, spec: { selector: labels, ports: [{ name: 'p', port: 80 }] } })
      const shown = await all(3000, (index) => api.call('PATCH', `${pods}/m-${index}/status`, running(index), merge))
      const slices = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dmass'
      await until(async () => (await count(api, slices)) >= 30)
      await api.call('PATCH', `${base}/services/mass`, { spec: { selector: { ...labels, app: 'a1' } } }, merge)
      // Slices that are left stay, with those who are left in them.
      await until(async () => !(await api.call('GET', slices)).text.includes(`"${podAddress(0)}"`) && !(await api.call('GET', `${base}/endpoints/mass`)).text.includes(`"${podAddress(0)}"`))
      return shown
    },
    clean: async (api) => {
      await api.call('DELETE', `${base}/services/mass`)
      await unbound(api)
    },
    settleMs: 2000,
  },
  '3,000 pods that fit nowhere, then a node': {
    prepare: (api) => all(3000, (index) => api.call('POST', pods, pod(index))),
    act: async (api) => {
      const shown = await told(api.call('POST', '/api/v1/nodes', node(0)), () => api.call('PATCH', '/api/v1/nodes/mass-0/status', capacity, merge),
        () => api.call('PATCH', '/api/v1/nodes/mass-0', { spec: { taints: null } }, merge))
      await until(noneLeft(api, `${pods}?${set}&fieldSelector=spec.nodeName%3D`))
      return shown
    },
    clean: unbound, settleMs: 2000,
  },
  'deployment of 3,000 replicas, then none': {
    act: async (api) => {
      const path = `${apps}/deployments`
      await api.call('POST', path, { metadata: { name: 'mass' }, spec: { replicas: 3000, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec } } })
      await until(async () => (await count(api, `${pods}?${set}`)) >= 3000)
      await api.call('PATCH', `${path}/mass`, { spec: { replicas: 0 } }, merge)
      await until(noneLeft(api, `${pods}?${set}`))
      return told(api.call('DELETE', `${path}/mass`))
    },
    settleMs: 1500,
  },
  '1,000 nodes': {
    act: async (api) => {
      const shown = await all(1000, (index) => api.call('POST', '/api/v1/nodes', node(index)))
      const status = await all(1000, (index) => api.call('PATCH', `/api/v1/nodes/mass-${index}/status`, capacity, merge))
      return `${shown}; ${status}; ${await told(() => api.call('DELETE', `/api/v1/nodes?${set}`))}`
    },
    settleMs: 1500,
  },
  '2,000 services': mass(`${base}/services`, 2000, (index) => named(index, { spec: { selector: { a: `${index}` }, ports: [{ port: 80 }] } })),
  '2,000 claims and volumes': {
    act: async (api) => {
      const claims = `${base}/persistentvolumeclaims`
      const spec = { accessModes: ['ReadWriteOnce'], storageClassName: '' }
      await all(2000, (index) => api.call('POST', '/api/v1/persistentvolumes', named(index, { spec: { ...spec, capacity: { storage: '1Gi' }, hostPath: { path: '/tmp' } } })))
      const shown = await all(2000, (index) => api.call('POST', claims, named(index, { spec: { ...spec, resources: { requests: { storage: '1Gi' } } } })))
      await until(async () => (await api.call('GET', `${claims}/m-1999`)).text.includes('"Bound"'))
      return `${shown}; ${await told(() => api.call('DELETE', `${claims}?${set}`), () => api.call('DELETE', `/api/v1/persistentvolumes?${set}`))}`
    },
    settleMs: 3000,
  },
  '3,000 roles and bindings': {
    act: async (api) => {
      await all(3000, (index) => api.call('POST', `${rbac}/namespaces/default/roles`, named(index, { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] })))
      const shown = await all(3000, (index) => api.call('POST', `${rbac}/clusterrolebindings`, named(index, { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' }, subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: `u${index}` }] })))
      const reviewed = await all(200, (index) => api.call('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec: { user: `u${index}`, resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'default' } } }))
      return `${shown}; ${reviewed}; ${await told(() => api.call('DELETE', `${rbac}/namespaces/default/roles?${set}`), () => api.call('DELETE', `${rbac}/clusterrolebindings?${set}`))}`
    },
    settleMs: 1500,
  },
  '3,000 aggregated roles': mass(`${rbac}/clusterroles`, 3000, (index) => ({ metadata: { name: `m-${index}`, labels: { ...labels, 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } }, rules: [{ apiGroups: [`g${index}`], resources: ['x'], verbs: ['get'] }] })),
  '2,000 jobs': mass('/apis/batch/v1/namespaces/default/jobs', 2000, (index) => named(index, { spec: { template: { metadata: { labels }, spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } } } }), {
    clean: async (api) => {
      await api.call('DELETE', `${pods}?${set}`)
      await until(noneLeft(api, `${pods}?${set}`))
    },
    settleMs: 3000,
  }),
  '10,000 events': mass(`${base}/events`, 10_000, (index) => named(index, { involvedObject: { kind: 'Pod', namespace: 'default', name: 'x' }, reason: 'R', message: 'm', type: 'Normal' })),
  '5,000 leases': mass('/apis/coordination.k8s.io/v1/namespaces/default/leases', 5000, (index) => named(index, { spec: { holderIdentity: 'me' } })),
  '1,000 validating policies and bindings': {
    act: async (api) => {
      await all(1000, (index) => api.call('POST', `${admission}/validatingadmissionpolicies`, named(index, { spec: { matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE'] }] }, validations: [{ expression: `object.metadata.name != "x${index}"` }] } })))
      const shown = await all(1000, (index) => api.call('POST', `${admission}/validatingadmissionpolicybindings`, named(index, { spec: { policyName: `m-${index}`, validationActions: ['Deny'] } })))
      const written = await all(20, (index) => api.call('POST', `${base}/configmaps`, named(index)))
      return `${shown}; ${written}; ${await told(() => api.call('DELETE', `${admission}/validatingadmissionpolicybindings?${set}`), () => api.call('DELETE', `${admission}/validatingadmissionpolicies?${set}`))}`
    },
    clean: removed(`${base}/configmaps`), settleMs: 1500,
  },
  '1,000 webhooks that match nothing': mass(`${admission}/validatingwebhookconfigurations`, 1000, (index) => named(index, { webhooks: [{ name: 'w.example.com', admissionReviewVersions: ['v1'], sideEffects: 'None', clientConfig: { url: 'https://127.0.0.1:1/' }, rules: [{ apiGroups: ['none'], apiVersions: ['v1'], resources: ['x'], operations: ['CREATE'] }] }] })),
  '500 quotas and 500 limit ranges in a namespace, 2,000 objects': {
    act: async (api) => {
      await api.call('POST', '/api/v1/namespaces', { metadata: { name: 'bound' } })
      const path = '/api/v1/namespaces/bound'
      await all(500, (index) => api.call('POST', `${path}/resourcequotas`, named(index, { spec: { hard: { 'count/configmaps': '100000', pods: '1000' } } })))
      await all(500, (index) => api.call('POST', `${path}/limitranges`, named(index, { spec: { limits: [{ type: 'Container', default: { cpu: '1' } }] } })))
      const shown = await all(2000, (index) => api.call('POST', `${path}/configmaps`, named(index)))
      const gone = await told(api.call('DELETE', path))
      await until(async () => (await api.call('GET', path)).code === 404)
      return `${shown}; ${gone}`
    },
    settleMs: 1500,
  },
  '300 APIServices of servers that do not answer': mass('/apis/apiregistration.k8s.io/v1/apiservices', 300, (index) => ({ metadata: { name: `v1.g${index}.example.com`, labels }, spec: { group: `g${index}.example.com`, version: 'v1', groupPriorityMinimum: 100, versionPriority: 10, insecureSkipTLSVerify: true, service: { namespace: 'default', name: 'none' } } })),
  '1,000 flow schemas': mass('/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas', 1000, (index) => named(index, { spec: { matchingPrecedence: 9000, priorityLevelConfiguration: { name: 'workload-low' }, rules: [{ subjects: [{ kind: 'User', user: { name: `u${index}` } }], resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true }] }] } })),
  '20,000 objects deleted as a collection, each with a finalizer': {
    prepare: (api) => all(20_000, (index) => api.call('POST', `${base}/configmaps`, { metadata: { name: `m-${index}`, labels, finalizers: ['example.com/wait'] } })),
    act: (api) => told(api.call('DELETE', `${base}/configmaps?${set}`)),
    clean: (api) => all(20_000, (index) => api.call('PATCH', `${base}/configmaps/m-${index}`, { metadata: { finalizers: null } }, merge)),
    settleMs: 1500,
  },
  '200 MB written, objects of 1 MB: the log is compacted': {
    act: async (api) => {
      const value = 'x'.repeat(1_000_000)
      await api.call('POST', `${base}/configmaps`, { metadata: { name: 'log' } })
      return all(200, (index) => api.call('PATCH', `${base}/configmaps/log`, { data: { value: `${index}${value}` } }, merge), 4)
    },
    clean: (api) => api.call('DELETE', `${base}/configmaps/log`), settleMs: 2000,
  },
  '60,000 small writes: the log is compacted': {
    prepare: (api) => all(2000, (index) => api.call('POST', `${base}/configmaps`, { metadata: { name: `m-${index}`, labels } })),
    act: (api) => all(60_000, (index) => api.call('PATCH', `${base}/configmaps/m-${index % 2000}`, { data: { value: `${index}${'x'.repeat(1000)}` } }, merge), 100),
    clean: removed(`${base}/configmaps`), settleMs: 2000,
  },
}
