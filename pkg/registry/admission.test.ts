// The default admission plugins on real kinds, and the pod subresources that write.
import type { KubeObject } from '../api/object.ts'
import type { Pod, PodSpec } from '../api/types-pod.ts'
import type { Node } from '../api/types-node.ts'
import { defaultAdmission } from './admission-plugins.ts'
import type { Definition } from './definition.ts'
import { asking, failure, fixture } from './fixture.suite.ts'
import type { Fixture } from './fixture.suite.ts'
import { builtinDefinitions } from './kinds.ts'
import { ensureObjects } from './bootstrap.ts'
import { bindPod } from './pod-binding.ts'
import { evictPod } from './pod-eviction.ts'

const definitions = builtinDefinitions()
const definitionOf = (plural: string): Definition => definitions.find(({ resource }) => resource.plural === plural) as Definition
const [namespaces, nodes, podDisruptionBudgets, pods] = ['namespaces', 'nodes', 'poddisruptionbudgets', 'pods'].map(definitionOf) as [Definition, Definition, Definition, Definition]
const [serviceAccounts, claims, storageClasses, ingresses, ingressClasses] = ['serviceaccounts', 'persistentvolumeclaims', 'storageclasses', 'ingresses', 'ingressclasses'].map(definitionOf) as [Definition, Definition, Definition, Definition, Definition]

async function open(objects: Partial<KubeObject & Record<string, unknown>>[] = []): Promise<Fixture> {
  const made = fixture({ definitions, admission: defaultAdmission })
  await ensureObjects(made.registry, [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } },
    ...objects as KubeObject[],
  ])
  return made
}

const at = (name: string): { namespace: string; name: string } & ReturnType<typeof asking> => ({ ...asking(), namespace: 'default', name })
const pod = async (made: Fixture, spec: Partial<PodSpec> & Record<string, unknown> = {}, name = 'p', labels?: Record<string, string>): Promise<Pod> =>
  await made.create(pods, { metadata: { name, ...(labels ? { labels } : {}) }, spec: { containers: [{ name: 'c', image: 'i' }], ...spec } }) as unknown as Pod

