import { changeLines, Door } from './door.suite.ts'
import { changed, partFaults, type Json } from './kind.suite.ts'

const container = { name: 'c', image: 'i:1' }
const pod: Json = { spec: { containers: [container] } }
const of = (spec: Json): Json => changed(pod, { spec })
const change = async (before: Json, spec: Json): Promise<string[]> => await changeLines('pods.v1', of(before), { spec })

const fixed = 'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'
const term = (...values: string[]): Json => ({ matchExpressions: values.map((value) => ({ key: 'a', operator: 'In', values: [value] })) })
const nodes = (...terms: Json[]): Json => ({ nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } })
const gates = { schedulingGates: [{ name: 'g' }] }
const terms = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms'

describe('a pod may', () => {
  it.each<[string, Json, Json]>([
    ['get an image', {}, { containers: [{ ...container, image: 'i:2' }] }],
    ['get a deadline', {}, { activeDeadlineSeconds: 9 }],
    ['get a nearer deadline', { activeDeadlineSeconds: 9 }, { activeDeadlineSeconds: 8 }],
    ['tolerate more, and for longer', { tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 1 }] }, { tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 9 }, { key: 'b', operator: 'Exists' }] }],
    ['end a little late', { terminationGracePeriodSeconds: -1 }, { terminationGracePeriodSeconds: 1 }],
    ['lose its gates', gates, { schedulingGates: null }],
    ['be narrowed while it is gated', { ...gates, nodeSelector: { a: 'b' } }, { nodeSelector: { c: 'd' }, affinity: nodes(term('x')) }],
    ['be narrowed more', { ...gates, affinity: nodes(term('x')) }, { affinity: nodes(term('x', 'y')) }],
  ])('%s', async (_, before, after) => {
    expect(await change(before, after)).toEqual([])
  })
})

