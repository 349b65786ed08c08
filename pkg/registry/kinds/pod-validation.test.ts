import { created, faults, judged } from './kind.suite.ts'

type Json = Record<string, unknown>

const container = { name: 'c', image: 'i:1' }
const pod = (spec: Json): Json => ({ metadata: { name: 'p', namespace: 'n' }, spec: { serviceAccountName: 'default', containers: [container], ...spec } })
const withContainer = (more: Json, rest: Json = {}): Json => pod({ ...rest, containers: [{ ...container, ...more }] })
const withVolume = (source: Json): Json => pod({ volumes: [{ name: 'v', ...source }] })
const withMount = (mount: Json, more: Json = {}): Json => withContainer({ volumeMounts: [{ name: 'v', mountPath: '/m', ...mount }], ...more }, { volumes: [{ name: 'v', emptyDir: {} }] })

const v = 'spec.volumes[0]'
const c = 'spec.containers[0]'

describe('volumes', () => {
  it.each<[string, Json, string[]]>([
    ['iscsi without anything', { iscsi: { lun: 0 } }, [`${v}.iscsi.targetPortal: Required value`, `${v}.iscsi.iqn: Required value`]],
    ['iscsi name', { iscsi: { targetPortal: 'a', iqn: 'x', lun: 256, chapAuthSession: true } }, [
      `${v}.iscsi.iqn: Invalid value: "x": must be valid format starting with iqn, eui, or naa`, `${v}.iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive`,
      `${v}.iscsi.secretRef: Required value`,
    ]],
    ['iscsi form', { iscsi: { targetPortal: 'a', iqn: 'iqn.20-01.a:b', lun: 0 } }, [`${v}.iscsi.iqn: Invalid value: "iqn.20-01.a:b": must be valid format`]],
    ['iscsi', { iscsi: { targetPortal: 'a', iqn: 'iqn.2020-01.com.example:disk', lun: 0 } }, []],
    ['fc of neither', { fc: {} }, [`${v}.fc.targetWWNs: Required value: must specify either targetWWNs or wwids, but not both`]],
    ['fc without a lun', { fc: { targetWWNs: ['a'] } }, [`${v}.fc.lun: Required value: lun is required if targetWWNs is specified`]],
    ['rbd', { rbd: {} }, [`${v}.rbd.monitors: Required value`, `${v}.rbd.image: Required value`]],
    ['cephfs', { cephfs: {} }, [`${v}.cephfs.monitors: Required value`]],
    ['glusterfs', { glusterfs: {} }, [`${v}.glusterfs.endpoints: Required value`, `${v}.glusterfs.path: Required value`]],
    ['gce', { gcePersistentDisk: { partition: 256 } }, [`${v}.persistentDisk.pdName: Required value`, `${v}.persistentDisk.partition: Invalid value: 256: must be between 1 and 255, inclusive`]],
    ['azureFile', { azureFile: {} }, [`${v}.azureFile.secretName: Required value`, `${v}.azureFile.shareName: Required value`]],
    ['azureDisk', { azureDisk: { diskName: 'a', diskURI: 'x', kind: 'Managed' } }, [
      `${v}.azureDisk.diskURI: Unsupported value: "x": supported values: "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"`,
    ]],
    ['flocker', { flocker: {} }, [`${v}.flocker: Required value: one of datasetName and datasetUUID is required`]],
    ['flexVolume', { flexVolume: { driver: 'a/b', options: { 'x.k8s.io/a': '1', 'k8s.iox/a': '1' } } }, [`${v}.flexVolume.options[x.k8s.io/a]: Invalid value: "x.k8s.io/a": kubernetes.io and k8s.io namespaces are reserved`]],
    ['quobyte', { quobyte: { registry: 'a', volume: 'b' } }, [`${v}.quobyte.registry: Invalid value: "a": must be a host:port pair or multiple pairs separated by commas`]],
    ['gitRepo', { gitRepo: { repository: 'r', directory: '/x/..' } }, [`${v}.gitRepo.directory: Invalid value: "/x/..": must be a relative path`, `${v}.gitRepo.directory: Invalid value: "/x/..": must not contain '..'`]],
    ['nfs', { nfs: { server: 's', path: 'x' } }, [`${v}.nfs.path: Invalid value: "x": must be an absolute path`]],
    ['csi', { csi: { driver: 'a_b', nodePublishSecretRef: {} } }, [
      `${v}.csi.driver: Invalid value: "a_b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
      `${v}.csi.nodePublishSecretRef.name: Required value`,
    ]],
    ['image', { image: {} }, [`${v}.image.reference: Required value`]],
    ['emptyDir below nothing', { emptyDir: { sizeLimit: '-1' } }, [`${v}.emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity`]],
    ['several sources, by rank', { csi: { driver: 'a' }, nfs: {} }, [`${v}.nfs.server: Required value`, `${v}.nfs.path: Required value`, `${v}.nfs.path: Invalid value: "": must be an absolute path`, `${v}.csi: Forbidden: may not specify more than 1 volume type`]],
    ['one path twice', { projected: { sources: [{ secret: { name: 'a', items: [{ key: 'k', path: 'p' }] } }, { configMap: { name: 'b', items: [{ key: 'k', path: 'p' }] } }] } }, [
      `${v}.projected: Invalid value: "b": conflicting duplicate paths`,
    ]],
    ['two sources of a projection', { projected: { sources: [{ secret: { name: 'a' }, configMap: { name: 'b' } }] } }, [`${v}.projected.sources[0]: Forbidden: may not specify more than 1 volume type per source`]],
    ['token', { projected: { sources: [{ serviceAccountToken: { expirationSeconds: 599 } }] } }, [
      `${v}.projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes`, `${v}.projected.path: Required value`,
    ]],
    ['long token', { projected: { sources: [{ serviceAccountToken: { expirationSeconds: 2 ** 32 + 1, path: 't' } }] } }, [
      `${v}.projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds`,
    ]],
    ['file of the pod', { downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'spec.nodeName' } }] } }, [
      `${v}.downwardAPI.fieldRef.fieldPath: Unsupported value: "spec.nodeName": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"`,
    ]],
    ['reserved path', { secret: { secretName: 's', items: [{ key: 'k', path: '..a' }] } }, [`${v}.secret.items[0].path: Invalid value: "..a": must not start with '..'`]],
    ['name of a claim template', { ephemeral: { volumeClaimTemplate: { metadata: { name: 'x', labels: { a: 'b' } }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1' } } } } } }, [
      `${v}.ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set`,
    ]],
  ])('%s', (_, source, expected) => {
    expect(faults('pods.v1', withVolume(source))).toEqual(expected)
  })

  it.each<[string, Json, string[]]>([
    ['trust bundle of nobody', { projected: { sources: [{ clusterTrustBundle: { path: 'p' } }] } }, [`${v}.projected.sources[0].clusterTrustBundle: Required value: either name or signerName must be specified`]],
    ['trust bundle with a selector', { projected: { sources: [{ clusterTrustBundle: { name: 'a', labelSelector: {}, path: 'p' } }] } }, [
      `${v}.projected.sources[0].clusterTrustBundle.labelSelector: Invalid value: {}: labelSelector must be unset if name is specified`,
    ]],
    ['key type', { projected: { sources: [{ podCertificate: { signerName: 'a.b/c', keyType: 'DSA', keyPath: 'k' } }] } }, [
      `${v}.projected.sources[0].podCertificate.keyType: Unsupported value: "DSA": supported values: "RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"`,
    ]],
  ])('%s, kept', (_, source, expected) => {
    expect(judged('pods.v1', withVolume(source))).toEqual(expected)
  })

  it('keeps the claims of ephemeral volumes to them', () => {
    const volumeClaimTemplate = { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1' } } } }
    expect(faults('pods.v1', pod({ volumes: [{ name: 'v', ephemeral: { volumeClaimTemplate } }, { name: 'w', persistentVolumeClaim: { claimName: 'p-v' } }] })))
      .toEqual(['spec.volumes[1].persistentVolumeClaim.claimName: Invalid value: "p-v": must not reference a PVC that gets created for an ephemeral volume'])
  })
})

describe('mounts', () => {
  it.each<[string, Json, string[]]>([
    ['sub path up', withMount({ subPath: 'a/../b' }), [`${c}.volumeMounts.subPath: Invalid value: "a/../b": must not contain '..'`]],
    ['both sub paths', withMount({ subPath: 'a', subPathExpr: '/b' }), [
      `${c}.volumeMounts[0].subPathExpr: Invalid value: "/b": subPathExpr and subPath are mutually exclusive`, `${c}.volumeMounts.subPathExpr: Invalid value: "/b": must be a relative path`,
    ]],
    ['propagation', withMount({ mountPropagation: 'Bidirectional' }), [`${c}.volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers`]],
    ['privileged propagation', withMount({ mountPropagation: 'Bidirectional' }, { securityContext: { privileged: true } }), []],
    ['recursive but writable', withMount({ recursiveReadOnly: 'Enabled', mountPropagation: 'HostToContainer' }), [
      `${c}.volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true`,
      `${c}.volumeMounts.recursiveReadOnly: Forbidden: may only be specified when mountPropagation is None or not specified`,
    ]],
    ['recursive', withMount({ recursiveReadOnly: 'IfPossible', readOnly: true }), []],
    ['device of a directory', withContainer({ volumeDevices: [{ name: 'v', devicePath: '/d/../x' }] }, { volumes: [{ name: 'v', emptyDir: {} }] }), [
      `${c}.volumeDevices[0].name: Invalid value: "v": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode`,
      `${c}.volumeDevices[0].devicePath: Invalid value: "/d/../x": can not contain backsteps ('..')`,
    ]],
    ['mount and device', withContainer({ volumeMounts: [{ name: 'v', mountPath: '/d' }], volumeDevices: [{ name: 'v', devicePath: '/d' }] }, { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'a' } }] }), [
      `${c}.volumeMounts[0].name: Invalid value: "v": must not already exist in volumeDevices`,
      `${c}.volumeMounts[0].mountPath: Invalid value: "/d": must not already exist as a path in volumeDevices`,
      `${c}.volumeDevices[0].name: Invalid value: "v": must not already exist in volumeMounts`,
      `${c}.volumeDevices[0].devicePath: Invalid value: "/d": must not already exist as a path in volumeMounts`,
    ]],
  ])('%s', (_, object, expected) => {
    expect(faults('pods.v1', object)).toEqual(expected)
  })
})