describe('pods on create', () => {
  it('get account, token, priority and tolerations', async () => {
    const { spec, status } = await pod(await open(), { initContainers: [{ name: 'init', image: 'i' }] })
    expect(spec).toMatchObject({
      serviceAccountName: 'default', serviceAccount: 'default', priority: 0, preemptionPolicy: 'PreemptLowerPriority',
      tolerations: [
        { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
        { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
      ],
    })
    const [volume] = spec.volumes ?? []
    expect(volume?.name).toMatch(/^kube-api-access-[a-z0-9]{5}$/)
    const mount = { name: volume?.name, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }
    expect([spec.containers[0]?.volumeMounts, spec.initContainers?.[0]?.volumeMounts]).toEqual([[mount], [mount]])
    expect(volume?.projected?.sources?.map((source) => Object.keys(source)[0])).toEqual(['serviceAccountToken', 'configMap', 'downwardAPI'])
    expect(status?.phase).toBe('Pending')
  })

  it.each([[false, undefined, 0], [undefined, false, 0], [true, false, 1], [undefined, undefined, 1]])('automount: pod %s, account %s', async (ofPod, ofAccount, volumes) => {
    const made = await open([{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'own' }, imagePullSecrets: [{ name: 's' }], ...(ofAccount === undefined ? {} : { automountServiceAccountToken: ofAccount }) }])
    const { spec } = await pod(made, { serviceAccountName: 'own', ...(ofPod === undefined ? {} : { automountServiceAccountToken: ofPod }) })
    expect(spec.volumes?.length ?? 0).toBe(volumes)
    expect(spec.imagePullSecrets).toEqual([{ name: 's' }])
  })

  it.each<[string, Partial<PodSpec>, number, string]>([
    ['a missing account', { serviceAccountName: 'none' }, 403, 'pods "p" is forbidden: error looking up service account default/none: serviceaccount "none" not found'],
    ['a missing priority class', { priorityClassName: 'none' }, 403, 'pods "p" is forbidden: no PriorityClass with name none was found'],
    ['a priority of its own', { priority: 7 }, 403, 'pods "p" is forbidden: the integer value of priority (7) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name'],
    ['a missing runtime class', { runtimeClassName: 'none' }, 403, 'pods "p" is forbidden: pod rejected: RuntimeClass "none" not found'],
  ])('are refused for %s', async (_title, spec, code, message) => {
    const made = await open()
    expect(await failure(() => pod(made, spec))).toMatchObject({ code, message })
  })

  it('wait for the default account of a new namespace', async () => {
    const made = fixture({ definitions, admission: defaultAdmission })
    await ensureObjects(made.registry, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } }])
    const created = pod(made)
    await made.create(serviceAccounts, { metadata: { name: 'default' } })
    expect((await created).spec.serviceAccountName).toBe('default')
  })

  it('are refused when the default account does not come', async () => {
    const made = fixture({ definitions, admission: defaultAdmission })
    await ensureObjects(made.registry, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } }])
    const refused = failure(() => pod(made))
    await new Promise((resolve) => setImmediate(resolve))
    made.clock.step(2000)
    expect(await refused).toMatchObject({ code: 403, message: 'pods "p" is forbidden: error looking up service account default/default: serviceaccount "default" not found' })
  })

  it('take priority and overhead from their classes', async () => {
    const made = await open([
      { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 1000, preemptionPolicy: 'Never' },
      { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'usual' }, value: 5, globalDefault: true },
      { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'vm' }, handler: 'vm', overhead: { podFixed: { cpu: '100m' } }, scheduling: { nodeSelector: { vm: 'yes' } } },
    ])
    expect((await pod(made, { priorityClassName: 'high', runtimeClassName: 'vm' })).spec)
      .toMatchObject({ priority: 1000, preemptionPolicy: 'Never', overhead: { cpu: '100m' }, nodeSelector: { vm: 'yes' } })
    expect((await pod(made, {}, 'q')).spec).toMatchObject({ priorityClassName: 'usual', priority: 5 })
    expect((await pod(made, { priorityClassName: 'system-node-critical' }, 'r')).spec.priority).toBe(2_000_001_000)
  })

  it('get defaults and bounds of limit ranges', async () => {
    const limits = [{ type: 'Container', default: { cpu: '500m' }, defaultRequest: { cpu: '100m' }, max: { cpu: '1' }, min: { cpu: '50m' } }]
    const made = await open([{ apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'l' }, spec: { limits } }])
    const { spec, metadata, status } = await pod(made)
    expect(spec.containers[0]?.resources).toEqual({ limits: { cpu: '500m' }, requests: { cpu: '100m' } })
    expect(metadata.annotations?.['kubernetes.io/limit-ranger']).toBe('LimitRanger plugin set: cpu request for container c; cpu limit for container c')
    expect((status as { qosClass?: string }).qosClass).toBe('Burstable')
    const big = { containers: [{ name: 'c', image: 'i', resources: { limits: { cpu: '2' }, requests: { cpu: '10m' } } }] }
    expect(await failure(() => pod(made, big, 'big'))).toMatchObject({
      code: 403, message: 'pods "big" is forbidden: [minimum cpu usage per Container is 50m, but request is 10m, maximum cpu usage per Container is 1, but limit is 2]',
    })
  })
})

