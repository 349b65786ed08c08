import { created, faults, updated } from './kind.suite.ts'

type Json = Record<string, unknown>

const container = { name: 'c', image: 'i:1' }
const pod = (spec: Json): Json => ({ metadata: { name: 'p', namespace: 'n' }, spec: { containers: [container], ...spec } })
const withContainer = (more: Json): Json => pod({ containers: [{ ...container, ...more }] })
const one = (text: string): string[] => [text]

describe('pods', () => {
  it('accepts the least', () => {
    expect(faults('pods.v1', pod({}))).toEqual([])
  })

  it.each<[string, Json, string[]]>([
    ['no containers', pod({ containers: [] }), one('spec.containers: Required value')],
    ['no name', withContainer({ name: '' }), one('spec.containers[0].name: Required value')],
    ['no image', withContainer({ image: '' }), one('spec.containers[0].image: Required value')],
    ['blank image', withContainer({ image: ' i' }), one('spec.containers[0].image: Invalid value: " i": must not have leading or trailing whitespace')],
    ['twice a name', pod({ containers: [container, container] }), one('spec.containers[1].name: Duplicate value: "c"')],
    ['a name of an init container', pod({ initContainers: [container] }), one('spec.initContainers[0].name: Duplicate value: "c"')],
    ['pull policy', withContainer({ imagePullPolicy: 'Often' }), one('spec.containers[0].imagePullPolicy: Unsupported value: "Often": supported values: "Always", "IfNotPresent", "Never"')],
    ['restart policy', pod({ restartPolicy: 'Maybe' }), one('spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "OnFailure", "Never"')],
    ['port 0', withContainer({ ports: [{ containerPort: 0 }] }), one('spec.containers[0].ports[0].containerPort: Required value')],
    ['port too high', withContainer({ ports: [{ containerPort: 65536 }] }), one('spec.containers[0].ports[0].containerPort: Invalid value: 65536: must be between 1 and 65535, inclusive')],
    ['protocol', withContainer({ ports: [{ containerPort: 1, protocol: 'ICMP' }] }), one('spec.containers[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"')],
    ['port name', withContainer({ ports: [{ containerPort: 1, name: 'a' }, { containerPort: 2, name: 'a' }] }), one('spec.containers[0].ports[1].name: Duplicate value: "a"')],
    ['host ports', pod({ containers: [{ ...container, ports: [{ containerPort: 1, hostPort: 8 }] }, { name: 'd', image: 'i', ports: [{ containerPort: 2, hostPort: 8 }] }] }), one('spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//8"')],
    ['mount of nothing', withContainer({ volumeMounts: [{ name: 'x', mountPath: '/x' }] }), one('spec.containers[0].volumeMounts[0].name: Not found: "x"')],
    ['mount path twice', { ...pod({ volumes: [{ name: 'x' }], containers: [{ ...container, volumeMounts: [{ name: 'x', mountPath: '/x' }, { name: 'x', mountPath: '/x' }] }] }) }, one('spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/x": must be unique')],
    ['two sources', pod({ volumes: [{ name: 'x', emptyDir: {}, hostPath: { path: '/' } }] }), one('spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type')],
    ['volume twice', pod({ volumes: [{ name: 'x' }, { name: 'x' }] }), one('spec.volumes[1].name: Duplicate value: "x"')],
    ['secret without a name', pod({ volumes: [{ name: 'x', secret: {} }] }), one('spec.volumes[0].secret.secretName: Required value')],
    ['mode', pod({ volumes: [{ name: 'x', configMap: { name: 'a', defaultMode: 512 } }] }), one('spec.volumes[0].configMap.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive')],
    ['environment without a name', withContainer({ env: [{ name: '' }] }), one('spec.containers[0].env[0].name: Required value')],
    ['value and source', withContainer({ env: [{ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] }), one('spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty')],
    ['field path', withContainer({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.foo' } } }] }), one('spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.foo": error converting fieldPath: field label not supported: spec.foo')],
    ['no handler', withContainer({ livenessProbe: { periodSeconds: 1 } }), one('spec.containers[0].livenessProbe: Required value: must specify a handler type')],
    ['two handlers', withContainer({ livenessProbe: { exec: { command: ['a'] }, tcpSocket: { port: 1 } } }), one('spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type')],
    ['liveness threshold', withContainer({ livenessProbe: { tcpSocket: { port: 1 }, successThreshold: 2 } }), one('spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1')],
    ['probe of an init container', pod({ initContainers: [{ name: 'i', image: 'i', livenessProbe: { tcpSocket: { port: 1 } } }] }), one('spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always')],
    ['request above limit', withContainer({ resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }), one('spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1')],
    ['extended resource', withContainer({ resources: { limits: { 'a.b/gpu': '2' }, requests: { 'a.b/gpu': '1' } } }), one('spec.containers[0].resources.requests: Invalid value: "1": must be equal to a.b/gpu limit of 2')],
    ['half a device', withContainer({ resources: { limits: { 'a.b/gpu': '1500m' }, requests: { 'a.b/gpu': '1500m' } } }), [
      'spec.containers[0].resources.limits[a.b/gpu]: Invalid value: "1500m": must be an integer',
      'spec.containers[0].resources.requests[a.b/gpu]: Invalid value: "1500m": must be an integer',
    ]],
    ['unknown resource', withContainer({ resources: { requests: { gpu: '1' } } }), [
      'spec.containers[0].resources.requests[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
      'spec.containers[0].resources.requests[gpu]: Invalid value: "gpu": must be a standard resource for containers',
    ]],
    ['ephemeral volume without a size', pod({ volumes: [{ name: 'x', ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } } }] }), one('spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value')],
    ['negative quantity', withContainer({ resources: { limits: { cpu: '-1' } } }), [
      'spec.containers[0].resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
      'spec.containers[0].resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0',
    ]],
    ['DNS policy', pod({ dnsPolicy: 'None' }), one('spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None')],
    ['toleration', pod({ tolerations: [{ operator: 'Exists', value: 'x', key: 'k' }] }), one("spec.tolerations[0].operator: Invalid value: \"x\": value must be empty when `operator` is 'Exists'")],
    ['affinity', pod({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } } }), one('spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term')],
    ['spread', pod({ topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule' }] }), one('spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero')],
    ['sysctl', pod({ securityContext: { sysctls: [{ name: 'a..b', value: '1' }] } }), one('spec.securityContext.sysctls[0].name: Invalid value: "a..b": must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$')],
    ['deadline', pod({ activeDeadlineSeconds: 0 }), one('spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive')],
  ])('refuses: %s', (_, object, expected) => {
    expect(faults('pods.v1', object)).toEqual(expected)
  })

  const old = created('pods.v1', pod({ tolerations: [{ key: 'a', operator: 'Exists' }], activeDeadlineSeconds: 60 }))
  const changed = (change: (spec: Json) => void): string[] => {
    const next = structuredClone(old)
    change(next['spec'] as Json)
    return faults('pods.v1', next, old)
  }

  it('allows new images, a shorter deadline and more tolerations', () => {
    expect(changed((spec) => Object.assign(spec, { containers: [{ ...(spec['containers'] as Json[])[0], image: 'other' }] }))).toEqual([])
    expect(changed((spec) => Object.assign(spec, { activeDeadlineSeconds: 30 }))).toEqual([])
    expect(changed((spec) => (spec['tolerations'] as Json[]).push({ key: 'b', operator: 'Exists' }))).toEqual([])
  })

  it('allows nothing else', () => {
    expect(changed((spec) => Object.assign(spec, { priority: 7 }))[0]).toMatch(/^spec: Forbidden: pod updates may not change fields other than `spec.containers\[\*\].image`,`spec.initContainers\[\*\].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` \(only additions to existing tolerations\),`spec.terminationGracePeriodSeconds` \(allow it to be set to 1 if it was previously negative\)\n@@ [^]*\n- "Priority": null,\n\+ "Priority": 7,\n[^]*$/)
    expect(changed((spec) => Object.assign(spec, { tolerations: [] }))).toEqual(['spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds'])
    expect(changed((spec) => (spec['containers'] as Json[]).push({ name: 'd', image: 'i' }))).toEqual(['spec.containers: Forbidden: pod updates may not add or remove containers'])
    expect(changed((spec) => Object.assign(spec, { schedulingGates: [{ name: 'g' }] }))).toEqual(["spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'g'"])
    expect(changed((spec) => Object.assign(spec, { activeDeadlineSeconds: 90 }))).toEqual(['spec.activeDeadlineSeconds: Invalid value: 90: must be less than or equal to previous value'])
  })

  it('lets a gated pod be narrowed', () => {
    const gated = created('pods.v1', pod({ schedulingGates: [{ name: 'a.b/g' }] }))
    const next = structuredClone(gated)
    Object.assign(next['spec'] as Json, { schedulingGates: [], nodeSelector: { zone: 'a' } })
    expect(faults('pods.v1', next, gated)).toEqual([])
    expect(changed((spec) => Object.assign(spec, { nodeSelector: { zone: 'a' } }))[0]).toContain('pod updates may not change')
  })
})

const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } }
const workload = (spec: Json): Json => ({ metadata: { name: 'w', namespace: 'n' }, spec: { selector: { matchLabels: { app: 'web' } }, template, ...spec } })

describe('workloads', () => {
  it.each<[string, string, Json, string[]]>([
    ['deployments.apps/v1', 'the least', workload({}), []],
    ['deployments.apps/v1', 'no selector', workload({ selector: undefined }), ['spec.selector: Required value', 'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`']],
    ['deployments.apps/v1', 'empty selector', workload({ selector: {} }), one('spec.selector: Invalid value: {}: empty selector is invalid for deployment')],
    ['deployments.apps/v1', 'other labels', workload({ selector: { matchLabels: { app: 'x' } } }), one('spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`')],
    ['deployments.apps/v1', 'restart policy', workload({ template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } }), one('spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"')],
    ['deployments.apps/v1', 'no image', workload({ template: { ...template, spec: { containers: [{ name: 'c' }] } } }), one('spec.template.spec.containers[0].image: Required value')],
    ['deployments.apps/v1', 'negative', workload({ replicas: -1 }), one('spec.replicas: Invalid value: -1: must be greater than or equal to 0')],
    ['deployments.apps/v1', 'recreate with a rolling update', workload({ strategy: { type: 'Recreate', rollingUpdate: {} } }), one("spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'")],
    ['deployments.apps/v1', 'stands still', workload({ strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } } }), one('spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0')],
    ['deployments.apps/v1', 'deadline', workload({ progressDeadlineSeconds: 5, minReadySeconds: 5 }), one('spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds')],
    ['daemonsets.apps/v1', 'surges and stops', workload({ updateStrategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } } }), one('spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero')],
    ['statefulsets.apps/v1', 'mounts of its claims', workload({
      serviceName: 'w', volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1' } } } }],
      template: { ...template, spec: { containers: [{ ...container, volumeMounts: [{ name: 'data', mountPath: '/a' }, { name: 'other', mountPath: '/b' }] }] } },
    }), one('spec.template.spec.containers[0].volumeMounts[1].name: Not found: "other"')],
    ['statefulsets.apps/v1', 'policy', workload({ serviceName: 'w', podManagementPolicy: 'X' }), one('spec.podManagementPolicy: Invalid value: "X": must be \'OrderedReady\' or \'Parallel\'')],
    ['jobs.batch/v1', 'restarts always', { metadata: { name: 'j', uid: 'u' }, spec: { template } }, one('spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"')],
    ['jobs.batch/v1', 'own selector', { metadata: { name: 'j', uid: 'u' }, spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { ...template.spec, restartPolicy: 'Never' } } } },
      one('spec.selector: Invalid value: {"matchLabels":{"a":"b","batch.kubernetes.io/controller-uid":"u"}}: `selector` not auto-generated')],
  ])('%s: %s', (name, _, object, expected) => {
    expect(faults(name, object)).toEqual(expected)
  })

  it.each([
    ['deployments.apps/v1', 'spec.selector: Invalid value: {"matchLabels":{"app":"x"}}: field is immutable'],
    ['replicasets.apps/v1', 'spec.selector: Invalid value: {"matchLabels":{"app":"x"}}: field is immutable'],
    ['statefulsets.apps/v1', "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"],
  ])('%s keeps its selector', (name, expected) => {
    const old = created(name, workload({}))
    const labels = { metadata: { labels: { app: 'x' } }, spec: template.spec }
    expect(faults(name, workload({ selector: { matchLabels: { app: 'x' } }, template: labels }), old)).toEqual([expected])
  })

  it('keeps a job\'s template, unless it is suspended', () => {
    const job = (suspend: boolean): Json => created('jobs.batch/v1', { metadata: { name: 'j', uid: 'u' }, spec: { suspend, template: { spec: { containers: [container], restartPolicy: 'Never' } } } } as Json)
    const moved = (old: Json): Json => {
      const next = structuredClone(old) as { spec: { template: { spec: Json } } }
      next.spec.template.spec['nodeSelector'] = { zone: 'a' }
      return next as unknown as Json
    }
    expect(faults('jobs.batch/v1', moved(job(true)), job(true))).toEqual([])
    expect(faults('jobs.batch/v1', moved(job(false)), job(false))[0]).toMatch(/^spec.template: Invalid value: .*: field is immutable$/)
  })

  it.each([
    ['*/5 * * * *', undefined], ['0 0 1 jan sun', undefined], ['@daily', undefined], ['@every 1h30m', undefined], ['0-30/10 9-17 * * mon-fri', undefined],
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'], ['60 * * * *', 'end of range (60) above maximum (59): 60'], ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'], ['a * * * *', 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'], ['@often', 'unrecognized descriptor: @often'],
  ])('schedule %s', (schedule, fault) => {
    const job = { metadata: { name: 'j' }, spec: { schedule, jobTemplate: { spec: { template: { spec: { containers: [container], restartPolicy: 'Never' } } } } } }
    expect(faults('cronjobs.batch/v1', job)).toEqual(fault === undefined ? [] : [`spec.schedule: Invalid value: "${schedule}": ${fault}`])
  })
})

