// What a close reading of Kubernetes' own checks found missing, kind by kind: objects with the errors that they get.
import { changed, created, faults, partFaults, updated } from './kind.suite.ts'
import { changeLines, createLines, Door } from './door.suite.ts'

type Json = Record<string, unknown>

const meta = { name: 'x', namespace: 'n' }
const pod = (spec: Json, annotations: Json = {}): Json => ({ metadata: { ...meta, annotations }, spec: { containers: [{ name: 'c', image: 'i' }], ...spec } })
const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
const workload = (spec: Json): Json => ({ metadata: meta, spec: { selector: { matchLabels: { a: 'b' } }, template, ...spec } })
const node = (spec: Json, more: Json = {}): Json => ({ metadata: { name: 'x', ...more }, spec })
const claim = (more: Json = {}): Json => ({ metadata: { name: 'd' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...more } })
const mark = 'scheduler.alpha.kubernetes.io'

describe('creates', () => {
  it.each<[string, string, Json, string[]]>([
    ['pods.v1', 'tolerations in an annotation', pod({}, { [`${mark}/tolerations`]: '[{"Key": "a b", "operator": "Exists", "value": "v"}]' }), [
      expect.stringMatching(/^metadata\.annotations\.scheduler\.alpha\.kubernetes\.io\/tolerations\[0\]\.key: Invalid value: "a b": name part must consist/) as unknown as string,
      `metadata.annotations.${mark}/tolerations[0].operator: Invalid value: "v": value must be empty when \`operator\` is 'Exists'`,
    ]],
    ['pods.v1', 'no list of tolerations', pod({}, { [`${mark}/tolerations`]: '{}' }), [`metadata.annotations: Invalid value: "${mark}/tolerations": json: cannot unmarshal object into Go value of type []core.Toleration`]],
    ['pods.v1', 'a toleration that is none', pod({}, { [`${mark}/tolerations`]: '[{"key": 1}]' }), [`metadata.annotations: Invalid value: "${mark}/tolerations": json: cannot unmarshal number into Go struct field Toleration.Key of type string`]],
    ['pods.v1', 'a toleration that is no JSON', pod({}, { [`${mark}/tolerations`]: '[' }), [`metadata.annotations: Invalid value: "${mark}/tolerations": unexpected end of JSON input`]],
    ['pods.v1', 'portal', pod({ volumes: [{ name: 'v', iscsi: { targetPortal: 'p'.repeat(63), iqn: 'iqn.2000-01.a:b', lun: 0, initiatorName: 'iqn.2000-01.a:b' } }] }), [
      'spec.volumes[0].name: Invalid value: "v": Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.',
    ]],
    ['pods.v1', 'secret of a driver', pod({ volumes: [{ name: 'v', csi: { driver: 'a', nodePublishSecretRef: { name: 'A' } } }] }), [
      expect.stringMatching(/^spec\.volumes\[0\]\.csi\.name: Invalid value: "A": a lowercase RFC 1123 subdomain/) as unknown as string,
    ]],
    ['pods.v1', 'two sources', pod({ volumes: [{ name: 'v', emptyDir: {}, cephfs: { monitors: ['a'] }, downwardAPI: {} }] }), [
      'spec.volumes[0].cephFS: Forbidden: may not specify more than 1 volume type', 'spec.volumes[0].downwarAPI: Forbidden: may not specify more than 1 volume type',
    ]],
    ['pods.v1', 'names with a dash at the end', pod({ containers: [{ name: 'c', image: 'i', envFrom: [{ configMapRef: { name: 'a-' } }] }] }), []],
    ['deployments.apps/v1', 'large annotations of a template', workload({ template: { ...template, metadata: { ...template.metadata, annotations: { a: 'x'.repeat(256 * 1024) } } } }), [
      'spec.template.annotations: Too long: may not be more than 262144 bytes',
    ]],
    ['statefulsets.apps/v1', 'host names that each pod gets', workload({ template: { ...template, spec: { ...template.spec, hostname: 'A', subdomain: 'B' } } }), []],
    ['statefulsets.apps/v1', 'raw devices of claims', workload({
      volumeClaimTemplates: [claim({ volumeMode: 'Block' })],
      template: { ...template, spec: { containers: [{ name: 'c', image: 'i', volumeDevices: [{ name: 'd', devicePath: '/dev/d' }] }] } },
    }), []],
    ['nodes.v1', 'taints in an annotation', node({}, { annotations: { [`${mark}/taints`]: '[{"key": "a", "effect": "x"}]' } }), [
      `metadata.annotations.${mark}/taints[0].effect: Unsupported value: "x": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"`,
    ]],
    ['nodes.v1', 'unwanted pods', node({}, { annotations: { [`${mark}/preferAvoidPods`]: '{"preferAvoidPods":[{}, {"podSignature":{"podController":{"controller":false}}}]}' } }), [
      `metadata.annotations.${mark}/preferAvoidPods[0].PodSignature: Required value`,
      `metadata.annotations.${mark}/preferAvoidPods[1].PodSignature.PodController.Controller: Invalid value: false: must point to a controller`,
    ]],
  ])('%s: %s', (name, _, object, expected) => {
    expect(faults(name, object)).toEqual(expected)
  })
})