it('bounds pods with their sidecars, or as a whole; the first limit range that refuses speaks', async () => {
  const range = (name: string, max: string): never => ({ apiVersion: 'v1', kind: 'LimitRange', metadata: { name }, spec: { limits: [{ type: 'Pod', max: { cpu: max } }] } }) as never
  const made = await open([range('a', '2'), range('b', '1')])
  const cpu = (amount: string): object => ({ resources: { limits: { cpu: amount } } })
  const containers = [{ name: 'c', image: 'i', ...cpu('1') }]
  const sidecar = { name: 's', image: 'i', restartPolicy: 'Always', ...cpu('1500m') }
  expect((await failure(() => pod(made, { containers, initContainers: [sidecar] }))).message).toBe('pods "p" is forbidden: maximum cpu usage per Pod is 2, but limit is 2500m')
  expect((await failure(() => pod(made, { containers, ...cpu('1200m') }))).message).toBe('pods "p" is forbidden: maximum cpu usage per Pod is 1, but limit is 1200m')
  expect((await failure(() => pod(made, {}))).message).toBe('pods "p" is forbidden: maximum cpu usage per Pod is 2.  No limit is specified')
})

it('tells what has no name yet by what it will begin with', async () => {
  const made = await open([])
  const unnamed = (spec: object): Promise<unknown> => made.registry.create(pods, { ...asking(), namespace: 'default', object: { metadata: { generateName: 'web-' }, spec: { containers: [{ name: 'c', image: 'i' }], ...spec } } as never })
  expect(await failure(() => unnamed({ serviceAccountName: 'none' }))).toMatchObject({ message: 'pods "web-" is forbidden: error looking up service account default/none: serviceaccount "none" not found', details: { name: 'web-' } })
})

it('merges what a runtime class tolerates, and keeps its overhead', async () => {
  const tolerations = [{ key: 'a', operator: 'Exists' }, { key: 'b', operator: 'Equal', value: 'x', effect: 'NoSchedule' }]
  const made = await open([{ apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'vm' }, handler: 'vm', overhead: { podFixed: { cpu: '100m' } }, scheduling: { nodeSelector: { a: 'b' }, tolerations } } as never])
  const own = [{ key: 'a', operator: 'Equal', value: 'y', effect: 'NoExecute' }, { key: 'b', operator: 'Exists' }]
  const { spec } = await pod(made, { runtimeClassName: 'vm', overhead: { cpu: '0.1' }, tolerations: own })
  expect(spec.tolerations?.filter(({ key }) => key === 'a' || key === 'b')).toEqual([{ key: 'b', operator: 'Exists' }, { key: 'a', operator: 'Exists' }])
  expect((await failure(() => pod(made, { runtimeClassName: 'vm', nodeSelector: { a: 'c' } }, 'q'))).message).toBe('pods "q" is forbidden: conflict: runtimeClass.scheduling.nodeSelector[a] = b; pod.spec.nodeSelector[a] = c')
  expect((await failure(() => pod(made, { overhead: { cpu: '1' } }, 'r'))).message).toBe('pods "r" is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead')
})

it('fills up what a resize leaves out', async () => {
  const made = await open([])
  await pod(made, { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '100m', memory: '1Mi' }, limits: { cpu: '1' } } }] })
  await made.registry.create(definitionOf('limitranges'), { ...asking(), namespace: 'default', object: { metadata: { name: 'l' }, spec: { limits: [{ type: 'Container', default: { memory: '2Mi' }, max: { cpu: '2' } }] } } as never })
  const resized = (limit: string): Promise<unknown> => made.registry.patch(definitionOf('pods'), { ...asking(), namespace: 'default', name: 'p', subresource: 'resize', patch: { type: 'strategic', body: { spec: { containers: [{ name: 'c', resources: { limits: { cpu: limit } } }] } } } })
  expect((await failure(() => resized('3'))).message).toBe('pods "p" is forbidden: maximum cpu usage per Container is 2, but limit is 3')
  await resized('2')
  const { spec, metadata } = await made.registry.get(definitionOf('pods'), { ...asking(), namespace: 'default', name: 'p' }) as unknown as Pod
  expect(spec.containers[0]?.resources).toEqual({ requests: { cpu: '100m', memory: '1Mi' }, limits: { cpu: '2', memory: '2Mi' } })
  expect(metadata.annotations?.['kubernetes.io/limit-ranger']).toBe('LimitRanger plugin set: memory limit for container c')
})

