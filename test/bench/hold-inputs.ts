// Inputs that are dear to serve: each must not hold the server's event loop for long.
import {
  all, apply, base, calls, configMap, configMaps, crd, crds, custom, customPath, defined, field, get, gone, jsonPatch, keyed, merge, message, patch, post, protobuf, protobufConfigMap, strategic, text, times, yaml,
} from './hold-calls.ts'
import { bodyInputs } from './hold-inputs-bodies.ts'
import { crowdInputs } from './hold-inputs-crowd.ts'
import { longInputs } from './hold-inputs-long.ts'
import { massInputs } from './hold-inputs-masses.ts'
import { ruleInputs } from './hold-inputs-rules.ts'

export interface Reply {
  readonly code: number
  readonly text: string
}

export interface Api {
  /** A body that is neither text nor bytes is sent as JSON. */
  call(method: string, path: string, body?: string | Uint8Array | object, headers?: Record<string, string>, on?: number): Promise<Reply>
  /** Resolves when it has begun. */
  watch(path: string, onText: (text: string) => void, options?: WatchOptions): Promise<void>
  endWatches(): void
}

export interface WatchOptions {
  /** Which connection; the first unless said. Others end with the input. */
  readonly on?: number
  /** From then on it is read. */
  readonly from?: Promise<void>
}

export interface HoldInput {
  /** Not measured. */
  prepare?(api: Api): Promise<unknown>
  /** Measured. Tells what came of it; or makes what does, before it is measured. */
  act(api: Api, prepared: unknown): Promise<string> | ((api: Api) => Promise<string>)
  clean?(api: Api, prepared: unknown): Promise<unknown>
  /** The server is started anew between the two, which is measured, too. */
  readonly restart?: boolean
  /** How long what the server does afterwards is measured, too. */
  readonly settleMs?: number
}

const manyKeys = 100_000
const pod = (name: string, env: object[], more: object = {}): object => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name, ...more }, spec: { containers: [{ name: 'c', image: 'i', env }] },
})
const deployment = (name: string, spec: object): object => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec: { replicas: 0, selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec } },
})
const environment = (count: number): object[] => times(count, (index) => ({ name: `E${index}`, value: 'v' }))

async function filled(api: Api, count: number, prefix = 'f', size = 1000): Promise<void> {
  const value = 'x'.repeat(size)
  await all(count, (index) => api.call('POST', configMaps, configMap(`${prefix}-${index}`, { value }, { labels: { set: prefix, n: `v${index}` } })))
}
const emptied = (api: Api, prefix = 'f'): Promise<Reply> => api.call('DELETE', `${configMaps}?labelSelector=set%3D${prefix}`)