describe('containers', () => {
  const tcp = { tcpSocket: { port: 1 } }
  const env = (valueFrom: Json): Json => withContainer({ env: [{ name: 'A', valueFrom }] })
  const from = `${c}.env[0].valueFrom`

  it.each<[string, Json, string[]]>([
    ['grace of readiness', withContainer({ readinessProbe: { ...tcp, terminationGracePeriodSeconds: 1 } }), [`${c}.readinessProbe.terminationGracePeriodSeconds: Invalid value: 1: must not be set for readinessProbes`]],
    ['startup threshold', withContainer({ startupProbe: { ...tcp, successThreshold: 2 } }), [`${c}.startupProbe.successThreshold: Invalid value: 2: must be 1`]],
    ['header', withContainer({ livenessProbe: { httpGet: { port: 1, httpHeaders: [{ name: 'a b', value: 'x' }] } } }), [
      `${c}.livenessProbe.httpGet.httpHeaders: Invalid value: "a b": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')`,
    ]],
    ['hook of nothing', withContainer({ lifecycle: { preStop: {} } }), [`${c}.lifecycle.preStop: Required value: must specify a handler type`]],
    ['long sleep', withContainer({ lifecycle: { preStop: { sleep: { seconds: 31 } } } }), [`${c}.lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)`]],
    ['no sleep', withContainer({ lifecycle: { preStop: { sleep: { seconds: 0 } } } }), []],
    ['config map key', env({ configMapKeyRef: { name: 'm', key: 'a b' } }), [`${from}.configMapKeyRef.key: Invalid value: "a b": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`]],
    ['file key', env({ fileKeyRef: { volumeName: 'v', path: 'a/..', key: 'K' } }), [`${from}.fileKeyRef.path: Invalid value: "a/..": must not contain '..'`, `${from}.fileKeyRef.volumeName: Not found: "v"`]],
    ['divisor', env({ resourceFieldRef: { resource: 'limits.cpu', divisor: '2' } }), [`${from}.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`]],
    ['no source of variables', withContainer({ envFrom: [{}] }), [`${c}.envFrom: Invalid value: "": must specify one of: \`configMapRef\` or \`secretRef\``]],
    ['pages alone', withContainer({ resources: { limits: { 'hugepages-2Mi': '3Mi' }, requests: { 'hugepages-2Mi': '3Mi' } } }), [
      `${c}.resources.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi`,
      `${c}.resources.requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi`,
      `${c}.resources: Forbidden: HugePages require cpu or memory`,
    ]],
    ['resize policy of what is never restarted', withContainer({ resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }] }, { restartPolicy: 'Never' }), [
      `${c}.resizePolicy: Invalid value: "RestartContainer": must be 'NotRequired' when \`restartPolicy\` is 'Never'`,
    ]],
    ['restart rules alone', withContainer({ restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [1] } }] }), [
      `${c}.restartPolicy: Required value: must specify restartPolicy when restart rules are used`,
    ]],
    ['restart policy', withContainer({ restartPolicy: 'Often' }), [`${c}.restartPolicy: Unsupported value: "Often": supported values: "Always", "Never", "OnFailure"`]],
    ['seccomp', withContainer({ securityContext: { seccompProfile: { type: 'Localhost' } } }), [`${c}.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost`]],
    ['app armor', withContainer({ securityContext: { appArmorProfile: { type: 'Localhost' } } }), [`${c}.securityContext.appArmorProfile.localhostProfile: Required value: must be set when AppArmor type is Localhost`]],
  ])('%s', (_, object, expected) => {
    expect(faults('pods.v1', object)).toEqual(expected)
  })
})