it('bounds what claims ask for; nobody states limits of them', async () => {
  const made = await open([{ apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'l' }, spec: { limits: [{ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } }] } }])
  const claim = (storage: string) => (): Promise<unknown> => made.registry.create(claims, {
    ...asking(), namespace: 'default', object: { metadata: { name: 'c' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } } } as KubeObject,
  })
  expect(await failure(claim('3Gi'))).toMatchObject({ code: 403, message: 'persistentvolumeclaims "c" is forbidden: maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi' })
  expect(await failure(claim('1Mi'))).toMatchObject({ code: 403, message: 'persistentvolumeclaims "c" is forbidden: minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi' })
  await claim('1Gi')()
})

it('keeps the priority classes of the system', async () => {
  const name = 'system-node-critical'
  const made = await open([{ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value: 2_000_001_000 } as never])
  expect(await failure(() => made.registry.delete(definitionOf('priorityclasses'), { ...asking(), name }))).toMatchObject({
    code: 403, message: `priorityclasses.scheduling.k8s.io "${name}" is forbidden: this is a system priority class and cannot be deleted`,
  })
})

describe('namespaces', () => {
  it('must exist and stay, and some stay for ever', async () => {
    const made = await open([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'leaving' } }])
    const elsewhere = (namespace: string) => (): Promise<unknown> => made.registry.create(serviceAccounts, { ...asking(), namespace, object: { metadata: { name: 'a' } } })
    expect(await failure(elsewhere('none'))).toMatchObject({ code: 404, message: 'namespaces "none" not found' })
    await made.registry.delete(namespaces, { ...asking(), name: 'leaving' })
    expect(await failure(elsewhere('leaving'))).toMatchObject({
      code: 403, message: 'serviceaccounts "a" is forbidden: unable to create new content in namespace leaving because it is being terminated',
      details: { causes: [{ reason: 'NamespaceTerminating', message: 'namespace leaving is being terminated', field: 'metadata.namespace' }] },
    })
    expect(await failure(() => made.registry.delete(namespaces, { ...asking(), name: 'default' }))).toMatchObject({ code: 403, message: 'namespaces "default" is forbidden: this namespace may not be deleted' })
    await made.registry.update(namespaces, { ...asking(), name: 'leaving', subresource: 'finalize', object: { metadata: { name: 'leaving' }, spec: { finalizers: [] } } as KubeObject })
    expect(await failure(() => made.registry.get(namespaces, { name: 'leaving' }))).toMatchObject({ code: 404 })
  })
})

it('nodes start with a taint', async () => {
  const made = await open()
  const node = await made.create(nodes, { metadata: { name: 'n' } }) as unknown as Node
  expect(node.spec?.taints).toEqual([{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }])
})

it('claims and ingresses get the newest default class, claims are protected', async () => {
  const made = await open()
  const marked = (annotation: string, name: string): object => ({ metadata: { name, annotations: { [annotation]: 'true' } } })
  const claim = (name: string, spec: object = {}): Promise<unknown> =>
    made.create(claims, { metadata: { name }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec } })
  const ingress = (name: string): Promise<unknown> => made.create(ingresses, { metadata: { name }, spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } } })
  expect(await claim('none')).not.toHaveProperty('spec.storageClassName')
  for (const name of ['old', 'new']) {
    await made.create(storageClasses, { ...marked('storageclass.kubernetes.io/is-default-class', name), provisioner: 'p' })
    await made.create(ingressClasses, { ...marked('ingressclass.kubernetes.io/is-default-class', name), spec: { controller: 'example.com/c' } })
    made.clock.step(1000)
  }
  expect(await claim('default')).toMatchObject({ spec: { storageClassName: 'new' }, metadata: { finalizers: ['kubernetes.io/pvc-protection'] } })
  expect(await claim('without', { storageClassName: '' })).toMatchObject({ spec: { storageClassName: '' } })
  expect(await ingress('i')).toMatchObject({ spec: { ingressClassName: 'new' } })
})