const service = (spec: Json): Json => ({ metadata: { name: 's', namespace: 'n' }, spec: { ports: [{ port: 80 }], ...spec } })

describe('services', () => {
  it.each<[string, Json, string[]]>([
    ['the least', {}, []],
    ['no ports', { ports: [] }, one('spec.ports: Required value')],
    ['headless without ports', { ports: [], clusterIP: 'None' }, []],
    ['unnamed ports', { ports: [{ port: 1, name: 'a' }, { port: 2 }] }, one('spec.ports[1].name: Required value')],
    ['name twice', { ports: [{ port: 1, name: 'a' }, { port: 2, name: 'a' }] }, one('spec.ports[1].name: Duplicate value: "a"')],
    ['port twice', { ports: [{ port: 1, name: 'a' }, { port: 1, name: 'b' }] }, one('spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":1,"TargetPort":0,"NodePort":0}')],
    ['type', { type: 'Magic' }, one('spec.type: Unsupported value: "Magic": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"')],
    ['node port without the type', { ports: [{ port: 1, nodePort: 30000 }] }, one("spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'")],
    ['address', { clusterIP: 'x' }, one('spec.clusterIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')],
    ['external name', { type: 'ExternalName' }, one('spec.externalName: Required value')],
    ['affinity', { sessionAffinity: 'Yes' }, one('spec.sessionAffinity: Unsupported value: "Yes": supported values: "ClientIP", "None"')],
    ['external policy', { externalTrafficPolicy: 'Local' }, one('spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services')],
  ])('%s', (_, spec, expected) => {
    expect(faults('services.v1', service(spec))).toEqual(expected)
  })

  it('keeps what was allocated, drops it with the type, and refuses another address', () => {
    const old = created('services.v1', service({ type: 'NodePort', clusterIP: '10.43.0.7', ports: [{ port: 80, nodePort: 30080 }] }))
    expect(updated('services.v1', service({ type: 'NodePort' }), old)).toMatchObject({ spec: { clusterIP: '10.43.0.7', clusterIPs: ['10.43.0.7'], ports: [{ nodePort: 30080 }] } })
    const internal = updated('services.v1', { ...old, spec: { ...(old['spec'] as Json), type: 'ClusterIP' } }, old)
    expect(internal).toMatchObject({ spec: { clusterIP: '10.43.0.7', ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] } })
    expect((internal['spec'] as { ports: Json[] }).ports[0]).not.toHaveProperty('nodePort')
    const named = { metadata: { name: 's', namespace: 'n' }, spec: { ...(old['spec'] as Json), type: 'ExternalName', externalName: 'a.b', ports: [{ port: 80 }] } }
    expect(faults('services.v1', named, old)).toEqual([])
    expect(faults('services.v1', service({ type: 'NodePort', clusterIP: '10.43.0.8', clusterIPs: ['10.43.0.7'] }), old)).toEqual(['spec.clusterIPs[0]: Invalid value: ["10.43.0.8"]: may not change once set'])
  })
})

