import { createLines, Door } from './door.suite.ts'
import { changed, judged, type Json } from './kind.suite.ts'

const container = { name: 'c', image: 'i:1' }
const pod: Json = { spec: { containers: [container] } }
const withContainer = (more: Json, rest: Json = {}): Json => ({ ...rest, containers: [{ ...container, ...more }] })
const c = 'spec.containers[0]'

const label = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
const namePart = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
const subdomain = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const signals = 'supported values: "SIGABRT", "SIGALRM", "SIGBUS", "SIGCHLD", "SIGCLD", "SIGCONT", "SIGFPE", "SIGHUP", "SIGILL", "SIGINT", "SIGIO", "SIGIOT", "SIGKILL", "SIGPIPE", "SIGPOLL", "SIGPROF", "SIGPWR", "SIGQUIT", "SIGRTMAX", "SIGRTMAX-1",'

const lines = async (spec: Json, metadata: Json = {}): Promise<string[]> => await createLines('pods.v1', { ...changed(pod, { spec }), metadata })

describe('a pod is refused', () => {
  it.each<[string, Json, string[]]>([
    ['not at all', {}, []],
    ['all at once, in order', {
      volumes: [{ name: 'V', emptyDir: {} }], resourceClaims: [{ name: '' }], containers: [], initContainers: [{ name: 'i', image: '' }], restartPolicy: 'Seldom', dnsPolicy: 'Any', nodeSelector: { a: '-' },
      securityContext: { runAsUser: -1 }, affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{}] } }, dnsConfig: { nameservers: ['x'] }, readinessGates: [{ conditionType: '-' }],
      schedulingGates: [{ name: '-' }], topologySpreadConstraints: [{}], hostUsers: false, hostPID: true, hostnameOverride: 'A', activeDeadlineSeconds: 0, tolerations: [{ operator: 'Equal' }],
      hostAliases: [{ ip: '1' }], preemptionPolicy: 'Shove', overhead: { cpu: '-1' }, os: { name: 'beos' },
    }, [
      "spec.volumes[0].name: Invalid value: \"V\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      'spec.resourceClaims[0].name: Required value',
      'spec.resourceClaims[0]: Invalid value: {"Name":"","ResourceClaimName":null,"ResourceClaimTemplateName":null}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`',
      'spec.containers: Required value', 'spec.initContainers[0].image: Required value', 'spec.restartPolicy: Unsupported value: "Seldom": supported values: "Always", "OnFailure", "Never"',
      'spec.dnsPolicy: Unsupported value: "Any": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"', `spec.nodeSelector: Invalid value: "-": ${label}`,
      'spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
      'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Required value: can not be empty',
      'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: "": name part must be non-empty',
      `spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: "": ${namePart}`,
      'spec.dnsConfig.nameservers[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)', `spec.readinessGates[0].conditionType: Invalid value: "-": ${namePart}`,
      `spec.schedulingGates[0]: Invalid value: "-": ${namePart}`, 'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
      'spec.topologySpreadConstraints[0].topologyKey: Required value: can not be empty',
      'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "": supported values: "DoNotSchedule", "ScheduleAnyway"', 'spec.HostPID: Forbidden: when `hostUsers` is false',
      `spec.hostnameOverride: Invalid value: "A": ${subdomain}`, 'spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive',
      'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
      'spec.hostAliases[0].ip: Invalid value: "1": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)', 'spec.preemptionPolicy: Unsupported value: "Shove": supported values: "PreemptLowerPriority", "Never"',
      'spec.overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0', 'spec.os: Unsupported value: "beos": supported values: "linux", "windows"',
    ]],
    ['for spreading', { topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'ScheduleAnyway', minDomains: 0, nodeAffinityPolicy: 'Never', matchLabelKeys: ['k'] },
      { maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: { matchLabels: { k: 'v' }, matchExpressions: [{ key: 'k', operator: 'In', values: ['v'] }] }, matchLabelKeys: ['-', 'k'] },
    ] }, [
      'spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{a, ScheduleAnyway}"', 'spec.topologySpreadConstraints[0].minDomains: Invalid value: 0: must be greater than zero',
      'spec.topologySpreadConstraints[0].minDomains: Invalid value: 0: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway',
      'spec.topologySpreadConstraints[0].nodeAffinityPolicy: Unsupported value: "Never": supported values: "Honor", "Ignore"',
      'spec.topologySpreadConstraints[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set', `spec.topologySpreadConstraints[1].matchLabelKeys[0]: Invalid value: "-": ${namePart}`,
      'spec.topologySpreadConstraints[1][1]: Invalid value: "k": exists in both matchLabelKeys and labelSelector',
    ]],
    ['for nodes that cannot be', { affinity: { nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['-'] }], matchFields: [{ key: 'metadata.name', operator: 'In', values: ['A'] }] }] },
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 101, preference: { matchExpressions: [{ key: 'a', operator: 'In', values: ['-'] }] } }],
    } } }, [
      `spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values[0]: Invalid value: "-": ${label}`,
      `spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].values[0]: Invalid value: "A": ${subdomain}`,
      'spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 101: must be in the range 1-100',
    ]],
    ['for pods that it both wants and not', { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [
      { topologyKey: 'a', labelSelector: {}, matchLabelKeys: ['k'], mismatchLabelKeys: ['k'], namespaces: ['A'] },
    ] } } }, [
      "spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].namespace: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      'spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].matchLabelKeys[0]: Invalid value: "k": exists in both matchLabelKeys and mismatchLabelKeys',
    ]],
    ['for tolerations', { tolerations: [{ key: 'a', operator: 'Gt', value: '1' }, { key: 'a', operator: 'Like' }, { key: 'a', value: '-' }, { key: 'a', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 1 }] }, [
      'spec.tolerations[0].operator: Unsupported value: "Gt": supported values: "Equal", "Exists", "Lt", "Gt"', 'spec.tolerations[1].operator: Unsupported value: "Like": supported values: "Equal", "Exists"',
      `spec.tolerations[2].operator: Invalid value: "-": ${label}`, "spec.tolerations[3].effect: Invalid value: \"NoSchedule\": effect must be 'NoExecute' when `tolerationSeconds` is set",
    ]],
    ['for claims', withContainer({ resources: { claims: [{ name: 'a' }, { name: 'a', request: 'r' }, { name: 'b', request: 'r' }, { name: 'b', request: 'r' }, { name: '' }] } }, { resourceClaims: [{ name: 'a', resourceClaimName: 'x' }] }), [
      `${c}.resources.claims[1]: Duplicate value: "a"`, `${c}.resources.claims[2]: Not found: "b": must be one of the names in pod.spec.resourceClaims: a`, `${c}.resources.claims[3]: Duplicate value: "b/r"`,
      `${c}.resources.claims[3]: Not found: "b": must be one of the names in pod.spec.resourceClaims: a`, `${c}.resources.claims[4]: Required value`,
    ]],
    ['for claims of nobody', withContainer({ resources: { claims: [{ name: 'a' }] } }), [`${c}.resources.claims[0]: Not found: "a": must be one of the names in pod.spec.resourceClaims which is empty`]],
    ['for resources', withContainer({ resources: { requests: { 'requests.example.com/a': '1', 'example.com/a': '1' }, limits: { 'requests.example.com/a': '1' } } }), [
      `${c}.resources.limits[requests.example.com/a]: Invalid value: "requests.example.com/a": doesn't follow extended resource name standard`,
      `${c}.resources.requests[requests.example.com/a]: Invalid value: "requests.example.com/a": doesn't follow extended resource name standard`,
      `${c}.resources.limits: Required value: Limit must be set for non overcommitable resources`,
    ]],
    ['for resources of the whole', { resources: { requests: { 'example.com/a': '1', cpu: '1' }, limits: { 'example.com/a': '1', cpu: '1' } }, containers: [{ ...container, resources: { requests: { cpu: '2' }, limits: { cpu: '2' } } }] }, [
      'spec.resources.limits[example.com/a]: Unsupported value: "example.com/a": supported values: "cpu", "hugepages-", "memory"',
      'spec.resources.requests[example.com/a]: Unsupported value: "example.com/a": supported values: "cpu", "hugepages-", "memory"',
      'spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 2',
      'spec.resources.containers[0][cpu].limits: Invalid value: "2": must be less than or equal to pod limits of 1',
    ]],
    ['for pages of the whole', { resources: { limits: { 'hugepages-2Mi': '2Mi', cpu: '1' } }, containers: [{ ...container, resources: { limits: { 'hugepages-2Mi': '4Mi', cpu: '1' } } }] }, [
      'spec.resources.requests[hugepages-2Mi]: Invalid value: "2Mi": must be greater than or equal to aggregate container requests of 4Mi',
      'spec.resources.limits[hugepages-2Mi]: Invalid value: "2Mi": must be greater than or equal to aggregate container limits of 4Mi',
      'spec.resources.containers[0][hugepages-2Mi].limits: Invalid value: "4Mi": must be less than or equal to pod limits of 2Mi',
    ]],
    ['for a host name', { hostnameOverride: `${'x'.repeat(63)}.y`, setHostnameAsFQDN: true, hostNetwork: true }, [
      'spec.hostnameOverride: Forbidden: may not be specified when setHostnameAsFQDN is true', 'spec.hostnameOverride: Forbidden: may not be specified when hostNetwork is true',
      'spec.hostnameOverride: Too long: may not be more than 64 bytes',
    ]],
    ['for restart rules', withContainer({ restartPolicy: 'Never', restartPolicyRules: [{ action: 'RestartAllContainers' }, { action: 'Restart', exitCodes: { operator: 'Is' } }] }), [
      `${c}.restartPolicyRules[0].action: Unsupported value: "RestartAllContainers": supported values: "Restart"`, `${c}.restartPolicyRules[0].exitCodes: Required value: must be specified`,
      `${c}.restartPolicyRules[1].exitCodes.operator: Unsupported value: "Is": supported values: "In", "NotIn"`,
    ]],
    ['for rules of a sidecar', { initContainers: [{ name: 'i', image: 'i', restartPolicy: 'Always', restartPolicyRules: [{ action: 'Restart' }] }] }, [
      'spec.initContainers[0].restartPolicyRules: Forbidden: restartPolicyRules are not allowed for init containers with restart policy Always',
    ]],
    ['for many rules', withContainer({ restartPolicy: 'Never', restartPolicyRules: Array.from({ length: 21 }, () => ({ action: 'Restart', exitCodes: { operator: 'In', values: [1] } })) }), [
      `${c}.restartPolicyRules: Too long: may not be more than 20 bytes`,
    ]],
    ['for devices of users of its own', withContainer({ volumeDevices: [{ name: 'v', devicePath: '/d' }] }, { hostUsers: false, hostIPC: true, volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'a' } }] }), [
      'spec.HostIPC: Forbidden: when `hostUsers` is false', `${c}.volumeDevices: Forbidden: when \`hostUsers\` is false`,
    ]],
    ['for an unmasked /proc', withContainer({ securityContext: { procMount: 'Unmasked' } }), [`${c}.securityContext.procMount: Invalid value: "Unmasked": \`hostUsers\` must be false to use \`Unmasked\``]],
    ['for rising privileges', withContainer({ securityContext: { allowPrivilegeEscalation: false, privileged: true } }), [
      `${c}.securityContext: Invalid value: {"Capabilities":null,"Privileged":true,"SELinuxOptions":null,"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalation":false,"ProcMount":null,"SeccompProfile":null,"AppArmorProfile":null}: cannot set \`allowPrivilegeEscalation\` to false and \`privileged\` to true`,
    ]],
    ['for profiles', withContainer({ securityContext: { seccompProfile: { type: '' }, appArmorProfile: { type: 'Localhost', localhostProfile: ' a' } } }, { securityContext: { seccompProfile: { type: 'Unconfined', localhostProfile: 'x' } } }), [
      `${c}.securityContext.seccompProfile.type: Required value: type is required when seccompProfile is set`, `${c}.securityContext.appArmorProfile.localhostProfile: Invalid value: " a": must not be padded with whitespace`,
      'spec.securityContext.seccompProfile.localhostProfile: Invalid value: {"Type":"Unconfined","LocalhostProfile":"x"}: can only be set when seccomp type is Localhost',
    ]],
    ['for what Windows does not have', {
      os: { name: 'windows' }, hostUsers: true, shareProcessNamespace: false, securityContext: { fsGroup: 1, runAsUser: 1, sysctls: [{ name: 'a', value: 'b' }] }, resources: { requests: { cpu: '1' } },
      initContainers: [{ name: 'i', image: 'i', securityContext: { capabilities: {}, runAsGroup: 1 } }],
    }, [
      'spec.resources: Forbidden: may not be set for a windows pod',
      'spec.hostUsers: Forbidden: cannot be set for a windows pod', 'spec.securityContext.fsGroup: Forbidden: cannot be set for a windows pod', 'spec.securityContext.sysctls: Forbidden: cannot be set for a windows pod',
      'spec.shareProcessNamespace: Forbidden: cannot be set for a windows pod', 'spec.securityContext.runAsUser: Forbidden: cannot be set for a windows pod',
      'spec.initContainers[0].securityContext.capabilities: Forbidden: cannot be set for a windows pod', 'spec.initContainers[0].securityContext.runAsGroup: Forbidden: cannot be set for a windows pod',
    ]],
    ['for what only Windows has', withContainer({ securityContext: { windowsOptions: {} } }, { os: { name: 'linux' } }), [`${c}.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod`]],
    ['for users of Windows', { securityContext: { windowsOptions: { runAsUserName: 'a b*c\\..', gmsaCredentialSpec: '', hostProcess: true } }, containers: [{ ...container, securityContext: { windowsOptions: { hostProcess: false } } }] }, [
      'spec.securityContext.windowsOptions.gmsaCredentialSpec: Invalid value: "": gmsaCredentialSpec cannot be an empty string',
      'spec.securityContext.windowsOptions.runAsUserName: Invalid value: "a b*c\\\\..": runAsUserName\'s Domain doesn\'t match the NetBios nor the DNS format',
      'spec.securityContext.windowsOptions.runAsUserName: Invalid value: "a b*c\\\\..": runAsUserName\'s User cannot contain only periods or spaces',
      `${c}.securityContext.windowsOptions.hostProcess: Invalid value: false: pod hostProcess value must be identical if both are specified, was true`,
    ]],
    ['for processes of the host', { securityContext: { windowsOptions: { hostProcess: true } } }, ['spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers']],
    ['for probes', withContainer({ livenessProbe: { grpc: { port: 0 }, successThreshold: 2, terminationGracePeriodSeconds: 0 }, readinessProbe: { httpGet: { port: 'A', scheme: 'FTP' }, terminationGracePeriodSeconds: 1 }, startupProbe: {} }), [
      `${c}.livenessProbe.grpc.port: Invalid value: 0: must be between 1 and 65535, inclusive`, `${c}.livenessProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0`,
      `${c}.livenessProbe.successThreshold: Invalid value: 2: must be 1`, `${c}.readinessProbe.httpGet.port: Invalid value: "A": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)`,
      `${c}.readinessProbe.httpGet.port: Invalid value: "A": must contain at least one letter (a-z)`, `${c}.readinessProbe.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"`,
      `${c}.readinessProbe.terminationGracePeriodSeconds: Invalid value: 1: must not be set for readinessProbes`, `${c}.startupProbe: Required value: must specify a handler type`,
    ]],
    ['for variables', withContainer({
      env: [{ name: 'a=b' }, { name: 'A', valueFrom: { fieldRef: { fieldPath: "metadata.uid['a']" } } }, { name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.name', apiVersion: 'v2' } } },
        { name: 'C', valueFrom: { fileKeyRef: { volumeName: 'v', path: '/abs', key: 'K' } } }],
      envFrom: [{ prefix: 'é', configMapRef: { name: 'a' }, secretRef: { name: 'b' } }],
    }, { volumes: [{ name: 'v', configMap: { name: 'a' } }] }), [
      `${c}.env[0].name: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than '='`,
      `${c}.env[1].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.uid['a']": error converting fieldPath: field label does not support subscript: metadata.uid['a']`,
      `${c}.env[2].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.name": error converting fieldPath: unsupported pod version: v2`,
      `${c}.envFrom[0].prefix: Invalid value: "é": a valid environment variable name must consist only of printable ASCII characters other than '='`,
      `${c}.envFrom: Invalid value: "": may not have more than one field specified at a time`,
      `${c}.env[3].valueFrom.fileKeyRef.volumeName: Invalid value: "v": referenced volume must be of type emptyDir`,
    ]],
    ['for volumes that are wrong, and so not there', withContainer({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }, { volumes: [{ name: 'v', hostPath: { path: '/a/..' } }] }), [
      "spec.volumes[0].hostPath.path: Invalid value: \"/a/..\": must not contain '..'", `${c}.volumeMounts[0].name: Not found: "v"`,
    ]],
    ['for a policy of labels that is off', { securityContext: { seLinuxChangePolicy: 'MountOption' } }, ['spec.securityContext.seLinuxChangePolicy: Unsupported value: "MountOption": supported values: "Recursive"']],
    ['for ephemeral containers, and a node before its gates', { ephemeralContainers: [{ name: 'e', image: 'e' }], nodeName: 'n', schedulingGates: [{ name: 'g' }] }, [
      'spec.ephemeralContainers: Forbidden: cannot be set on create', 'spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared',
    ]],
    ['for ports', { initContainers: [{ name: 'i', image: 'i' }, { name: 'j', image: 'j', restartPolicy: 'Always', ports: [{ containerPort: 1, hostPort: 2 }, { containerPort: 2, hostPort: 2 }] }], containers: [
      { ...container, ports: [{ containerPort: 0, hostPort: 70000, protocol: 'X', name: '-' }, { containerPort: 1, hostIP: 'x' }] },
    ] }, [
      `${c}.ports[0].name: Invalid value: "-": must contain at least one letter (a-z)`, `${c}.ports[0].name: Invalid value: "-": must not begin or end with a hyphen`, `${c}.ports[0].containerPort: Required value`,
      `${c}.ports[0].hostPort: Invalid value: 70000: must be between 1 and 65535, inclusive`, `${c}.ports[0].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"`,
      'spec.initContainers[0].ports[1].hostPort: Duplicate value: "TCP//2"',
    ]],
  ])('%s', async (_, spec, expected) => {
    expect(await lines(spec)).toEqual(expected)
  })

  it.each<[string, Json, string[]]>([
    ['for a signal without a system', withContainer({ lifecycle: { stopSignal: 'SIGTERM' } }), [`${c}.lifecycle.stopSignal: Forbidden: may not be set for containers with empty \`spec.os.name\``]],
    ['for a signal of another system', withContainer({ lifecycle: { stopSignal: 'SIGHUP' } }, { os: { name: 'windows' } }), [`${c}.lifecycle.stopSignal: Unsupported value: "SIGHUP": supported values: "SIGKILL", "SIGTERM"`]],
    ['not for a signal', withContainer({ lifecycle: { stopSignal: 'SIGRTMIN+15' } }, { os: { name: 'linux' } }), []],
    ['for certificates', { volumes: [{ name: 'v', projected: { sources: [{ podCertificate: { signerName: 'a', keyType: 'ED25519', maxExpirationSeconds: 3599 } },
      { podCertificate: { signerName: 'kubernetes.io/a', keyType: 'ED25519', maxExpirationSeconds: 86401, keyPath: 'k', certificateChainPath: 'k' } }] } }] }, [
      "spec.volumes[0].projected.sources[0].podCertificate.signerName: Invalid value: \"a\": must be a fully qualified domain and path of the form 'example.com/signer-name'",
      'spec.volumes[0].projected.sources[0].podCertificate.maxExpirationSeconds: Invalid value: 3599: if provided, maxExpirationSeconds must be >= 3600',
      'spec.volumes[0].projected.sources[0].podCertificate: Required value: specify at least one of credentialBundlePath, keyPath, and certificateChainPath',
      'spec.volumes[0].projected.sources[1].podCertificate.maxExpirationSeconds: Invalid value: 86401: if provided, maxExpirationSeconds must be <= 86400',
      'spec.volumes[0].projected: Invalid value: "k": conflicting duplicate paths',
    ]],
  ])('%s, kept', (_, spec, expected) => {
    expect(judged('pods.v1', changed(pod, { metadata: { name: 'p' }, spec }))).toEqual(expected)
  })

  it('for a signal that nothing knows, with all that are', () => {
    const [line = ''] = judged('pods.v1', changed(pod, { metadata: { name: 'p' }, spec: withContainer({ lifecycle: { stopSignal: 'TERM' } }, { os: { name: 'linux' } }) }))
    expect(line).toContain(`Unsupported value: "TERM": ${signals}`)
    expect(line.match(/"SIG/g)).toHaveLength(65)
  })

  it.each<[string, Json, Json, string[]]>([
    ['cost', { 'controller.kubernetes.io/pod-deletion-cost': '01' }, {}, ['metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "01": must be a 32bit integer']],
    ['mirror', { 'kubernetes.io/config.mirror': 'x' }, {}, ['metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set']],
    ['claims of a mirror', { 'kubernetes.io/config.mirror': 'x' }, { nodeName: 'n', resourceClaims: [{ name: 'a', resourceClaimName: 'b' }] }, ['[]: Forbidden: static pods do not support resource claims']],
    ['profiles', { 'seccomp.security.alpha.kubernetes.io/pod': 'x', 'container.apparmor.security.beta.kubernetes.io/d': 'y' }, {}, [
      'metadata.annotations.seccomp.security.alpha.kubernetes.io/pod: Invalid value: "x": must be a valid seccomp profile',
      'metadata.annotations[container.apparmor.security.beta.kubernetes.io/d]: Invalid value: "d": container not found',
      'metadata.annotations[container.apparmor.security.beta.kubernetes.io/d]: Invalid value: "y": invalid AppArmor profile name: "y"',
    ]],
    ['profiles that differ', { 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined', 'container.apparmor.security.beta.kubernetes.io/c': 'localhost/a' }, {
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } }, ...withContainer({ securityContext: { appArmorProfile: { type: 'Localhost', localhostProfile: 'b' } } }),
    }, [
      'spec.securityContext.seccompProfile.type: Forbidden: seccomp type in annotation and field must match', `${c}.securityContext.appArmorProfile.localhostProfile: Forbidden: apparmor profile in annotation and field must match`,
    ]],
  ])('for annotations: %s', async (_, annotations, spec, expected) => {
    expect(await lines(spec, { annotations })).toEqual(expected)
  })

  it('in one Status', async () => {
    const { status } = await new Door('pods.v1').create(changed(pod, { spec: { activeDeadlineSeconds: 0, hostname: 'a.b' } }))
    expect(status).toMatchObject({
      code: 422, reason: 'Invalid', details: { name: 'x', kind: 'Pod', causes: [{ field: 'spec.activeDeadlineSeconds' }, { field: 'spec.hostname', message: 'Invalid value: "a.b": must not contain dots' }] },
      message: 'Pod "x" is invalid: [spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive, spec.hostname: Invalid value: "a.b": must not contain dots]',
    })
  })
})