describe('binding', () => {
  it('gives a pod its node once, without a new generation', async () => {
    const made = await open()
    await pod(made)
    await made.create(nodes, { metadata: { name: 'n', labels: { 'topology.kubernetes.io/zone': 'z' } } })
    const binding = { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } } as KubeObject
    expect(await bindPod(made.registry, at('p'), binding)).toMatchObject({ status: 'Success' })
    expect(made.registry.get(pods, at('p'))).toMatchObject({ spec: { nodeName: 'n' }, status: { conditions: [{ type: 'PodScheduled', status: 'True' }] }, metadata: { generation: 1, labels: { 'topology.kubernetes.io/zone': 'z' } } })
    expect(await failure(() => bindPod(made.registry, at('p'), binding))).toMatchObject({ code: 409, message: 'Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "n"' })
    expect(await failure(() => bindPod(made.registry, at('none'), { metadata: { name: 'none' }, target: { name: 'n' } } as KubeObject))).toMatchObject({ code: 404 })
  })
})

describe('bindings', () => {
  it('name the pod and a node, and bring labels', async () => {
    const made = await open()
    await pod(made)
    const ask = (binding: object): Promise<unknown> => failure(() => bindPod(made.registry, at('p'), binding as KubeObject))
    expect(await ask({ metadata: { name: 'q' }, target: { name: 'n' } })).toMatchObject({ code: 400, message: 'name in URL does not match name in Binding object' })
    expect(await ask({ metadata: { name: 'p' }, target: { kind: 'Pod' } })).toMatchObject({ code: 500, message: '[target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>", target.name: Required value]' })
    expect(await ask({ metadata: { name: 'p', resourceVersion: '1' }, target: { name: 'n' } })).toMatchObject({ code: 409, message: expect.stringContaining('ResourceVersion in precondition: 1, ') })
    await made.registry.patch(pods, { ...at('p'), subresource: 'status', patch: { type: 'merge', body: { status: { nominatedNodeName: 'm' } } } })
    await bindPod(made.registry, at('p'), { metadata: { name: 'p', labels: { a: 'b' }, annotations: { c: 'd' } }, target: { name: 'n' } } as KubeObject)
    const bound = made.registry.get(pods, at('p')) as Pod
    expect(bound).toMatchObject({ metadata: { labels: { a: 'b' }, annotations: { c: 'd' } }, spec: { nodeName: 'n' } })
    expect(bound.status).not.toHaveProperty('nominatedNodeName')
  })
})

