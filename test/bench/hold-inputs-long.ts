// Objects with lists that are long and right: they come through validation to admission, allocation, owners and the controllers.
import type { Api, HoldInput, Reply } from './hold-inputs.ts'

const base = '/api/v1/namespaces/default'
const configMaps = `${base}/configmaps`
const admission = '/apis/admissionregistration.k8s.io/v1'
const rbac = '/apis/rbac.authorization.k8s.io/v1'
const strategic = { 'content-type': 'application/strategic-merge-patch+json' }
const merge = { 'content-type': 'application/merge-patch+json' }
const apply = { 'content-type': 'application/apply-patch+yaml' }

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index))
const keyed = <T>(count: number, make: (index: number) => T, prefix = 'k'): Record<string, T> => Object.fromEntries(times(count, (index) => [`${prefix}${index}`, make(index)]))
const shown = ({ code, text }: Reply): string => (code >= 400 ? `${code} ${(JSON.parse(text) as { message?: string }).message?.slice(0, 120)}` : String(code))

type Call = readonly [method: string, path: string, body?: object | string, headers?: Record<string, string>]

/** Bodies are written before it is measured. */
function calls(...list: Call[]): (api: Api) => Promise<string> {
  const written = list.map(([method, path, body, headers]) => ({ method, path, body: typeof body === 'object' ? JSON.stringify(body) : body, headers }))
  return async (api) => {
    const told: string[] = []
    for (const { method, path, body, headers } of written) told.push(shown(await api.call(method, path, body, headers)))
    return told.join('; ')
  }
}

async function all(count: number, call: (index: number) => Promise<Reply>, width = 50): Promise<void> {
  let next = 0
  await Promise.all(times(width, async () => {
    for (let index = next++; index < count; index = next++) await call(index)
  }))
}

const removed = (...paths: string[]) => async (api: Api): Promise<void> => {
  for (const path of paths) await api.call('DELETE', path)
}

const container = (index = 0, more: object = {}): object => ({ name: `c${index}`, image: 'i', ...more })
const pod = (name: string, spec: object, more: object = {}): object => ({ metadata: { name, ...more }, spec: { containers: [container()], ...spec } })
const podNow = '?gracePeriodSeconds=0'

/** An object is made, changed by each sort of patch, read and deleted. */
function through(path: string, object: { metadata: { name: string } }, apiVersion: string, kind: string, change: object = { metadata: { labels: { a: 'b' } } }): HoldInput {
  const own = `${path}/${object.metadata.name}`
  const other = `${object.metadata.name}-applied`
  return {
    act: () => calls(
      ['POST', path, object], ['PATCH', own, change, strategic], ['PATCH', own, { metadata: { annotations: { a: 'b' } } }, merge], ['PATCH', own, [{ op: 'test', path: '/metadata/annotations/a', value: 'b' }], { 'content-type': 'application/json-patch+json' }],
      ['PATCH', `${path}/${other}?fieldManager=a`, { ...object, apiVersion, kind, metadata: { name: other } }, apply], ['PATCH', `${own}?fieldManager=a&force=true`, { ...object, apiVersion, kind }, apply],
      ['GET', own, undefined, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }], ['DELETE', own]),
    clean: removed(`${path}/${other}${podNow}`, `${own}${podNow}`),
    settleMs: 500,
  }
}

