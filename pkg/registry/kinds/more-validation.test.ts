import { created, faults } from './kind.suite.ts'

type Json = Record<string, unknown>

const meta = { name: 'x', namespace: 'n' }
const modes = { accessModes: ['ReadWriteOnce'] }
const claim = (spec: Json): Json => ({ metadata: meta, spec: { ...modes, resources: { requests: { storage: '2Gi' } }, ...spec } })
const volume = (spec: Json): Json => ({ metadata: { name: 'x' }, spec: { ...modes, capacity: { storage: '1Gi' }, ...spec } })
const service = (spec: Json): Json => ({ metadata: meta, spec: { ports: [{ port: 80 }], ...spec } })
const job = (spec: Json, name = 'x'): Json =>
  ({ metadata: { ...meta, name, uid: 'u' }, spec: { template: { spec: { containers: [{ name: 'c', image: 'i' }], restartPolicy: 'Never' } }, ...spec } })
const indexed = { completionMode: 'Indexed', completions: 3, parallelism: 3 }

describe('services', () => {
  it.each<[string, Json, string[]]>([
    ['external name', { type: 'ExternalName', externalName: 'A.b' }, ["spec.externalName: Invalid value: \"A.b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"]],
    ['external name with families', { type: 'ExternalName', externalName: 'a.b', ipFamilies: ['IPv4'] }, ['spec.ipFamilies: Forbidden: may not be set for ExternalName services']],
    ['affinity for long', { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 86401 } } }, ['spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400']],
    ['external addresses', { externalIPs: ['127.0.0.1', '0.0.0.0', 'x'] }, [
      'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)', 'spec.externalIPs[1]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)',
      'spec.externalIPs[2]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ]],
    ['two of a family', { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', '10.0.0.2'], ipFamilies: ['IPv4'] }, ['spec.clusterIPs: Invalid value: ["10.0.0.1","10.0.0.2"]: may specify no more than one IP for each IP family']],
    ['another family', { clusterIP: '10.0.0.1', ipFamilies: ['IPv6'] }, ['spec.clusterIPs[0]: Invalid value: "10.0.0.1": expected an IPv6 value as indicated by `ipFamilies[0]`']],
    ['protocol', { ports: [{ port: 1, appProtocol: 'a b' }] }, ["spec.ports[0].appProtocol: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"]],
  ])('%s', (_, spec, expected) => {
    expect(faults('services.v1', service(spec))).toEqual(expected)
  })
})

describe('storage', () => {
  it.each<[string, string, Json, string[]]>([
    ['persistentvolumeclaims.v1', 'nothing', claim({ resources: { requests: { storage: '0' } } }), ['spec.resources[storage]: Invalid value: "0": must be greater than zero']],
    ['persistentvolumeclaims.v1', 'data of what is no claim', claim({ dataSourceRef: { kind: 'Pod', name: 'a' } }), [
      "spec.dataSource: Invalid value: \"Pod\": must be 'PersistentVolumeClaim' when referencing the default apiGroup", "spec.dataSourceRef: Invalid value: \"Pod\": must be 'PersistentVolumeClaim' when referencing the default apiGroup",
    ]],
    ['persistentvolumeclaims.v1', 'two data', claim({ dataSource: { kind: 'PersistentVolumeClaim', name: 'a' }, dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'b' } }), ['spec: Invalid value: {}: must match dataSourceRef']],
    ['persistentvolumes.v1', 'no room', volume({ capacity: { storage: '0Gi' }, hostPath: { path: '/a' } }), ['spec.capacity[storage]: Invalid value: "0Gi": must be greater than zero']],
    ['persistentvolumes.v1', 'nfs', volume({ nfs: { path: 'x' } }), ['spec.nfs.server: Required value', 'spec.nfs.path: Invalid value: "x": must be an absolute path']],
    ['persistentvolumes.v1', 'local', volume({ local: { path: '/a/..' } }), ["spec.local.path: Invalid value: \"/a/..\": must not contain '..'", 'spec.nodeAffinity: Required value: Local volume requires node affinity']],
    ['persistentvolumes.v1', 'secret of a driver', volume({ csi: { driver: 'a', volumeHandle: 'h', nodePublishSecretRef: { name: 's' } } }), ['spec.csi.nodePublishSecretRef.namespace: Required value']],
    ['persistentvolumes.v1', 'attributes of what has no driver', volume({ hostPath: { path: '/a' }, volumeAttributesClassName: 'c' }), ['spec.csi: Required value: has to be specified when using volumeAttributesClassName']],
  ])('%s: %s', (name, _, object, expected) => {
    expect(faults(name, object)).toEqual(expected)
  })

  it('lets a wish shrink to more than what is there', () => {
    const grown = { ...created('persistentvolumeclaims.v1', claim({})), status: { phase: 'Bound', capacity: { storage: '1Gi' } } }
    const wish = (storage: string): string[] => faults('persistentvolumeclaims.v1', { ...claim({ resources: { requests: { storage } } }), status: grown.status }, grown)
    expect(wish('1500Mi')).toEqual([])
    expect(wish('1Gi')).toEqual(['spec.resources.requests.storage: Forbidden: field can not be less than status.capacity'])
  })

  it('keeps a volume where it is', () => {
    const old = created('persistentvolumes.v1', volume({ csi: { driver: 'a', volumeHandle: 'h' } }))
    expect(faults('persistentvolumes.v1', volume({ csi: { driver: 'a', volumeHandle: 'h', controllerExpandSecretRef: { name: 's', namespace: 'n' } } }), old)).toEqual([])
    expect(faults('persistentvolumes.v1', volume({ csi: { driver: 'a', volumeHandle: 'i' }, volumeMode: 'Block' }), old)).toEqual([
      expect.stringContaining('spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation\n@@ -22,7 +22,7 @@\n  "StorageOS": null,\n') as string, 'volumeMode: Invalid value: "Block": field is immutable',
    ])
  })
})

describe('jobs', () => {
  const exits = (values: number[]): Json => ({ podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values } }] } })
  const at = 'spec.podFailurePolicy.rules[0].onExitCodes.values'

  it.each<[string, Json, string[]]>([
    ['failed indexes without a limit for each', job({ ...indexed, maxFailedIndexes: 1 }), ['spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified']],
    ['more failed indexes than there are', job({ ...indexed, backoffLimitPerIndex: 1, maxFailedIndexes: 4 }), ['spec.maxFailedIndexes: Invalid value: 4: must be less than or equal to completions']],
    ['very many', job({ ...indexed, completions: 100_001, backoffLimitPerIndex: 1 }), ['spec.maxFailedIndexes: Required value: must be specified when completions is above 100000']],
    ['manager', job({ managedBy: 'me' }), ['spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")']],
    ['no codes in order', job(exits([2, 1, 1])), [`${at}[2]: Duplicate value: 1`, `${at}: Invalid value: [2,1,1]: must be ordered`]],
    ['success of what', job({ ...indexed, successPolicy: { rules: [{}, { succeededCount: 4 }] } }), [
      'spec.successPolicy.rules[0]: Required value: at least one of succeededCount or succeededIndexes must be specified',
      'spec.successPolicy.rules[1].succeededCount: Invalid value: 4: must be less than or equal to 3 (the number of specified completions)',
    ]],
    ['host names', job(indexed, 'x'.repeat(62)), [`metadata.name: Invalid value: "${'x'.repeat(62)}": will not able to create pod with invalid DNS label: ${'x'.repeat(62)}-2`]],
  ])('%s', (_, object, expected) => {
    expect(faults('jobs.batch/v1', object)).toEqual(expected)
  })

  it('grows an indexed job only in both numbers', () => {
    const old = created('jobs.batch/v1', job(indexed))
    const now = (change: Json): string[] => faults('jobs.batch/v1', { ...old, spec: { ...(old['spec'] as Json), ...change } }, old)
    expect(now({ completions: 4, parallelism: 4 })).toEqual([])
    expect(now({ completions: 4 })).toEqual(['spec.completions: Invalid value: 4: can only be modified in tandem with spec.parallelism'])
  })
})

describe('endpoints', () => {
  it.each<[string, Json, string[]]>([
    ['endpoints.v1', { subsets: [{ addresses: [{ ip: '169.254.0.1' }, { ip: '127.0.0.1' }], ports: [{ port: 1 }] }] }, [
      'subsets[0].addresses[0].ip: Invalid value: "169.254.0.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)', 'subsets[0].addresses[1].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ]],
    ['endpointslices.discovery.k8s.io/v1', { addressType: 'IPv6', endpoints: [{ addresses: ['10.0.0.1'] }] }, ['endpoints[0].addresses: Invalid value: "10.0.0.1": must be an IPv6 address']],
  ])('%s', (name, object, expected) => {
    expect(faults(name, { metadata: meta, ...object })).toEqual(expected)
  })
})