describe('a pod may not', () => {
  it.each<[string, Json, Json, string[]]>([
    ['change, and says all that is wrong', { tolerations: [{ key: 'a', operator: 'Exists' }] }, { tolerations: null, schedulingGates: [{ name: 'g' }], hostname: 'h', containers: [{ ...container, image: ' i:2' }] }, [
      `spec.containers[0].image: Invalid value: " i:2": must not have leading or trailing whitespace`, `spec.containers[0].image: Invalid value: " i:2": must not have leading or trailing whitespace`,
      'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds', "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'g'",
      `${fixed}
@@ -64,7 +64,7 @@
   "SELinuxChangePolicy": null
  },
  "ImagePullSecrets": null,
- "Hostname": "",
+ "Hostname": "h",
  "Subdomain": "",
  "SetHostnameAsFQDN": null,
  "Affinity": null,
`,
    ]],
    ['get containers', {}, { containers: [container, { name: 'd', image: 'i' }], hostname: 'h' }, ['spec.containers: Forbidden: pod updates may not add or remove containers']],
    ['get init containers', {}, { initContainers: [{ name: 'd', image: 'i' }] }, ['spec.initContainers: Forbidden: pod updates may not add or remove containers']],
    ['get a later deadline', { activeDeadlineSeconds: 9 }, { activeDeadlineSeconds: 10, hostname: 'h' }, ['spec.activeDeadlineSeconds: Invalid value: 10: must be less than or equal to previous value']],
    ['lose its deadline', { activeDeadlineSeconds: 9 }, { activeDeadlineSeconds: null }, ['spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value']],
    ['be narrowed without gates', {}, { nodeSelector: { a: 'b' } }, [`${fixed}
@@ -39,7 +39,9 @@
  "TerminationGracePeriodSeconds": 30,
  "ActiveDeadlineSeconds": null,
  "DNSPolicy": "ClusterFirst",
- "NodeSelector": null,
+ "NodeSelector": {
+  "a": "b"
+ },
  "ServiceAccountName": "",
  "AutomountServiceAccountToken": null,
  "NodeName": "",
`]],
    ['be moved', { ...gates, nodeSelector: { a: 'b' }, affinity: nodes(term('x')) }, { nodeSelector: { a: 'c' }, affinity: nodes(term('y')) }, [
      'spec.nodeSelector: Invalid value: {"a":"c"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
      `${terms}[0]: Invalid value: {"MatchExpressions":[{"Key":"a","Operator":"In","Values":["y"]}],"MatchFields":null}: only additions are allowed (no mutations or deletions)`,
    ]],
    ['be given more places', { ...gates, affinity: nodes(term('x')) }, { affinity: nodes(term('x'), term('y')) }, [
      `${terms}: Invalid value: [{"MatchExpressions":[{"Key":"a","Operator":"In","Values":["x"]}],"MatchFields":null},{"MatchExpressions":[{"Key":"a","Operator":"In","Values":["y"]}],"MatchFields":null}]: no additions/deletions to non-empty NodeSelectorTerms list are allowed`,
    ]],
    ['leave others while it is gated', gates, { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'a', labelSelector: {} }] } } }, [
      `${fixed}
@@ -67,7 +67,23 @@
  "Hostname": "",
  "Subdomain": "",
  "SetHostnameAsFQDN": null,
- "Affinity": null,
+ "Affinity": {
+  "NodeAffinity": null,
+  "PodAffinity": null,
+  "PodAntiAffinity": {
+   "RequiredDuringSchedulingIgnoredDuringExecution": [
+    {
+     "LabelSelector": {},
+     "Namespaces": null,
+     "TopologyKey": "a",
+     "NamespaceSelector": null,
+     "MatchLabelKeys": null,
+     "MismatchLabelKeys": null
+    }
+   ],
+   "PreferredDuringSchedulingIgnoredDuringExecution": null
+  }
+ },
  "SchedulerName": "default-scheduler",
  "Tolerations": null,
  "HostAliases": null,
`,
    ]],
  ])('%s', async (_, before, after, expected) => {
    const lines = await change(before, after)
    expect(lines).toEqual(expected)
  })

  it('say that it is or was a mirror, or change its profiles', async () => {
    const annotations = { 'kubernetes.io/config.mirror': 'x', 'container.apparmor.security.beta.kubernetes.io/c': 'runtime/default' }
    const door = new Door('pods.v1')
    await door.create({ ...of({ nodeName: 'n' }), metadata: { annotations } })
    expect((await door.patch({ metadata: { annotations: null } })).lines).toEqual([
      'metadata.annotations[kubernetes.io/config.mirror]: Forbidden: may not remove or update mirror pod annotation',
      'metadata.annotations[container.apparmor.security.beta.kubernetes.io/c]: Forbidden: may not remove or update AppArmor annotations',
    ])
    expect((await door.patch({ spec: { ephemeralContainers: [{ name: 'e', image: 'e' }] } }, 'ephemeralcontainers')).lines).toEqual(['[]: Forbidden: static pods do not support ephemeral containers'])
    expect((await door.patch({ spec: { containers: [{ ...container, resources: { requests: { cpu: '1' } } }] } }, 'resize')).lines).toEqual(['[]: Forbidden: static pods cannot be resized'])
    const plain = new Door('pods.v1')
    await plain.create(of({ nodeName: 'n' }))
    expect((await plain.patch({ metadata: { annotations } })).lines).toEqual([
      'metadata.annotations[kubernetes.io/config.mirror]: Forbidden: may not add mirror pod annotation', 'metadata.annotations[container.apparmor.security.beta.kubernetes.io/c]: Forbidden: may not add AppArmor annotations',
    ])
  })
})