describe('pods as a whole', () => {
  it.each<[string, Json, string[]]>([
    ['users of its own', { hostUsers: false, hostNetwork: true, hostPID: true }, ['spec.hostNetwork: Forbidden: when `hostUsers` is false', 'spec.HostPID: Forbidden: when `hostUsers` is false']],
    ['processes', { hostPID: true, shareProcessNamespace: true }, ['spec.securityContext.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled']],
    ['host port', { hostNetwork: true, containers: [{ ...container, ports: [{ containerPort: 1, hostPort: 2 }] }] }, [`${c}.ports[0].hostPort: Invalid value: 2: must match \`containerPort\` when \`hostNetwork\` is true`]],
    ['net sysctl of the host', { hostNetwork: true, securityContext: { sysctls: [{ name: 'net.a', value: '1' }] } }, ["spec.securityContext.sysctls[0].name: Invalid value: \"net.a\": may not be specified when 'hostNetwork' is true"]],
    ['search domains', { dnsConfig: { searches: ['.', '_tcp.a.', 'x'.repeat(64)] } }, []],
    ['search domain', { dnsConfig: { searches: ['A'] } }, ["spec.dnsConfig.searches[0]: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')"]],
    ['DNS policy', { dnsPolicy: 'X' }, ['spec.dnsPolicy: Unsupported value: "X": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"']],
    ['linux', { os: { name: 'linux' }, securityContext: { windowsOptions: {} } }, ['spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod']],
    ['windows', { os: { name: 'windows' }, hostPID: true, containers: [{ ...container, securityContext: { privileged: true } }] }, ['spec.hostPID: Forbidden: cannot be set for a windows pod', `${c}.securityContext.privileged: Forbidden: cannot be set for a windows pod`]],
    ['claims', { resourceClaims: [{ name: 'a', resourceClaimName: 'x', resourceClaimTemplateName: 'y' }] }, ['spec.resourceClaims[0]: Invalid value: {"Name":"a","ResourceClaimName":"x","ResourceClaimTemplateName":"y"}: at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified']],
    ['overhead', { overhead: { cpu: '-1' } }, ['spec.overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0']],
    ['less than its containers', { resources: { requests: { cpu: '1' } }, containers: [{ ...container, resources: { requests: { cpu: '2' } } }] }, ['spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 2']],
    ['less than a container', { resources: { limits: { cpu: '1' }, requests: { cpu: '1' } }, containers: [{ ...container, resources: { limits: { cpu: '2' }, requests: { cpu: '1' } } }] }, ['spec.resources.containers[0][cpu].limits: Invalid value: "2": must be less than or equal to pod limits of 1']],
    ['token of nobody', { serviceAccountName: undefined, volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }] }, [`${v}.projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set`]],
  ])('%s', (_, spec, expected) => {
    expect(faults('pods.v1', pod(spec))).toEqual(expected)
  })

  it('is stricter with pods than with templates', () => {
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ ...container, image: ' i' }], volumes: [{ name: 'v', image: {} }] } }
    expect(faults('replicasets.apps/v1', { metadata: { name: 'r' }, spec: { selector: { matchLabels: { a: 'b' } }, template } })).toEqual([])
  })

  it('lets ephemeral containers look at what runs, and do little else', () => {
    const old = created('pods.v1', pod({ initContainers: [{ name: 'i', image: 'i' }], volumes: [{ name: 'v', emptyDir: {} }] }))
    const debug = (more: Json): string[] => faults('pods.v1', { ...old, spec: { ...(old['spec'] as Json), ephemeralContainers: [{ name: 'd', image: 'd', ...more }] } }, old).filter((line) => line.includes('ephemeral'))
    expect(debug({ targetContainerName: 'i' }).filter((line) => line.includes('[0]'))).toEqual([])
    expect(debug({ targetContainerName: 'x', restartPolicy: 'Always', volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'a' }] }).filter((line) => line.includes('[0]'))).toEqual([
      'spec.ephemeralContainers[0].targetContainerName: Not found: "x"',
      'spec.ephemeralContainers[0].restartPolicy: Forbidden: cannot be set for an Ephemeral Container',
      'spec.ephemeralContainers[0].volumeMounts[0].subPath: Forbidden: cannot be set for an Ephemeral Container',
    ])
  })
})