describe('eviction', () => {
  const running = async (made: Fixture): Promise<void> => {
    await pod(made, {}, 'p', { app: 'web' })
    await bindPod(made.registry, at('p'), { metadata: { name: 'p' }, target: { name: 'n' } } as KubeObject)
    await made.registry.patch(pods, { ...at('p'), subresource: 'status', patch: { type: 'strategic', body: { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } } } })
  }
  const budget = async (made: Fixture, disruptionsAllowed: number, name = 'b'): Promise<void> => {
    await made.create(podDisruptionBudgets, { metadata: { name }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } } })
    await made.registry.patch(podDisruptionBudgets, { ...at(name), subresource: 'status', patch: { type: 'merge', body: { status: { disruptionsAllowed, desiredHealthy: 1, currentHealthy: 1, expectedPods: 1, observedGeneration: 1 } } } })
  }

  it('starts the graceful end of a pod and says why', async () => {
    const made = await open()
    await running(made)
    await evictPod(made.registry, at('p'), { metadata: { name: 'p' } })
    const { metadata, status } = made.registry.get(pods, at('p')) as Pod
    expect(metadata.deletionGracePeriodSeconds).toBe(30)
    expect(status?.conditions).toContainEqual(expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' }))
    expect(status?.conditions?.map(({ type }) => type)).toContain('Ready')
  })

  it('spends the budget, and is refused when there is none', async () => {
    const made = await open()
    await running(made)
    await budget(made, 0)
    expect(await failure(() => evictPod(made.registry, at('p'), { metadata: { name: 'p' } }))).toMatchObject({
      code: 429, reason: 'TooManyRequests', message: "Cannot evict pod as it would violate the pod's disruption budget.",
      details: { causes: [{ reason: 'DisruptionBudget', message: 'The disruption budget b needs 1 healthy pods and has 1 currently' }] },
    })
    await made.registry.patch(podDisruptionBudgets, { ...at('b'), subresource: 'status', patch: { type: 'merge', body: { status: { disruptionsAllowed: 1 } } } })
    await evictPod(made.registry, at('p'), { metadata: { name: 'p' } })
    expect(made.registry.get(podDisruptionBudgets, at('b'))).toMatchObject({ status: { disruptionsAllowed: 0, disruptedPods: { p: '2026-01-01T00:00:00Z' } } })
  })

  it('tells why a budget lets nothing go', async () => {
    const made = await open()
    await running(made)
    await budget(made, 0)
    const say = async (status: object): Promise<unknown> => {
      await made.registry.patch(podDisruptionBudgets, { ...at('b'), subresource: 'status', patch: { type: 'merge', body: { status } } })
      return ((await failure(() => evictPod(made.registry, at('p'), { metadata: { name: 'p' } }))).details as { causes: { message: string }[] }).causes[0]?.message
    }
    const condition = { type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message: 'found no controllers', lastTransitionTime: '2026-01-01T00:00:00Z' }
    expect(await say({ conditions: [condition] })).toBe('The disruption budget b does not allow evicting pods currently because it failed sync: found no controllers')
    expect(await say({ conditions: [{ ...condition, reason: 'Other' }] })).toBe('The disruption budget b needs 1 healthy pods and has 1 currently')
    expect(await say({ currentHealthy: 2 })).toBe('The disruption budget b does not allow evicting pods currently (Other): found no controllers')
    expect(await say({ conditions: [] })).toBe('The disruption budget b does not allow evicting pods currently')
    expect(await say({ observedGeneration: 0 })).toBe('The disruption budget b is still being processed by the server.')
  })

  it('is of the pod that was meant', async () => {
    const made = await open()
    await running(made)
    const ask = (name: string, deleteOptions = {}): Promise<unknown> => failure(() => evictPod(made.registry, at('p'), { metadata: { name }, deleteOptions } as KubeObject))
    expect(await ask('q')).toMatchObject({ code: 400, message: 'name in URL does not match name in Eviction object' })
    const { uid = '', resourceVersion = '' } = (made.registry.get(pods, at('p')) as Pod).metadata
    expect(await ask('p', { preconditions: { uid: 'x' } })).toMatchObject({
      code: 409, message: `Operation cannot be fulfilled on Pod "p": the UID in the precondition (x) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    })
    expect(await ask('p', { preconditions: { resourceVersion: '1' } })).toMatchObject({
      code: 409, message: `Operation cannot be fulfilled on Pod "p": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    })
    expect(await ask('p', { ignoreStoreReadErrorWithClusterBreakingPotential: true })).toMatchObject({
      code: 422, message: 'Eviction.policy "p" is invalid: deleteOptions.ignoreStoreReadErrorWithClusterBreakingPotential: Invalid value: true: can not be set for pod eviction, try after removing the option',
    })
  })

  it('knows no answer to two budgets', async () => {
    const made = await open()
    await running(made)
    await budget(made, 1)
    await budget(made, 1, 'c')
    expect(await failure(() => evictPod(made.registry, at('p'), { metadata: { name: 'p' } }))).toMatchObject({ code: 500, message: expect.stringContaining('This pod has more than one PodDisruptionBudget') })
  })
})