describe('ephemeral containers', () => {
  const added = { name: 'e', image: 'e' }

  it.each<[string, Json[], string[]]>([
    ['stay', [added, { name: 'f', image: 'f', targetContainerName: 'c' }], []],
    ['go', [], ['spec.ephemeralContainers: Forbidden: existing ephemeral containers "e" may not be removed\n']],
    ['are others', [{ ...added, image: 'g' }], [`spec.ephemeralContainers: Forbidden: existing ephemeral containers "e" may not be changed
@@ -1,6 +1,6 @@
 {
  "Name": "e",
- "Image": "e",
+ "Image": "g",
  "Command": null,
  "Args": null,
  "WorkingDir": "",
`]],
    ['have what they may not', [added, { name: 'c', image: ' x', ports: [{ containerPort: 1 }], targetContainerName: 'e' }], [
      'spec.ephemeralContainers[1].image: Invalid value: " x": must not have leading or trailing whitespace', 'spec.ephemeralContainers[1].name: Duplicate value: "c"',
      'spec.ephemeralContainers[1].targetContainerName: Not found: "e"', 'spec.ephemeralContainers[1].ports: Forbidden: cannot be set for an Ephemeral Container',
    ]],
  ])('%s', async (_, ephemeralContainers, expected) => {
    const door = new Door('pods.v1')
    await door.create(pod)
    expect((await door.patch({ spec: { ephemeralContainers: [added] } }, 'ephemeralcontainers')).lines).toEqual([])
    expect((await door.patch({ spec: { ephemeralContainers } }, 'ephemeralcontainers')).lines).toEqual(expected)
  })
})

describe('resize', () => {
  const sized = (name: string, requests: Json, more: Json = {}): Json => ({ name, image: 'i:1', resources: { requests }, ...more })
  const base = of({ containers: [sized('c', { cpu: '1' })], initContainers: [sized('i', { cpu: '1' }), sized('s', { cpu: '1' }, { restartPolicy: 'Always' })] })

  it.each<[string, Json, Json, Json, string[]]>([
    ['more', base, {}, { containers: [sized('c', { cpu: '2', memory: '1Mi' })] }, []],
    ['nothing', base, {}, { containers: [sized('c', {})] }, ['spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed']],
    ['other things', base, {}, { containers: [sized('c', { cpu: '1', 'ephemeral-storage': '1Gi' })], initContainers: [sized('i', { cpu: '2' }), sized('s', { cpu: '2', 'ephemeral-storage': '1Gi' }, { restartPolicy: 'Always' })] }, [
      'spec: Forbidden: only cpu and memory resources are mutable', 'spec: Forbidden: resources for non-sidecar init containers are immutable', 'spec: Forbidden: only cpu and memory resources for sidecar containers are mutable',
    ]],
    ['another class', base, {}, { containers: [sized('c', { cpu: '2' }, { resources: { limits: { cpu: '2', memory: '1Mi' } } })], initContainers: [sized('i', { cpu: '1' }), sized('s', { cpu: '1' }, { restartPolicy: 'Always' })] }, []],
    ['the best class', of({ containers: [sized('c', { cpu: '1' })] }), {}, { containers: [{ name: 'c', image: 'i:1', resources: { limits: { cpu: '2', memory: '1Mi' } } }] }, [
      'spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing',
    ]],
    ['other containers', base, {}, { containers: [sized('d', { cpu: '1' })], initContainers: [sized('i', { cpu: '1' })] }, [
      'spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize', 'spec.initContainers: Forbidden: initContainers may not be added or removed on resize',
    ]],
    ['when', base, {}, { containers: [sized('c', { cpu: '2' }, { resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }] })] }, ['spec: Forbidden: only cpu and memory resources are mutable']],
    ['where nobody can', base, { containerStatuses: [{ name: 'c', image: 'i', imageID: '', ready: true, restartCount: 0, state: { running: {} } }] }, { containers: [sized('c', { cpu: '2' })] }, [
      'spec: Forbidden: Pod running on node without support for resize',
    ]],
    ['in a pod with a size', of({ resources: { requests: { cpu: '3' } }, containers: [sized('c', { cpu: '1' })] }), {}, { containers: [sized('c', { cpu: '2' })] }, [
      '[]: Forbidden: resize of pods with pod-level resources is forbidden when InPlacePodLevelResourcesVerticalScalingEnabled feature gate is disabled',
    ]],
    ['of Windows', of({ os: { name: 'windows' } }), {}, { containers: [sized('c', { cpu: '2' })] }, ['[]: Forbidden: windows pods cannot be resized']],
    ['less than it asks for', base, {}, { containers: [{ name: 'c', image: 'i:1', resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }] }, [
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ]],
  ])('to %s', async (_, before, status, spec, expected) => {
    expect(await changeLines('pods.v1', before, { spec }, { subresource: 'resize', status })).toEqual(expected)
  })
})