const quotaNames = (count: number): Record<string, string> => keyed(count, () => '5', 'count/things.example')
const ip = (index: number): string => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`
const networks = '/apis/networking.k8s.io/v1/namespaces/default'
const apps = '/apis/apps/v1/namespaces/default'
const workload = (name: string, spec: object, more: object = {}): { metadata: { name: string } } => ({ metadata: { name }, spec: { replicas: 0, selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [container()], ...spec } }, ...more } } as { metadata: { name: string } })
const hook = (index: number): object => ({
  name: `h${index}.example.com`, clientConfig: { url: 'https://127.0.0.1:1/' }, failurePolicy: 'Ignore', sideEffects: 'None', admissionReviewVersions: ['v1'], timeoutSeconds: 1,
  rules: [{ apiGroups: ['x'], apiVersions: ['v1'], resources: ['nothing'], operations: ['CREATE'] }], objectSelector: { matchLabels: { [`l${index}`]: 'x' } },
})
const namespaceOf = (name: string): Call => ['POST', '/api/v1/namespaces', { metadata: { name } }]

/** In a namespace of its own, whose default account is there. */
async function inNamespace(api: Api, name: string): Promise<string> {
  await calls(namespaceOf(name))(api)
  while ((await api.call('GET', `/api/v1/namespaces/${name}/serviceaccounts/default`)).code !== 200) await new Promise((next) => setTimeout(next, 20))
  return `/api/v1/namespaces/${name}`
}

const asAlice = { 'impersonate-user': 'alice' }

export const longInputs: Readonly<Record<string, HoldInput>> = {
  'pod of 100,000 bare containers': { act: () => calls(['POST', `${base}/pods`, { metadata: { name: 'bare' }, spec: { containers: times(100_000, (index) => ({ name: `c${index}` })) } }]) },
  'pod of 5,000 containers': through(`${base}/pods`, pod('five', { containers: times(5_000, (index) => container(index, { ports: [{ containerPort: 80 + index }], resources: { limits: { cpu: '1m' } } })) }) as never, 'v1', 'Pod'),
  'pod of 5,000 volumes and mounts': through(`${base}/pods`, pod('vols', { volumes: times(5_000, (index) => ({ name: `v${index}`, configMap: { name: 'x' } })), containers: [container(0, { volumeMounts: times(5_000, (index) => ({ name: `v${index}`, mountPath: `/m/${index}` })) })] }) as never, 'v1', 'Pod'),
  'pod of 15,000 tolerations': through(`${base}/pods`, pod('tols', { tolerations: times(15_000, (index) => ({ key: `k${index}`, operator: 'Exists', effect: 'NoSchedule' })) }) as never, 'v1', 'Pod'),
  'pod of 5,000 terms of affinity': through(`${base}/pods`, pod('affine', { affinity: {
    nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: times(5_000, (index) => ({ weight: 1, preference: { matchExpressions: [{ key: `k${index}`, operator: 'In', values: ['v'] }] } })) },
    podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: times(5_000, (index) => ({ topologyKey: 'zone', labelSelector: { matchLabels: { [`k${index}`]: 'v' } } })) },
  } }) as never, 'v1', 'Pod'),
  'pod of 20,000 host aliases and gates': through(`${base}/pods`, pod('gates', { hostAliases: times(10_000, (index) => ({ ip: ip(index), hostnames: ['a'] })), schedulingGates: times(10_000, (index) => ({ name: `example.com/g${index}` })) }) as never, 'v1', 'Pod'),
  'deployment of 5,000 containers': through(`${apps}/deployments`, workload('wide', { containers: times(5_000, (index) => container(index)) }), 'apps/v1', 'Deployment', { spec: { template: { metadata: { labels: { c: 'd' } } } } }),
  'stateful set of 3,000 claims': through(`${apps}/statefulsets`, workload('claims', {}, { serviceName: 's', volumeClaimTemplates: times(3_000, (index) => ({ metadata: { name: `v${index}` }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1' } } } })) }), 'apps/v1', 'StatefulSet'),
  'job of 20,000 variables': through('/apis/batch/v1/namespaces/default/jobs', { metadata: { name: 'vars' }, spec: { parallelism: 0, template: { spec: { restartPolicy: 'Never', containers: [container(0, { env: times(20_000, (index) => ({ name: `E${index}`, value: 'v' })) })] } } } } as never, 'batch/v1', 'Job'),
  'cron job of 10,000 variables': through('/apis/batch/v1/namespaces/default/cronjobs', { metadata: { name: 'cron' }, spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [container(0, { env: times(10_000, (index) => ({ name: `E${index}`, value: 'v' })) })] } } } } } } as never, 'batch/v1', 'CronJob'),
  'network policy of 20,000 peers and ports': through(`${networks}/networkpolicies`, { metadata: { name: 'peers' }, spec: { podSelector: {}, egress: [{ to: times(10_000, (index) => ({ podSelector: { matchLabels: { [`k${index}`]: 'v' } } })), ports: times(10_000, (index) => ({ port: index + 1 })) }], policyTypes: ['Egress'] } } as never, 'networking.k8s.io/v1', 'NetworkPolicy'),
  'ingress of 8,000 rules': through(`${networks}/ingresses`, { metadata: { name: 'rules' }, spec: { rules: times(8_000, (index) => ({ host: `h${index}.example.com`, http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 's', port: { number: 80 } } } }] } })), tls: times(4_000, (index) => ({ hosts: [`h${index}.example.com`], secretName: `s${index}` })) } } as never, 'networking.k8s.io/v1', 'Ingress'),
  'autoscaler of 5,000 metrics': through('/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers', { metadata: { name: 'metrics' }, spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' }, minReplicas: 1, maxReplicas: 2, metrics: times(5_000, (index) => ({ type: 'External', external: { metric: { name: `m${index}` }, target: { type: 'Value', value: '1' } } })) } } as never, 'autoscaling/v2', 'HorizontalPodAutoscaler'),
  'the same autoscaler by the first version': {
    act: () => calls(
      ['POST', '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers', { metadata: { name: 'metrics1' }, spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' }, maxReplicas: 2, metrics: times(5_000, (index) => ({ type: 'External', external: { metric: { name: `m${index}` }, target: { type: 'Value', value: '1' } } })) } }],
      ['GET', '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers/metrics1'], ['PATCH', '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers/metrics1', { spec: { maxReplicas: 3 } }, merge], ['GET', '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers']),
    clean: removed('/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/metrics1'),
  },
  'quota of 10,000 names, and a pod': {
    prepare: (api) => inNamespace(api, 'quotas'),
    act: () => calls(
      ['POST', '/api/v1/namespaces/quotas/resourcequotas', { metadata: { name: 'wide' }, spec: { hard: quotaNames(10_000) } }], ['POST', '/api/v1/namespaces/quotas/resourcequotas', { metadata: { name: 'also' }, spec: { hard: { pods: '10', cpu: '1000', ...quotaNames(10_000) } } }],
      ['POST', '/api/v1/namespaces/quotas/pods', pod('counted', { containers: times(3_000, (index) => container(index, { resources: { limits: { cpu: '1m' } } })) })], ['PUT', '/api/v1/namespaces/quotas/resourcequotas/also/status', { metadata: { name: 'also' }, status: { hard: quotaNames(10_000), used: quotaNames(10_000) } }]),
    clean: removed('/api/v1/namespaces/quotas'), settleMs: 1000,
  },
  'limits of 3,000 sorts and 3,000 resources, and a pod of 2,000 containers': {
    prepare: (api) => inNamespace(api, 'limits'),
    act: () => calls(
      ['POST', '/api/v1/namespaces/limits/limitranges', { metadata: { name: 'wide' }, spec: { limits: [{ type: 'Container', default: keyed(3_000, () => '1', 'example.com/r'), defaultRequest: keyed(3_000, () => '1', 'example.com/r'), max: keyed(3_000, () => '1', 'example.com/r') }] } }],
      ['POST', '/api/v1/namespaces/limits/limitranges', { metadata: { name: 'types' }, spec: { limits: times(3_000, (index) => ({ type: `example.com/t${index}`, max: { cpu: '1' } })) } }],
      ['POST', '/api/v1/namespaces/limits/pods', pod('few', { containers: times(20, (index) => container(index)) })], ['POST', '/api/v1/namespaces/limits/pods', pod('limited', { containers: times(2_000, (index) => container(index)) })]),
    clean: removed('/api/v1/namespaces/limits'), settleMs: 500,
  },
  'runtime class of 5,000 tolerations, and a pod of as many': {
    act: () => calls(
      ['POST', '/apis/node.k8s.io/v1/runtimeclasses', { metadata: { name: 'tolerant' }, handler: 'h', scheduling: { tolerations: times(5_000, (index) => ({ key: `k${index}`, operator: 'Exists', effect: 'NoSchedule' })), nodeSelector: keyed(5_000, () => 'v') } }],
      ['POST', `${base}/pods`, pod('classed', { runtimeClassName: 'tolerant' })], ['POST', `${base}/pods`, pod('classed2', { runtimeClassName: 'tolerant', tolerations: times(5_000, (index) => ({ key: `l${index}`, operator: 'Exists', effect: 'NoSchedule' })) })]),
    clean: removed(`${base}/pods/classed${podNow}`, `${base}/pods/classed2${podNow}`, '/apis/node.k8s.io/v1/runtimeclasses/tolerant'),
  },
  'account of 20,000 secrets, and a pod': {
    act: () => calls(
      ['POST', `${base}/serviceaccounts`, { metadata: { name: 'rich' }, secrets: times(20_000, (index) => ({ name: `s${index}` })), imagePullSecrets: times(20_000, (index) => ({ name: `p${index}` })) }], ['POST', `${base}/pods`, pod('rich', { serviceAccountName: 'rich' })],
      ['POST', `${base}/serviceaccounts/rich/token`, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { audiences: times(20_000, (index) => `a${index}`), expirationSeconds: 600 } }]),
    clean: removed(`${base}/pods/rich${podNow}`, `${base}/serviceaccounts/rich`),
  },
  'node of 20,000 taints, images, conditions and addresses': {
    act: () => calls(
      ['POST', '/api/v1/nodes', { metadata: { name: 'wide' }, spec: { taints: times(5_000, (index) => ({ key: `k${index}`, effect: 'NoSchedule' })) } }],
      ['PATCH', '/api/v1/nodes/wide/status', { status: { images: times(10_000, (index) => ({ names: [`image-${index}`], sizeBytes: 5 })), conditions: times(3_000, (index) => ({ type: `T${index}`, status: 'True' })), addresses: times(5_000, (index) => ({ type: 'InternalIP', address: ip(index) })), capacity: keyed(2_000, () => '1', 'example.com/r') } }, strategic],
      ['PATCH', '/api/v1/nodes/wide/status', { status: { conditions: times(3_000, (index) => ({ type: `T${2999 - index}`, status: 'False' })) } }, strategic], ['POST', `${base}/pods`, pod('onwide', { tolerations: times(5_000, (index) => ({ key: `k${index}`, operator: 'Exists' })) })]),
    clean: removed(`${base}/pods/onwide${podNow}`, '/api/v1/nodes/wide'), settleMs: 1000,
  },
  'pod with a status of 10,000 conditions and containers': {
    prepare: (api) => calls(['POST', `${base}/pods`, pod('stated', {})])(api),
    act: () => calls(
      ['PATCH', `${base}/pods/stated/status`, { status: { conditions: times(10_000, (index) => ({ type: `example.com/t${index}`, status: 'True', observedGeneration: 1 })) } }, merge],
      ['PATCH', `${base}/pods/stated/status`, { status: { conditions: times(10_000, (index) => ({ type: `example.com/t${9_999 - index}`, status: 'True' })) } }, merge],
      ['PATCH', `${base}/pods/stated/status`, { status: { containerStatuses: times(3_000, (index) => ({ name: `c${index}`, ready: true, restartCount: 0, image: 'i', imageID: '', started: true })), podIPs: times(3_000, (index) => ({ ip: ip(index) })) } }, strategic]),
    clean: removed(`${base}/pods/stated${podNow}`),
  },
  'service of 2,000 node ports': through(`${base}/services`, { metadata: { name: 'ports' }, spec: { type: 'NodePort', ports: times(2_000, (index) => ({ name: `p${index}`, port: index + 1 })) } } as never, 'v1', 'Service'),
  'endpoint slices of 1,000 and 20,000 endpoints': {
    act: () => calls(...[1_000, 20_000].map((count): Call => ['POST', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', { metadata: { name: `slice-${count}` }, addressType: 'IPv4', endpoints: times(count, (index) => ({ addresses: [ip(index)], conditions: { ready: true }, targetRef: { kind: 'Pod', name: `p${index}` } })), ports: [{ port: 80 }] }])),
    clean: removed('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/slice-1000'),
  },
  'service CIDR, devices, slices and claims without end': {
    act: () => calls(
      ['POST', '/apis/networking.k8s.io/v1/servicecidrs', { metadata: { name: 'many' }, spec: { cidrs: times(30_000, (index) => `${ip(index)}/32`) } }],
      ['POST', '/apis/resource.k8s.io/v1/resourceslices', { metadata: { name: 'many' }, spec: { driver: 'd.example.com', pool: { name: 'p', generation: 1, resourceSliceCount: 1 }, nodeName: 'n', devices: times(10_000, (index) => ({ name: `d${index}`, attributes: { a: { string: 'x' } } })) } }],
      ['POST', '/apis/resource.k8s.io/v1/resourceslices', { metadata: { name: 'full' }, spec: { driver: 'd.example.com', pool: { name: 'p', generation: 1, resourceSliceCount: 1 }, nodeName: 'n', devices: times(128, (index) => ({ name: `d${index}`, attributes: keyed(30, () => ({ string: 'x' })) })) } }],
      ['POST', '/apis/resource.k8s.io/v1/namespaces/default/resourceclaims', { metadata: { name: 'many' }, spec: { devices: { requests: times(10_000, (index) => ({ name: `r${index}`, exactly: { deviceClassName: 'c' } })), constraints: times(5_000, () => ({ matchAttribute: 'd.example.com/a' })), config: times(5_000, () => ({ opaque: { driver: 'd.example.com', parameters: {} } })) } } }]),
    clean: removed('/apis/resource.k8s.io/v1/resourceslices/full'),
  },
  'certificate request of 1 MB': { act: () => calls(
    ['POST', '/apis/certificates.k8s.io/v1/certificatesigningrequests', { metadata: { name: 'huge' }, spec: { request: Buffer.from(`-----BEGIN CERTIFICATE REQUEST-----\n${`${'QUJD'.repeat(16)}\n`.repeat(15_000)}-----END CERTIFICATE REQUEST-----\n`).toString('base64'), signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] } }],
    ['POST', '/apis/certificates.k8s.io/v1/certificatesigningrequests', { metadata: { name: 'huge2' }, spec: { request: 'LS0t'.repeat(400_000), signerName: 'kubernetes.io/kube-apiserver-client', usages: times(50_000, () => 'client auth') } }]) },
  'reviews of 50,000 groups and extras': { act: () => calls(
    ['POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec: { user: 'u', groups: times(50_000, (index) => `g${index}`), extra: keyed(20_000, () => ['v']), resourceAttributes: { verb: 'get', resource: 'pods' } } }],
    ['POST', '/apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews', { metadata: { namespace: 'default' }, spec: { user: 'u', groups: times(50_000, (index) => `g${index}`), resourceAttributes: { namespace: 'default', verb: 'get', resource: 'pods', fieldSelector: { requirements: times(10_000, () => ({ key: 'a', operator: 'In', values: ['b'] })) } } } }],
    ['POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { spec: { resourceAttributes: { verb: 'get', resource: 'pods', labelSelector: { requirements: times(20_000, (index) => ({ key: `k${index}`, operator: 'In', values: ['b'] })) } } } }],
    ['POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', { spec: { namespace: 'default' } }],
    ['POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: `${'a'.repeat(1_000_000)}.${'b'.repeat(1_000_000)}.${'c'.repeat(500_000)}`, audiences: times(20_000, (index) => `a${index}`) } }]) },
  'webhooks by the thousand': {
    act: () => calls(
      ['POST', `${admission}/mutatingwebhookconfigurations`, { metadata: { name: 'many' }, webhooks: times(3_000, hook) }], ['POST', `${admission}/validatingwebhookconfigurations`, { metadata: { name: 'many' }, webhooks: times(3_000, hook) }],
      ['POST', configMaps, { metadata: { name: 'hooked', labels: keyed(100, () => 'x', 'l') }, data: keyed(50, () => 'v') }], ['PATCH', `${configMaps}/hooked`, { data: { a: 'b' } }, merge],
      ['PATCH', `${admission}/mutatingwebhookconfigurations/many`, { metadata: { labels: { a: 'b' } } }, strategic]),
    clean: removed(`${admission}/mutatingwebhookconfigurations/many`, `${admission}/validatingwebhookconfigurations/many`, `${configMaps}/hooked`),
  },
  'a webhook of 5,000 rules': {
    act: () => calls(
      ['POST', `${admission}/validatingwebhookconfigurations`, { metadata: { name: 'ruled' }, webhooks: [{ ...hook(0), objectSelector: {}, rules: times(5_000, (index) => ({ apiGroups: [`g${index}`], apiVersions: ['v1'], resources: ['x'], operations: ['CREATE'] })) }] }],
      ...times(5, (index): Call => ['POST', `${configMaps}?dryRun=All`, { metadata: { name: `ruled-${index}` } }])),
    clean: removed(`${admission}/validatingwebhookconfigurations/ruled`),
  },
  'a policy with 2,000 parameters': {
    prepare: (api) => all(2_000, (index) => api.call('POST', configMaps, { metadata: { name: `param-${index}`, labels: { set: 'params' } }, data: { most: '5' } })),
    act: () => calls(
      ['POST', `${admission}/validatingadmissionpolicies`, { metadata: { name: 'params' }, spec: { failurePolicy: 'Fail', paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['secrets'], operations: ['CREATE'] }] }, validations: [{ expression: 'size(object.data) <= int(params.data.most)' }] } }],
      ['POST', `${admission}/validatingadmissionpolicybindings`, { metadata: { name: 'params' }, spec: { policyName: 'params', validationActions: ['Deny'], paramRef: { selector: { matchLabels: { set: 'params' } }, parameterNotFoundAction: 'Deny' } } }],
      ['POST', `${base}/secrets`, { metadata: { name: 'judged1' }, stringData: keyed(4, () => 'v') }], ['POST', `${base}/secrets`, { metadata: { name: 'judged2' }, stringData: keyed(9, () => 'v') }]),
    clean: removed(`${admission}/validatingadmissionpolicybindings/params`, `${admission}/validatingadmissionpolicies/params`, `${configMaps}?labelSelector=set%3Dparams`, `${base}/secrets/judged1`, `${base}/secrets/judged2`),
  },
  'budget of 20,000 expressions, an eviction, a binding of 1 MB': {
    prepare: (api) => calls(['POST', `${base}/pods`, pod('evicted', {}, { labels: keyed(100, () => 'v') })], ['POST', `${base}/pods`, pod('bound', { schedulingGates: [{ name: 'a.b/c' }] })], ['POST', '/api/v1/nodes', { metadata: { name: 'bindable' } }])(api),
    act: () => calls(
      ['POST', '/apis/policy/v1/namespaces/default/poddisruptionbudgets', { metadata: { name: 'wide' }, spec: { minAvailable: 1, selector: { matchExpressions: times(20_000, (index) => ({ key: `k${index % 100}`, operator: 'In', values: ['v'] })) } } }],
      ['POST', '/apis/policy/v1/namespaces/default/poddisruptionbudgets', { metadata: { name: 'wide2' }, spec: { minAvailable: 1, selector: { matchExpressions: [{ key: 'k1', operator: 'In', values: times(30_000, (index) => `v${index}`) }] } } }],
      ['POST', `${base}/pods/evicted/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'evicted', labels: keyed(40_000, () => 'v') } }],
      ['PATCH', `${base}/pods/bound`, { spec: { schedulingGates: null } }, merge],
      ['POST', `${base}/pods/bound/binding`, { metadata: { name: 'bound', annotations: keyed(40_000, () => 'v') }, target: { kind: 'Node', name: 'bindable' } }]),
    clean: removed('/apis/policy/v1/namespaces/default/poddisruptionbudgets/wide', '/apis/policy/v1/namespaces/default/poddisruptionbudgets/wide2', `${base}/pods/evicted${podNow}`, `${base}/pods/bound${podNow}`, '/api/v1/nodes/bindable'),
    settleMs: 500,
  },
  '300 managers of one object': {
    prepare: async (api) => {
      for (let index = 0; index < 300; index++) await api.call('PATCH', `${configMaps}/managed?fieldManager=m${index}`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'managed' }, data: keyed(50, () => 'v', `m${index}-`) }, apply)
    },
    act: () => calls(
      ['PATCH', `${configMaps}/managed?fieldManager=m7`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'managed' }, data: keyed(50, () => 'w', 'm7-') }, apply], ['PATCH', `${configMaps}/managed?fieldManager=n`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'managed' }, data: keyed(50, () => 'w', 'm8-') }, apply],
      ['PATCH', `${configMaps}/managed`, { data: { one: 'more' } }, merge], ['PATCH', `${configMaps}/managed?fieldManager=force&force=true`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'managed' }, data: Object.assign({}, ...times(300, (index) => keyed(50, () => 'f', `m${index}-`))) as object }, apply],
      ['DELETE', `${configMaps}/managed`]),
  },
  'managed fields of 5,000 entries': {
    act: () => calls(
      ['POST', configMaps, { metadata: { name: 'entries', managedFields: times(5_000, (index) => ({ manager: `m${index}`, operation: index % 2 ? 'Apply' : 'Update', apiVersion: 'v1', time: '2030-01-01T00:00:00Z', fieldsType: 'FieldsV1', fieldsV1: { 'f:data': { [`f:k${index}`]: {} } } })) }, data: keyed(5_000, () => 'v') }],
      ['PATCH', `${configMaps}/entries`, { data: { one: 'more' } }, merge], ['PATCH', `${configMaps}/entries?fieldManager=m1`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'entries' }, data: { k1: 'w', k2: 'w' } }, apply], ['PATCH', `${configMaps}/entries`, { metadata: { managedFields: [{}] } }, merge]),
    clean: removed(`${configMaps}/entries`),
  },
  'role of 4,000 rules by somebody who has them': {
    prepare: (api) => calls(
      ['POST', `${rbac}/clusterroles`, { metadata: { name: 'alices' }, rules: [...times(4_000, (index) => ({ apiGroups: [''], resources: [`r${index}`], verbs: ['get', 'list'] })), { apiGroups: ['rbac.authorization.k8s.io'], resources: ['*'], verbs: ['create', 'update', 'get', 'delete', 'patch'] }] }],
      ['POST', `${rbac}/clusterrolebindings`, { metadata: { name: 'alices' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'alices' }, subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'alice' }] }])(api),
    act: () => calls(
      ['POST', `${rbac}/clusterroles`, { metadata: { name: 'copied' }, rules: times(4_000, (index) => ({ apiGroups: [''], resources: [`r${index}`], verbs: ['get'] })) }, asAlice], ['POST', `${rbac}/clusterroles`, { metadata: { name: 'more' }, rules: times(4_000, (index) => ({ apiGroups: [''], resources: [`r${index}`], verbs: ['delete'] })) }, asAlice],
      ['POST', `${rbac}/clusterrolebindings`, { metadata: { name: 'copied' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'alices' }, subjects: times(10_000, (index) => ({ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: `u${index}` })) }, asAlice],
      ['POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', { spec: { namespace: 'default' } }, asAlice], ['GET', `${base}/configmaps`, undefined, asAlice]),
    clean: removed(`${rbac}/clusterroles/alices`, `${rbac}/clusterroles/copied`, `${rbac}/clusterrolebindings/alices`, `${rbac}/clusterrolebindings/copied`),
  },
  'role put together of 2,000 roles': {
    prepare: (api) => all(2_000, (index) => api.call('POST', `${rbac}/clusterroles`, { metadata: { name: `part-${index}`, labels: { part: 'yes' } }, rules: [{ apiGroups: [''], resources: [`r${index}`], verbs: ['get'] }] })),
    act: () => calls(['POST', `${rbac}/clusterroles`, { metadata: { name: 'whole' }, aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part: 'yes' } }, ...times(1_000, (index) => ({ matchLabels: { part: `p${index}` } }))] } }]),
    clean: removed(`${rbac}/clusterroles/whole`, `${rbac}/clusterroles?labelSelector=part%3Dyes`), settleMs: 1500,
  },
  'flow schema of 10,000 subjects': {
    act: () => calls(
      ['POST', '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas', { metadata: { name: 'wide' }, spec: { matchingPrecedence: 3, priorityLevelConfiguration: { name: 'global-default' }, rules: times(10, (rule) => ({ subjects: times(1_000, (index) => ({ kind: 'User', user: { name: `u${rule}-${index}` } })), resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'] }] })) } }],
      ...times(20, (index): Call => ['GET', `${configMaps}/x${index}`])),
    clean: removed('/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas/wide'),
  },
  'pod security of 2,000 pods, judged again': {
    prepare: async (api) => {
      const path = await inNamespace(api, 'judged')
      await all(2_000, (index) => api.call('POST', `${path}/pods`, pod(`p-${index}`, { schedulingGates: [{ name: 'a.b/c' }], containers: times(5, (one) => container(one, { securityContext: { privileged: true } })) })))
    },
    act: () => calls(['PATCH', '/api/v1/namespaces/judged', { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } }, merge], ['PATCH', '/api/v1/namespaces/judged?dryRun=All', { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'baseline' } } }, merge]),
    clean: removed('/api/v1/namespaces/judged'), settleMs: 500,
  },
  'pod of 5,000 privileged containers where none may be': {
    prepare: async (api) => {
      await inNamespace(api, 'strict')
      await calls(['PATCH', '/api/v1/namespaces/strict', { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted', 'pod-security.kubernetes.io/warn': 'restricted', 'pod-security.kubernetes.io/audit': 'restricted' } } }, merge])(api)
    },
    act: () => calls(
      ['POST', '/api/v1/namespaces/strict/pods', pod('bad', { containers: times(5_000, (index) => container(index, { securityContext: { privileged: true, capabilities: { add: ['SYS_ADMIN'] } } })) })], ['POST', '/apis/apps/v1/namespaces/strict/deployments', workload('bad', { containers: times(5_000, (index) => container(index, { securityContext: { privileged: true } })) })],
      ['POST', '/api/v1/namespaces/strict/pods', pod('bad2', { volumes: times(10_000, (index) => ({ name: `v${index}`, hostPath: { path: '/' } })) })]),
    clean: removed('/api/v1/namespaces/strict'),
  },
  'revision of 1 MB, any JSON': through(`${apps}/controllerrevisions`, { metadata: { name: 'rev' }, revision: 1, data: { l: times(60_000, (index) => ({ a: index })) } } as never, 'apps/v1', 'ControllerRevision'),
  'volume of 10,000 terms, class of 10,000 topologies': {
    act: () => calls(
      ['POST', '/api/v1/persistentvolumes', { metadata: { name: 'terms' }, spec: { capacity: { storage: '1' }, accessModes: ['ReadWriteOnce'], local: { path: '/x' }, storageClassName: 'none', nodeAffinity: { required: { nodeSelectorTerms: times(10_000, (index) => ({ matchExpressions: [{ key: 'h', operator: 'In', values: [`n${index}`] }] })) } } } }],
      ['POST', '/apis/storage.k8s.io/v1/storageclasses', { metadata: { name: 'wide' }, provisioner: 'example.com/x', allowedTopologies: times(10_000, (index) => ({ matchLabelExpressions: [{ key: 'zone', values: [`z${index}`] }] })) }],
      ['POST', '/apis/storage.k8s.io/v1/storageclasses', { metadata: { name: 'twins' }, provisioner: 'example.com/x', allowedTopologies: times(30_000, () => ({ matchLabelExpressions: [] })) }]),
    clean: removed('/api/v1/persistentvolumes/terms', '/apis/storage.k8s.io/v1/storageclasses/wide'),
  },
  'a little patch that makes much of little': {
    prepare: (api) => calls(['POST', configMaps, { metadata: { name: 'grown' }, data: keyed(50, () => 'v'.repeat(80)) }])(api),
    act: () => calls(['PATCH', `${configMaps}/grown`, times(400, (index) => ({ op: 'copy', from: '/data', path: `/x${index}` })), { 'content-type': 'application/json-patch+json' }], ['PATCH', `${configMaps}/grown`, [{ op: 'add', path: '/metadata/annotations', value: {} }, ...times(400, (index) => ({ op: 'copy', from: '/data/k1', path: `/data/n${index}` }))], { 'content-type': 'application/json-patch+json' }]),
    clean: removed(`${configMaps}/grown`),
  },
}