export const holdInputs: Record<string, HoldInput> = {
  ...ruleInputs,
  ...bodyInputs,
  ...crowdInputs,
  ...longInputs,
  ...massInputs,
  'ConfigMap of 100,000 keys: create': { act: () => calls(post(configMaps, configMap('many', keyed(manyKeys, () => 'v')))), clean: (api) => gone(api, `${configMaps}/many`) },
  'ConfigMap of 65,000 keys: create': { act: () => calls(post(configMaps, configMap('many', keyed(65_000, () => 'v')))), clean: (api) => gone(api, `${configMaps}/many`) },
  'ConfigMap of 50,000 keys: create, get, patch, put, apply, delete': {
    act: () => calls(
      post(configMaps, configMap('half', keyed(50_000, () => 'v'))), get(`${configMaps}/half`), patch(`${configMaps}/half`, { data: { one: 'more' } }, merge),
      patch(`${configMaps}/half`, { data: { two: 'more' } }, strategic), patch(`${configMaps}/half`, [{ op: 'add', path: '/data/three', value: 'v' }], jsonPatch),
      (api) => api.call('PUT', `${configMaps}/half`, configMap('half', keyed(50_000, () => 'w'))),
      get(configMaps), (api) => api.call('DELETE', `${configMaps}/half`)),
  },
  'ConfigMap of 50,000 keys as YAML and indented': {
    prepare: (api) => api.call('POST', configMaps, configMap('half', keyed(50_000, () => 'v'))),
    act: () => calls(get(`${configMaps}/half`, 'application/yaml'), get(`${configMaps}/half?pretty=true`)),
    clean: (api) => gone(api, `${configMaps}/half`),
  },
  'server-side apply of 50,000 keys': {
    act: () => calls(
      patch(`${configMaps}/applied?fieldManager=a`, JSON.stringify(configMap('applied', keyed(50_000, () => 'v'))), apply),
      patch(`${configMaps}/applied?fieldManager=a`, JSON.stringify(configMap('applied', keyed(50_000, (index) => (index % 2 ? 'v' : 'w')))), apply),
      patch(`${configMaps}/applied?fieldManager=b`, JSON.stringify(configMap('applied', keyed(25_000, () => 'v'))), apply),
    ),
    clean: (api) => gone(api, `${configMaps}/applied`),
  },
  'JSON of 320,000 small objects': { act: () => calls(post(configMaps, `{"metadata":{"name":"small"},"x":[${'{"a":1},'.repeat(320_000)}1]}`)), clean: (api) => gone(api, `${configMaps}/small`) },
  'JSON of 320,000 small objects in a custom resource': {
    prepare: (api) => defined(api, 'smalls'),
    act: () => calls(post(customPath('smalls'), `{"apiVersion":"holds.example.com/v1","kind":"smalls","metadata":{"name":"small"},"x":[${'{"a":1},'.repeat(320_000)}1]}`)),
    clean: (api) => gone(api, `${crds}/smalls.holds.example.com`),
  },
  'JSON of 150,000 small objects in a custom resource: create, patch, get': {
    prepare: (api) => defined(api, 'kept'),
    act: () => calls(
      post(customPath('kept'), `{"apiVersion":"holds.example.com/v1","kind":"kept","metadata":{"name":"small"},"x":[${'{"a":1},'.repeat(150_000)}1]}`),
      patch(`${customPath('kept')}/small`, { y: 1 }, merge), get(`${customPath('kept')}/small`)),
    clean: (api) => gone(api, `${crds}/kept.holds.example.com`),
  },
  'JSON of a million empty lists': { act: () => calls(post(configMaps, `{"metadata":{"name":"small"},"x":[${'[],'.repeat(1_000_000)}1]}`)), clean: (api) => gone(api, `${configMaps}/small`) },
  'JSON of nothing but brackets': { act: () => calls(post(configMaps, '['.repeat(3_000_000)), post(configMaps, '{"a":'.repeat(600_000)), post(configMaps, `{"a":${'['.repeat(400)}${']'.repeat(400)}}`)) },
  'JSON with an error at its end': { act: () => calls(post(configMaps, `{"metadata":{"name":"bad"},"x":[${'{"a":1},'.repeat(320_000)}!]}`)) },
  'JSON of 300,000 keys that stand twice': { act: () => calls(post(`${configMaps}?fieldValidation=Strict`, `{"metadata":{"name":"twice"},"data":{${'"a":"b",'.repeat(300_000)}"a":"c"}}`)), clean: (api) => gone(api, `${configMaps}/twice`) },
  'JSON of 65,000 unknown fields': { act: () => calls(post(`${configMaps}?fieldValidation=Warn`, { metadata: { name: 'unknown' }, ...keyed(65_000, () => 1) }), post(`${configMaps}?fieldValidation=Strict`, { metadata: { name: 'unknown' }, ...keyed(65_000, () => 1) }), post(`${configMaps}?fieldValidation=Warn`, { metadata: { name: 'unknown' }, x: times(5, () => keyed(40_000, () => 1)) })), clean: (api) => gone(api, `${configMaps}/unknown`) },
  'YAML of 2.9 MB': { act: () => calls(post(configMaps, `metadata:\n  name: yaml\ndata:\n${times(65_000, (index) => `  key-${index}: value of the key that is a little longer\n`).join('')}`, yaml)), clean: (api) => gone(api, `${configMaps}/yaml`) },
  'YAML of many short lines and of flow lists': { act: () => calls(post(configMaps, `metadata:\n  name: yaml\nx:\n${'- 1\n'.repeat(500_000)}`, yaml), post(configMaps, `{metadata: {name: yaml}, x: [${'[],'.repeat(600_000)}]}`, yaml)), clean: (api) => gone(api, `${configMaps}/yaml`) },
  'YAML applied, 1.2 MB': { act: () => calls(patch(`${configMaps}/yamls?fieldManager=a`, `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yamls\ndata:\n${times(30_000, (index) => `  key-${index}: value of the key\n`).join('')}`, apply)), clean: (api) => gone(api, `${configMaps}/yamls`) },
  'protobuf of 100,000 keys': { act: () => calls(post(configMaps, protobufConfigMap('proto', manyKeys), protobuf)), clean: (api) => gone(api, `${configMaps}/proto`) },
  'protobuf of 1.5 million empty entries': { act: () => calls(post(configMaps, message('ConfigMap', Buffer.concat([field(1, field(1, text('proto'))), Buffer.alloc(3_000_000, Buffer.from([0x12, 0]))])), protobuf), post(`${base}/pods`, message('Pod', Buffer.concat([field(1, field(1, text('proto'))), field(2, Buffer.alloc(2_900_000, Buffer.from([0x12, 0])))])), protobuf)), clean: (api) => gone(api, `${configMaps}/proto`) },
  'protobuf of 60,000 keys': { act: () => calls(post(configMaps, protobufConfigMap('proto', 60_000), protobuf)), clean: (api) => gone(api, `${configMaps}/proto`) },
  'labels, annotations, finalizers and owners without end': {
    act: () => calls(
      post(configMaps, configMap('meta', {}, { labels: keyed(65_000, () => 'v') })), post(configMaps, configMap('meta2', {}, { annotations: keyed(65_000, () => 'v') })),
      post(configMaps, configMap('meta3', {}, { finalizers: times(80_000, (index) => `example.com/f${index}`) })),
      post(configMaps, configMap('meta4', {}, { ownerReferences: times(20_000, (index) => ({ apiVersion: 'v1', kind: 'ConfigMap', name: `o${index}`, uid: `u${index}` })) })),
      post(configMaps, configMap('meta5', {}, { managedFields: [{ manager: 'm', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:data': keyed(65_000, () => ({}), 'f:k') } }] })),
    ),
    clean: async (api) => {
      await api.call('PATCH', `${configMaps}/meta3`, { metadata: { finalizers: null } }, merge)
      for (const name of ['meta', 'meta2', 'meta3', 'meta4', 'meta5']) await gone(api, `${configMaps}/${name}`)
    },
  },
  'keys that are all wrong': { act: () => calls(post(configMaps, configMap('wrong', keyed(60_000, () => 'v', 'a/b'))), post(configMaps, configMap('wrong', keyed(60_000, () => 1)))) },
  'pod of 20,000 variables: create, strategic patch, get, status': {
    act: () => calls(
      post(`${base}/pods`, pod('env', environment(20_000))), patch(`${base}/pods/env`, { metadata: { labels: { a: 'b' } } }, strategic),
      get(`${base}/pods/env`), patch(`${base}/pods/env/status`, { status: { message: 'x' } }, strategic), get(`${base}/pods`, 'application/json;as=Table;v=v1;g=meta.k8s.io')),
    clean: (api) => gone(api, `${base}/pods/env?gracePeriodSeconds=0`),
  },
  'deployment of 10,000 variables: create, strategic merge, apply': {
    act: () => calls(
      post('/apis/apps/v1/namespaces/default/deployments', deployment('d', { containers: [{ name: 'c', image: 'i', env: environment(10_000) }] })),
      patch('/apis/apps/v1/namespaces/default/deployments/d', { spec: { template: { spec: { containers: [{ name: 'c', env: times(10_000, (index) => ({ name: `E${9999 - index}`, value: 'w' })) }] } } } }, strategic),
      patch('/apis/apps/v1/namespaces/default/deployments/d', { spec: { template: { spec: { containers: [{ name: 'c', '$setElementOrder/env': times(10_000, (index) => ({ name: `E${9999 - index}` })), env: times(10_000, (index) => ({ name: `E${9999 - index}`, $patch: 'delete' })) }] } } } }, strategic),
      patch('/apis/apps/v1/namespaces/default/deployments/e?fieldManager=a', JSON.stringify(deployment('e', { containers: [{ name: 'c', image: 'i', env: environment(10_000) }] })), apply),
      patch('/apis/apps/v1/namespaces/default/deployments/e?fieldManager=a', JSON.stringify(deployment('e', { containers: [{ name: 'c', image: 'i', env: environment(5000) }] })), apply)),
    clean: (api) => gone(api, '/apis/apps/v1/namespaces/default/deployments/d').then(() => gone(api, '/apis/apps/v1/namespaces/default/deployments/e')),
  },
  'pod of 10,000 containers': { act: () => calls(post(`${base}/pods`, { metadata: { name: 'wide' }, spec: { containers: times(10_000, (index) => ({ name: `c${index}`, image: 'i', ports: [{ containerPort: 80 }] })) } })), clean: (api) => gone(api, `${base}/pods/wide?gracePeriodSeconds=0`) },
  'strategic merge into a list of 200,000 texts': {
    prepare: (api) => api.call('POST', configMaps, configMap('texts', {}, { finalizers: times(30_000, (index) => `example.com/f${index}`) })),
    act: () => calls(patch(`${configMaps}/texts`, { metadata: { finalizers: times(100_000, (index) => `example.com/f${index}`), '$deleteFromPrimitiveList/finalizers': times(30_000, (index) => `example.com/f${29_999 - index}`) } }, strategic)),
    clean: (api) => api.call('PATCH', `${configMaps}/texts`, { metadata: { finalizers: null } }, merge).then(() => gone(api, `${configMaps}/texts`)),
  },
  'JSON patch of 10,000 operations': {
    prepare: (api) => api.call('POST', configMaps, configMap('ops', keyed(20_000, () => 'v'))),
    act: () => calls(
      patch(`${configMaps}/ops`, times(10_000, (index) => ({ op: 'add', path: `/data/n${index}`, value: 'v' })), jsonPatch),
      patch(`${configMaps}/ops`, times(10_000, () => ({ op: 'test', path: '/data/k1', value: 'v' })), jsonPatch),
      patch(`${configMaps}/ops`, times(10_000, (index) => ({ op: 'move', from: `/data/k${index}`, path: `/data/m${index}` })), jsonPatch),
      patch(`${configMaps}/ops`, times(10_000, (index) => ({ op: 'copy', from: '/data', path: `/x${index}` })), jsonPatch),
      patch(`${configMaps}/ops`, times(10_000, () => ({ op: 'test', path: '/data', value: {} })), jsonPatch),
      patch(`${configMaps}/ops`, [{ op: 'add', path: '/metadata/finalizers', value: [] }, ...times(9_000, (index) => ({ op: 'add', path: '/metadata/finalizers/0', value: `example.com/${index}` })), { op: 'remove', path: '/metadata/finalizers' }], jsonPatch)),
    clean: (api) => gone(api, `${configMaps}/ops`),
  },
  'merge patch of 60,000 nulls': { prepare: (api) => api.call('POST', configMaps, configMap('nulls', {})), act: () => calls(patch(`${configMaps}/nulls`, { data: keyed(60_000, () => null) }, merge)), clean: (api) => gone(api, `${configMaps}/nulls`) },
  'CRD of 1 MB: create, use, documents, delete': {
    act: async (api) => {
      const schema = { type: 'object', properties: keyed(9_000, (index) => ({ type: 'object', description: 'what it is for', properties: { a: { type: 'string', maxLength: index + 1 }, b: { type: 'integer' } } })) }
      const created = await calls(post(crds, crd('bigs', schema)))(api)
      while ((await api.call('GET', customPath('bigs'))).code !== 200) await new Promise((next) => setTimeout(next, 20))
      return `${created}; ${await calls(post(customPath('bigs'), custom('bigs', 'one', { k1: { a: 'x' } })), get('/openapi/v2'), get('/openapi/v3/apis/holds.example.com/v1'), get('/openapi/v3'), (one) => one.call('DELETE', `${crds}/bigs.holds.example.com`))(api)}`
    },
    settleMs: 1000,
  },
  'custom resource with a list by keys of 10,000 items: create, apply, patch': {
    prepare: (api) => defined(api, 'keyeds', { type: 'object', properties: { spec: { type: 'object', properties: { items: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'], items: { type: 'object', required: ['name'], properties: { name: { type: 'string', maxLength: 20 }, value: { type: 'integer' } } } } } } } }),
    act: (api) => {
      const items = (value: number): object[] => times(10_000, (index) => ({ name: `i${index}`, value }))
      return calls(
        post(customPath('keyeds'), custom('keyeds', 'one', { spec: { items: items(1) } })),
        patch(`${customPath('keyeds')}/two?fieldManager=a`, JSON.stringify(custom('keyeds', 'two', { spec: { items: items(1) } })), apply),
        patch(`${customPath('keyeds')}/two?fieldManager=a`, JSON.stringify(custom('keyeds', 'two', { spec: { items: items(2) } })), apply),
        patch(`${customPath('keyeds')}/two?fieldManager=b`, JSON.stringify(custom('keyeds', 'two', { spec: { items: items(1) } })), apply),
        patch(`${customPath('keyeds')}/two`, { spec: { items: items(3) } }, merge))(api)
    },
    clean: (api) => gone(api, `${crds}/keyeds.holds.example.com`),
  },
  '1,000 CRDs created and deleted at once': {
    prepare: (api) => all(1, () => api.call('GET', crds)),
    act: async (api) => `${await all(1000, (index) => api.call('POST', crds, crd(`c${index}s`, { type: 'object', properties: { spec: { type: 'object', properties: { a: { type: 'string' } } } } })))}; ${await calls(get('/apis'), get('/openapi/v2'), (one) => one.call('DELETE', crds))(api)}`,
    settleMs: 1500,
  },
  'role of 20,000 rules, binding of 20,000 subjects': {
    act: () => calls(
      post('/apis/rbac.authorization.k8s.io/v1/clusterroles', { metadata: { name: 'wide' }, rules: times(20_000, (index) => ({ apiGroups: [''], resources: [`r${index}`], verbs: ['get'] })) }),
      post('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', { metadata: { name: 'wide' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'wide' }, subjects: times(15_000, (index) => ({ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: `u${index}` })) }),
      post('/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec: { user: 'u9', groups: times(50_000, (index) => `g${index}`), resourceAttributes: { verb: 'get', resource: 'nothing' } } }),
      post('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: 'x'.repeat(2_900_000) } })),
    clean: async (api) => {
      await gone(api, '/apis/rbac.authorization.k8s.io/v1/clusterroles/wide')
      await gone(api, '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/wide')
    },
  },
  'endpoints of 20,000 addresses, service and policy with long lists': {
    act: () => calls(
      post(`${base}/services`, { metadata: { name: 'wide' }, spec: { ports: times(5_000, (index) => ({ name: `p${index}`, port: index + 1 })) } }),
      post(`${base}/endpoints`, { metadata: { name: 'wide' }, subsets: [{ addresses: times(20_000, (index) => ({ ip: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}` })), ports: [{ port: 80 }] }] }),
      post('/apis/networking.k8s.io/v1/namespaces/default/networkpolicies', { metadata: { name: 'wide' }, spec: { podSelector: {}, ingress: [{ from: times(20_000, (index) => ({ ipBlock: { cidr: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}/32` } })) }] } })),
    clean: async (api) => {
      await gone(api, `${base}/services/wide`)
      await gone(api, `${base}/endpoints/wide`)
      await gone(api, '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies/wide')
    },
    settleMs: 800,
  },
  'selectors of 60 KB over 5,000 objects': {
    prepare: (api) => filled(api, 5000, 'f', 100),
    act: () => calls(
      get(`${configMaps}?labelSelector=${encodeURIComponent(`n in (${times(4000, (index) => `v${index * 2}`).join(',')})`)}`),
      get(`${configMaps}?labelSelector=${encodeURIComponent(times(2500, (index) => `n!=v${index + 9000}`).join(','))}`),
      get(`${configMaps}?fieldSelector=${encodeURIComponent(times(1500, (index) => `metadata.name!=v${index}`).join(','))}`)),
    clean: (api) => emptied(api),
  },
  'lists of 20,000 objects in all forms': {
    prepare: (api) => filled(api, 20_000),
    act: () => calls(
      get(configMaps), get(configMaps, 'application/json;as=Table;v=v1;g=meta.k8s.io'), get(configMaps, 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'),
      get(configMaps, 'application/yaml'), get(`${configMaps}?pretty=true`), get(`${configMaps}?limit=500`), get(`${configMaps}?fieldSelector=metadata.name%3Df-7`), get(configMaps)),
    clean: (api) => emptied(api),
  },
  'watches of 20,000 objects by 20 clients, a change of all': {
    prepare: (api) => filled(api, 20_000, 'f', 100),
    act: async (api) => {
      let seen = 0
      const count = (chunk: string): void => void (seen += chunk.split('\n').length - 1)
      await Promise.all(times(20, () => api.watch(`${configMaps}?watch=1`, count)))
      while (seen < 400_000) await new Promise((next) => setTimeout(next, 20))
      return `${seen}; ${await calls((one) => emptied(one))(api)}`
    },
    settleMs: 1000,
  },
  'one object of 1 MB for 100 watches': {
    prepare: async (api) => {
      let seen = 0
      await Promise.all(times(100, () => api.watch(`${configMaps}?watch=1&resourceVersion=0&fieldSelector=metadata.name%3Dshared`, (chunk) => void (seen += chunk.length))))
      return () => seen
    },
    act: async (api, seen) => {
      const shown = await calls(post(configMaps, configMap('shared', { a: 'x'.repeat(1_000_000) })), patch(`${configMaps}/shared`, { data: { b: 'c' } }, merge))(api)
      while ((seen as () => number)() < 200_000_000) await new Promise((next) => setTimeout(next, 20))
      return shown
    },
    clean: (api) => gone(api, `${configMaps}/shared`),
  },
  '2,000 requests at once on one connection': {
    act: async (api) => [
      await all(2000, () => api.call('GET', `${base}`), 2000),
      await all(2000, (index) => api.call('POST', configMaps, configMap(`r-${index}`, {}, { labels: { set: 'r' } })), 2000),
      await all(2000, () => api.call('GET', '/apis/nothing/v1'), 2000),
    ].join('; '),
    clean: (api) => emptied(api, 'r'),
  },
  'namespace with 10,000 objects deleted': {
    prepare: async (api) => {
      await api.call('POST', '/api/v1/namespaces', { metadata: { name: 'full' } })
      await all(10_000, (index) => api.call('POST', `/api/v1/namespaces/full/${index % 2 ? 'configmaps' : 'secrets'}`, { metadata: { name: `x-${index}` } }))
    },
    act: async (api) => {
      const shown = await calls((one) => one.call('DELETE', '/api/v1/namespaces/full'))(api)
      while ((await api.call('GET', '/api/v1/namespaces/full')).code !== 404) await new Promise((next) => setTimeout(next, 50))
      return shown
    },
  },
  'owner of 10,000 objects deleted': {
    prepare: async (api) => {
      const owner = JSON.parse((await api.call('POST', configMaps, configMap('owner', {}))).text) as { metadata: { uid: string } }
      await all(10_000, (index) => api.call('POST', configMaps, configMap(`o-${index}`, {}, { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid }] })))
    },
    act: async (api) => {
      const shown = await calls((one) => one.call('DELETE', `${configMaps}/owner`))(api)
      while ((await api.call('GET', `${configMaps}/o-9999`)).code !== 404 || (await api.call('GET', `${configMaps}/o-5000`)).code !== 404) await new Promise((next) => setTimeout(next, 50))
      return shown
    },
    settleMs: 1000,
  },
  'quota recounted over 10,000 objects': {
    prepare: (api) => filled(api, 10_000, 'q', 10),
    act: () => calls(post(`${base}/resourcequotas`, { metadata: { name: 'q' }, spec: { hard: { 'count/configmaps': '20000', pods: '1000', ...keyed(5000, () => '1', 'count/x') } } }), post(configMaps, configMap('one-more', {}))),
    clean: async (api) => {
      await gone(api, `${base}/resourcequotas/q`)
      await gone(api, `${configMaps}/one-more`)
      await emptied(api, 'q')
    },
    settleMs: 1500,
  },
  'restart with 50,000 objects, first reads': {
    prepare: (api) => filled(api, 50_000, 's', 500),
    act: async () => '',
    restart: true, settleMs: 4000,
  },
  'restart with 50,000 objects, first reads (after)': {
    act: async (api) => {
      let seen = 0
      await api.watch(`${configMaps}?watch=1`, (chunk) => void (seen += chunk.split('\n').length - 1))
      const shown = await calls(get(configMaps), get(configMaps, 'application/json;as=Table;v=v1;g=meta.k8s.io'), get('/openapi/v2'))(api)
      while (seen < 50_000) await new Promise((next) => setTimeout(next, 20))
      return shown
    },
  },
  'all 50,000 objects deleted': { act: async (api) => `${await calls((one) => emptied(one, 's'))(api)}`, settleMs: 1000 },
}