describe('nodes', () => {
  it('takes the one range of older clients', () => {
    expect(created('nodes.v1', node({ podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.1.0/24', 'fd00::/64'] }))).toMatchObject({ spec: { podCIDRs: ['10.0.0.0/24'] } })
  })

  it('checks ranges that an update brings', () => {
    expect(faults('nodes.v1', node({ podCIDRs: ['x'] }), created('nodes.v1', node({})))).toEqual(['spec.podCIDRs[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'])
    expect(partFaults('nodes.v1', 'status', { ...node({}), status: { nodeInfo: { swap: { capacity: 0 } } } }, node({}))).toEqual([])
    expect(faults('nodes.v1', { ...node({}), status: { nodeInfo: { swap: { capacity: 0 } } } })).toEqual(['metadata.nodeSwapStatus.capacity: Invalid value: 0: must be greater than zero'])
  })
})

describe('what is made of changes', () => {
  it('counts the templates of daemon sets in an annotation', () => {
    const key = 'deprecated.daemonset.template.generation'
    type Annotated = { metadata: { annotations?: Json } }
    const first = created('daemonsets.apps/v1', workload({})) as unknown as Annotated & Json
    expect(first.metadata.annotations).toEqual({ [key]: '1' })
    const next = updated('daemonsets.apps/v1', workload({ template: changed(template, { spec: { nodeName: 'b' } }) }), first) as unknown as Annotated
    expect(next.metadata.annotations).toEqual({ [key]: '2' })
    const same = updated('daemonsets.apps/v1', { ...workload({ minReadySeconds: 3 }), metadata: { ...meta, annotations: { [key]: '9', a: 'b' } } }, first) as unknown as Annotated
    expect(same.metadata.annotations).toEqual({ [key]: '1', a: 'b' })
  })

  it('tells what is fixed of a job as the server holds it', () => {
    const job = (spec: Json): Json => ({ metadata: { ...meta, uid: 'u' }, spec: { template: { spec: { containers: [{ name: 'c', image: 'i' }], restartPolicy: 'Never' } }, ...spec } })
    const old = created('jobs.batch/v1', job({ podFailurePolicy: { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'A' }] }] } }))
    const [podTemplate, policy, ...rest] = faults('jobs.batch/v1', changed(old, { spec: {
      template: { spec: { containers: [{ name: 'c', image: 'j' }] } }, podFailurePolicy: { rules: [{ action: 'Count', onExitCodes: { operator: 'In', values: [1] } }] },
    } }), old)
    expect(podTemplate).toMatch(/^spec\.template: Invalid value: \{"labels":\{"batch\.kubernetes\.io\/controller-uid":"u",.*\},"Spec":\{"Volumes":null,"InitContainers":null,"Containers":\[\{"Name":"c","Image":"j",.*: field is immutable$/)
    expect(policy).toBe('spec.podFailurePolicy: Invalid value: {"Rules":[{"Action":"Count","OnExitCodes":{"ContainerName":null,"Operator":"In","Values":[1]},"OnPodConditions":null}]}: field is immutable')
    expect(rest).toEqual([])
  })
})

describe('finalizers', () => {
  const text = (index: number, name: string): string => `metadata.finalizers[${index}]: Invalid value: "${name}": name is neither a standard finalizer name nor is it fully qualified`

  it('have a domain', async () => {
    const finalizers = ['mine', 'a.b/c', 'foregroundDeletion', 'kubernetes']
    expect(await createLines('configmaps.v1', { metadata: { finalizers } })).toEqual([text(0, 'mine')])
    expect(await changeLines('configmaps.v1', {}, { metadata: { finalizers: ['a.b/c', 'mine'] } })).toEqual([text(1, 'mine')])
  })

  it('need none where Kubernetes asks for none', async () => {
    expect(await createLines('runtimeclasses.node.k8s.io/v1', { metadata: { finalizers: ['mine'] }, handler: 'a' })).toEqual([])
  })
})

describe('generations', () => {
  it('of deployments rise with annotations, and statuses bring no labels', async () => {
    const door = new Door('deployments.apps/v1')
    const generation = async (change: Json, part?: string): Promise<unknown> => (await door.patch(change, part)).object?.metadata.generation
    const { object } = await door.create({ metadata: { labels: { a: 'b' } }, spec: { selector: { matchLabels: { a: 'b' } }, template } })
    expect(object?.metadata.generation).toBe(1)
    expect(await generation({ metadata: { annotations: { a: 'b' } } })).toBe(2)
    expect(await generation({ metadata: { labels: { c: 'd' } } })).toBe(2)
    const { object: after } = await door.patch({ metadata: { annotations: { e: 'f' }, labels: { a: 'z' } }, status: { replicas: 1 } }, 'status')
    expect(after?.metadata).toMatchObject({ generation: 2, labels: { a: 'b', c: 'd' }, annotations: { a: 'b', e: 'f' } })
  })

  it('of priority classes stay', async () => {
    const door = new Door('priorityclasses.scheduling.k8s.io/v1')
    expect((await door.create({ value: 1 })).object?.metadata.generation).toBe(1)
    expect((await door.patch({ description: 'a' })).object?.metadata.generation).toBe(1)
  })
})

describe('statuses', () => {
  it.each([['flowschemas.flowcontrol.apiserver.k8s.io/v1', { spec: { matchingPrecedence: 2, priorityLevelConfiguration: { name: 'a' }, rules: [{ subjects: [{ kind: 'User', user: { name: 'a' } }], nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }] }] } }], ['apiservices.apiregistration.k8s.io/v1', undefined]] as const)('%s: bring no labels', async (kind, body) => {
    const door = new Door(kind, body ? 'x' : 'v1.x.io')
    await door.create(body ?? { spec: { group: 'x.io', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1 } })
    const { object, lines } = await door.patch({ metadata: { labels: { a: 'b' } }, status: { conditions: [] } }, 'status')
    expect(lines).toEqual([])
    expect(object?.metadata.labels).toBeUndefined()
  })
})