describe('the rest', () => {
  const meta = { name: 'x', namespace: 'n' }

  it.each<[string, string, Json, string[]]>([
    ['configmaps.v1', 'key', { data: { 'a b': '' } }, one("data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')")],
    ['configmaps.v1', 'key twice', { data: { a: '' }, binaryData: { a: '' } }, one('data[a]: Invalid value: "a": duplicate of key present in binaryData')],
    ['configmaps.v1', 'size', { data: { a: 'x'.repeat(1024 * 1024 + 1) } }, one('[]: Too long: may not be more than 1048576 bytes')],
    ['secrets.v1', 'TLS keys', { type: 'kubernetes.io/tls', data: { 'tls.crt': '' } }, one('data[tls.key]: Required value')],
    ['roles.rbac.authorization.k8s.io/v1', 'no verbs', { rules: [{ apiGroups: [''], resources: ['pods'] }] }, one('rules[0].verbs: Required value: verbs must contain at least one value')],
    ['roles.rbac.authorization.k8s.io/v1', 'paths', { rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }] }, one('rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs')],
    ['rolebindings.rbac.authorization.k8s.io/v1', 'role', { roleRef: { kind: 'Job', name: 'a' } }, one('roleRef.kind: Unsupported value: "Job": supported values: "Role", "ClusterRole"')],
    ['poddisruptionbudgets.policy/v1', 'both', { spec: { minAvailable: 1, maxUnavailable: 1 } }, one('spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set')],
    ['ingresses.networking.k8s.io/v1', 'nothing', { spec: {} }, one('spec: Invalid value: null: either `defaultBackend` or `rules` must be specified')],
    ['ingresses.networking.k8s.io/v1', 'path', { spec: { rules: [{ http: { paths: [{ path: 'x', pathType: 'Prefix', backend: { service: { name: 'a', port: { number: 1 } } } }] } }] } }, one('spec.rules[0].http.paths[0].path: Invalid value: "x": must be an absolute path')],
    ['ingresses.networking.k8s.io/v1', 'path type', { spec: { rules: [{ http: { paths: [{ path: '/', backend: { service: { name: 'a', port: { name: 'http' } } } }] } }] } }, one('spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified')],
    ['networkpolicies.networking.k8s.io/v1', 'peer', { spec: { podSelector: {}, ingress: [{ from: [{}] }] } }, one('spec.ingress[0].from[0]: Required value: must specify a peer')],
    ['networkpolicies.networking.k8s.io/v1', 'range', { spec: { podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0' } }] }] } }, one('spec.egress[0].to[0].ipBlock.cidr: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')],
    ['horizontalpodautoscalers.autoscaling/v2', 'bounds', { spec: { minReplicas: 5, maxReplicas: 2, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'D', name: 'd' } } }, one('spec.maxReplicas: Invalid value: 2: must be greater than or equal to `minReplicas`')],
    ['resourcequotas.v1', 'quantity', { spec: { hard: { pods: 'x' } } }, one("spec.hard[pods]: Invalid value: \"x\": quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")],
    ['resourcequotas.v1', 'scope of what has none', { spec: { hard: { pods: '1', services: '1' }, scopes: ['Terminating'] } }, one('spec.scopes: Invalid value: ["Terminating"]: unsupported scope applied to resource')],
    ['resourcequotas.v1', 'half a pod', { spec: { hard: { pods: '1.5', 'requests.cpu': '1.5' } } }, one('spec.hard[pods]: Invalid value: "1.5": must be an integer')],
    ['limitranges.v1', 'order', { spec: { limits: [{ type: 'Pod', min: { cpu: '2' }, max: { cpu: '1' } }] } }, one('spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1')],
    ['priorityclasses.scheduling.k8s.io/v1', 'value', { value: 1_000_000_001 }, one('value: Forbidden: maximum allowed value of a user defined priority is 1000000000')],
    ['storageclasses.storage.k8s.io/v1', 'provisioner', {}, one('provisioner: Required value')],
    ['persistentvolumeclaims.v1', 'nothing', { spec: {} }, ['spec.accessModes: Required value: at least 1 access mode is required', 'spec.resources[storage]: Required value']],
    ['persistentvolumes.v1', 'no source', { spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } } }, one('spec: Required value: must specify a volume type')],
    ['leases.coordination.k8s.io/v1', 'duration', { spec: { leaseDurationSeconds: 0 } }, one('spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0')],
    ['endpointslices.discovery.k8s.io/v1', 'family', { addressType: 'IPX', endpoints: [] }, one('addressType: Unsupported value: "IPX": supported values: "FQDN", "IPv4", "IPv6"')],
    ['endpointslices.discovery.k8s.io/v1', 'port names as services have them', { addressType: 'IPv4', endpoints: [], ports: [{ name: '80-80', port: 80 }, { name: 'x'.repeat(63), port: 81 }] }, []],
    ['endpoints.v1', 'no address', { subsets: [{ ports: [{ port: 1 }] }] }, one('subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`')],
    ['validatingwebhookconfigurations.admissionregistration.k8s.io/v1', 'side effects', { webhooks: [{ name: 'a.b.c', clientConfig: { url: 'https://x/y' }, admissionReviewVersions: ['v1'] }] }, one('webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun')],
    ['customresourcedefinitions.apiextensions.k8s.io/v1', 'deprecation', { metadata: { name: 'xs.a.b' }, spec: { group: 'a.b', scope: 'Cluster', names: { plural: 'xs', kind: 'X' }, versions: [{ name: 'v1', served: true, storage: true, deprecationWarning: 'old', schema: { openAPIV3Schema: { type: 'object' } } }] } }, one('spec.versions[0].deprecationWarning: Invalid value: "old": can only be set for deprecated versions')],
    ['customresourcedefinitions.apiextensions.k8s.io/v1', 'name', { spec: { group: 'a.b', scope: 'Cluster', names: { plural: 'xs', kind: 'X' }, versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }] } }, one('metadata.name: Invalid value: "x": must be spec.names.plural+"."+spec.group')],
  ])('%s: %s', (name, _, object, expected) => {
    expect(faults(name, { metadata: meta, ...object })).toEqual(expected)
  })

  it.each<[string, Json, Json, string[]]>([
    ['configmaps.v1', { data: { a: '1' }, immutable: true }, { data: { a: '2' } }, ['immutable: Forbidden: field is immutable when `immutable` is set', 'data: Forbidden: field is immutable when `immutable` is set']],
    ['secrets.v1', { type: 'a/b' }, { type: 'c/d' }, one('type: Invalid value: "c/d": field is immutable')],
    ['storageclasses.storage.k8s.io/v1', { provisioner: 'a' }, { provisioner: 'b' }, one('provisioner: Forbidden: updates to provisioner are forbidden.')],
    ['nodes.v1', { spec: { podCIDR: '10.0.0.0/24' } }, { spec: { podCIDR: '10.0.1.0/24' } }, one('spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid')],
    ['priorityclasses.scheduling.k8s.io/v1', { value: 1 }, { value: 2 }, one('value: Forbidden: may not be changed in an update.')],
  ])('%s: %j may not become %j', (name, before, after, expected) => {
    expect(faults(name, { metadata: meta, ...after }, created(name, { metadata: meta, ...before }))).toEqual(expected)
  })
})