describe('status', () => {
  const state = (name: string, what: Json): Json => ({ name, image: 'i', imageID: '', ready: false, restartCount: 0, state: what })
  const ended = (name: string, exitCode: number): Json => state(name, { terminated: { exitCode } })
  const runs = (name: string): Json => state(name, { running: {} })
  const again = (list: string): string => `status.${list}[0].state: Forbidden: may not be transitioned to non-terminated state`
  const bound = of({ nodeName: 'n' })

  it.each<[string, Json, Json, Json, string[]]>([
    ['what a kubelet says', bound, {}, {
      phase: 'Running', hostIP: '10.0.0.1', hostIPs: [{ ip: '10.0.0.1' }], podIP: '10.1.0.1', podIPs: [{ ip: '10.1.0.1' }, { ip: 'fd00::1' }], conditions: [{ type: 'Ready', status: 'True', observedGeneration: 1 }], observedGeneration: 1,
    }, []],
    ['conditions', bound, {}, { conditions: [{ type: 'Ready', status: 'True', observedGeneration: -1 }, { type: 'a b', status: 'True' }], observedGeneration: -1 }, [
      'status.conditions[0].observedGeneration: Invalid value: -1: must be a non-negative integer',
      "status.conditions[1].Type: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      'status.observedGeneration: Invalid value: -1: must be a non-negative integer',
    ]],
    ['a node that is had already', bound, {}, { nominatedNodeName: 'm' }, ['status.nominatedNodeName: Forbidden: may not be set on pods that are already bound to a node']],
    ['a node to come', pod, {}, { nominatedNodeName: 'm' }, []],
    ['another class', bound, {}, { qosClass: 'Guaranteed' }, ['status.qosClass: Invalid value: "Guaranteed": field is immutable']],
    ['the same class, left out', bound, {}, { qosClass: null, phase: 'Running' }, []],
    ['a container again', of({ restartPolicy: 'Always' }), { containerStatuses: [ended('c', 0)] }, { containerStatuses: [runs('c')] }, []],
    ['a container that failed again', of({ restartPolicy: 'OnFailure' }), { containerStatuses: [ended('c', 1)] }, { containerStatuses: [runs('c')] }, []],
    ['a container that is done', of({ restartPolicy: 'OnFailure' }), { containerStatuses: [ended('c', 0)] }, { containerStatuses: [runs('c')] }, [again('containerStatuses')]],
    ['a container that failed for good', of({ restartPolicy: 'Never' }), { containerStatuses: [ended('c', 1)] }, { containerStatuses: [runs('c')] }, [again('containerStatuses')]],
    ['a container of its own policy', of({ restartPolicy: 'Never', containers: [{ ...container, restartPolicy: 'Always' }] }), { containerStatuses: [ended('c', 1)] }, { containerStatuses: [runs('c')] }, []],
    ['a container by a rule', of({ restartPolicy: 'Never', containers: [{ ...container, restartPolicy: 'Never', restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }] }] }),
      { containerStatuses: [ended('c', 42)] }, { containerStatuses: [runs('c')] }, []],
    ['an init container that is done', of({ restartPolicy: 'Never', initContainers: [{ name: 'i', image: 'i' }] }), { initContainerStatuses: [ended('i', 0)] }, { initContainerStatuses: [runs('i')] }, [again('initContainerStatuses')]],
    ['a sidecar again', of({ restartPolicy: 'Never', initContainers: [{ name: 'i', image: 'i', restartPolicy: 'Always' }] }), { initContainerStatuses: [ended('i', 0)] }, { initContainerStatuses: [runs('i')] }, []],
    ['a debugger again', pod, { ephemeralContainerStatuses: [ended('e', 0)] }, { ephemeralContainerStatuses: [runs('e')] }, [again('ephemeralContainerStatuses')]],
    ['claims', of({ resourceClaims: [{ name: 'a', resourceClaimTemplateName: 't' }] }), {}, { resourceClaimStatuses: [{ name: 'a', resourceClaimName: 'x' }, { name: 'b' }] }, [
      'status.resourceClaimStatuses[1].name: Invalid value: "b": must match the name of an entry in `spec.resourceClaims`',
    ]],
    ['addresses', pod, {}, { podIPs: [{ ip: 'x' }], hostIP: '10.0.0.2', hostIPs: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }] }, [
      'status.podIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)', 'status.hostIPs[0].ip: Invalid value: "10.0.0.1": must be equal to `hostIP`',
      'status.hostIPs: Invalid value: [{"IP":"10.0.0.1"},{"IP":"10.0.0.2"}]: may specify no more than one IP for each IP family',
    ]],
    ['users', pod, {}, { containerStatuses: [{ ...runs('c'), user: { linux: { uid: -1, gid: 0, supplementalGroups: [-2] } } }] }, [
      'status.containerStatuses[0].user.linux.uid: Invalid value: -1: must be between 0 and 2147483647, inclusive',
      'status.containerStatuses[0].user.linux.supplementalGroups[0]: Invalid value: -2: must be between 0 and 2147483647, inclusive',
    ]],
  ])('%s', async (_, before, was, status, expected) => {
    expect(await changeLines('pods.v1', before, { status }, { subresource: 'status', status: was })).toEqual(expected)
  })

  it('judges devices by the names of resources, where they are kept', () => {
    const before = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] }, status: { extendedResourceClaimStatus: { resourceClaimName: 'x', requestMappings: [] } } }
    const wanted = { extendedResourceClaimStatus: { resourceClaimName: '', requestMappings: [{ containerName: 'd', requestName: 'r', resourceName: 'x' }, { containerName: 'c', requestName: 'r', resourceName: 'x' }] } }
    expect(partFaults('pods.v1', 'status', { ...before, status: wanted }, before)).toEqual([
      'status.extendedResourceClaimStatus.requestMappings[0].containerName: Invalid value: "d": must match the name of an entry in spec.initContainers.name or spec.containers.name',
      'status.extendedResourceClaimStatus.requestMappings[1].resourceName: Invalid value: "x": must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests',
      'status.extendedResourceClaimStatus.resourceClaimName: Required value',
    ])
  })

  it('keeps owners, class and generations, and the two forms of addresses as one', async () => {
    const door = new Door('pods.v1')
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: 'u' }
    await door.create({ ...bound, metadata: { ownerReferences: [owner] } })
    await door.patch({ status: { podIP: '10.0.0.1', observedGeneration: 1, conditions: [{ type: 'Ready', status: 'True', observedGeneration: 1 }] } }, 'status')
    const { object, warnings } = await door.patch({ metadata: { ownerReferences: null }, status: {
      podIPs: [{ ip: '010.0.0.2' }], podIP: null, observedGeneration: null, qosClass: null, conditions: [{ type: 'Ready', status: 'False' }],
    } }, 'status')
    expect(object).toMatchObject({
      metadata: { ownerReferences: [owner] },
      status: { podIP: '010.0.0.2', podIPs: [{ ip: '010.0.0.2' }], qosClass: 'BestEffort', observedGeneration: 1, conditions: [{ status: 'False', observedGeneration: 1 }] },
    })
    expect(warnings).toEqual(['status.podIPs[0].ip: non-standard IP address "010.0.0.2" will be considered invalid in a future Kubernetes release: use "10.0.0.2"'])
  })
})

describe('old faults', () => {
  it('do not hinder a pod from going on', async () => {
    const { created, faults } = await import('./kind.suite.ts')
    const old = { ...created('pods.v1', { metadata: { name: 'p' }, spec: { containers: [{ name: 'C', image: 'i' }] } }), metadata: { name: 'p', generation: 1 } }
    expect(faults('pods.v1', { ...old, metadata: { name: 'p', finalizers: [] } }, old)).toEqual([])
    expect(faults('pods.v1', changed(old, { spec: { activeDeadlineSeconds: 0 } }), old)).toEqual(['spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive'])
  })
})
