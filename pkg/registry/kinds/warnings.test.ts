import { Door } from './door.suite.ts'
import { changed, type Json } from './kind.suite.ts'

const container = { name: 'c', image: 'i:1' }
const pod: Json = { spec: { containers: [container] } }
const warned = async (spec: Json, metadata: Json = {}): Promise<string[]> => {
  const { warnings, lines } = await new Door('pods.v1').create({ ...changed(pod, { spec }), metadata })
  expect(lines).toEqual([])
  return warnings
}
const selectorless = { topologyKey: 'a' }
const nullSelector = 'a null labelSelector results in matching no pod'
const label = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
const deprecatedOs = 'deprecated since v1.14; use "kubernetes.io/os" instead'

describe('a pod gets warnings', () => {
  it.each<[string, Json, string[]]>([
    ['never without a reason', {}, []],
    ['about nodes', {
      nodeSelector: { 'beta.kubernetes.io/os': 'linux' },
      affinity: { nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'beta.kubernetes.io/os', operator: 'Exists' }] }] },
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: { matchExpressions: [{ key: 'a', operator: 'In', values: ['-'] }] } }],
      } },
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'beta.kubernetes.io/os', whenUnsatisfiable: 'DoNotSchedule' }],
    }, [
      `spec.nodeSelector[beta.kubernetes.io/os]: ${deprecatedOs}`,
      `spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].key: beta.kubernetes.io/os is ${deprecatedOs}`,
      `spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].values[0]: - is invalid, ${label}`,
      `spec.topologySpreadConstraints[0].topologyKey: beta.kubernetes.io/os is ${deprecatedOs}`, `spec.topologySpreadConstraints[0].labelSelector: ${nullSelector}`,
    ]],
    ['about other pods', { affinity: {
      podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [selectorless] }, podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: selectorless }] },
    } }, [
      `spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: ${nullSelector}`,
      `spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.labelSelector: ${nullSelector}`,
    ]],
    ['about drivers that are gone', { volumes: [
      { name: 'a', gitRepo: { repository: 'r' } }, { name: 'b', glusterfs: { endpoints: 'e', path: 'p' } }, { name: 'c', rbd: { monitors: ['m'], image: 'i' } }, { name: 'd', cephfs: { monitors: ['m'] } },
      { name: 'e', storageos: { volumeName: 'v' } },
    ] }, [
      'spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+', 'spec.volumes[1].glusterfs: deprecated in v1.25, non-functional in v1.26+',
      'spec.volumes[2].rbd: deprecated in v1.28, non-functional in v1.31+', 'spec.volumes[3].cephfs: deprecated in v1.28, non-functional in v1.31+', 'spec.volumes[4].storageOS: deprecated in v1.22, non-functional in v1.25+',
    ]],
    ['about files over files', { volumes: [
      { name: 'a', configMap: { name: 'm', items: [{ key: 'a', path: 'x' }, { key: 'b', path: 'x/y' }, { key: 'c', path: 'xy' }] } },
      { name: 'b', projected: { sources: [{}, { secret: { name: 's', items: [{ key: 'a', path: 'x/y/' }] } }, { serviceAccountToken: { path: 'x' } }] } },
    ], serviceAccountName: 'a' }, [
      'volume "a" (ConfigMap "m"): overlapping paths: "x/y" with "x"', 'volume "b" (Projected) has no sources provided',
      'volume "b" (Projected): overlapping paths: "x" (ServiceAccountToken) with "x/y" (Secret "s")',
    ]],
    ['about what comes twice', { hostAliases: [{ ip: '10.0.0.1' }, { ip: '10.0.0.1' }], imagePullSecrets: [{ name: 'a' }, { name: 'a' }, {}] }, [
      'spec.hostAliases[1].ip: duplicate ip "10.0.0.1"', 'spec.imagePullSecrets[1].name: duplicate name "a"', 'spec.imagePullSecrets[2].name: invalid empty name ""',
    ]],
    ['about parts of bytes', { overhead: { memory: '100m' }, containers: [{ ...container, resources: { limits: { memory: '1500m', cpu: '500m' }, requests: { memory: '500m' } } }] }, [
      'spec.overhead[memory]: fractional byte value "100m" is invalid, must be an integer', 'spec.containers[0].resources.limits[memory]: fractional byte value "1500m" is invalid, must be an integer',
      'spec.containers[0].resources.requests[memory]: fractional byte value "500m" is invalid, must be an integer',
    ]],
    ['about hidden variables', { containers: [{ ...container, env: [{ name: 'A', value: '1' }, { name: 'A', value: '$(A)2' }, { name: 'A', value: '$(A)' }, { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] }] }, [
      'spec.containers[0].env[2]: hides previous definition of "A", which may be dropped when using apply', 'spec.containers[0].env[3]: hides previous definition of "A", which may be dropped when using apply',
    ]],
    ['about ports', { containers: [
      { ...container, ports: [{ containerPort: 1, name: 'p' }, { containerPort: 1 }, { containerPort: 1, hostPort: 8 }, { containerPort: 1, hostPort: 8, hostIP: '10.0.0.1' }, { containerPort: 2, hostIP: '10.0.0.1', name: 'q' }] },
      { name: 'd', image: 'i', ports: [{ containerPort: 3, name: 'p' }] },
    ] }, [
      'spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]', 'spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[0]',
      'spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[1]', 'spec.containers[0].ports[3]: overlapping port definition with spec.containers[0].ports[0]',
      'spec.containers[0].ports[3]: overlapping port definition with spec.containers[0].ports[1]', 'spec.containers[0].ports[3]: dangerously ambiguous port definition with spec.containers[0].ports[2]',
      'spec.containers[0].ports[4]: hostIP set without hostPort: {Name:q HostPort:0 ContainerPort:2 Protocol:TCP HostIP:10.0.0.1}',
      'spec.containers[1].ports[0]: duplicate port name "p" with spec.containers[0].ports[0], services and probes that select ports by name will use spec.containers[0].ports[0]',
    ]],
    ['about its end', { terminationGracePeriodSeconds: -1 }, ['spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1']],
    ['about addresses', { dnsConfig: { nameservers: ['010.0.0.1'] }, hostAliases: [{ ip: '2001:DB8::1' }] }, [
      'spec.dnsConfig.nameservers[0]: non-standard IP address "010.0.0.1" will be considered invalid in a future Kubernetes release: use "10.0.0.1"',
      'spec.hostAliases[0].ip: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")',
    ]],
  ])('%s', async (_, spec, expected) => {
    expect(await warned(spec)).toEqual(expected)
  })

  it('about its name and its annotations', async () => {
    const annotations = {
      'scheduler.alpha.kubernetes.io/critical-pod': '', 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined', 'container.seccomp.security.alpha.kubernetes.io/c': 'unconfined',
      'container.apparmor.security.beta.kubernetes.io/c': 'unconfined',
    }
    expect(await warned({}, { name: 'a.b', annotations })).toEqual([
      'metadata.annotations[container.apparmor.security.beta.kubernetes.io/c]: deprecated since v1.30; use the "appArmorProfile" field instead',
      "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
      'metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the "priorityClassName" field instead',
      'metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+; use the "seccompProfile" field instead',
      'metadata.annotations[container.seccomp.security.alpha.kubernetes.io/c]: non-functional in v1.27+; use the "seccompProfile" field instead',
    ])
  })

  it('when it is made only', async () => {
    const door = new Door('pods.v1')
    expect((await door.create(changed(pod, { spec: { terminationGracePeriodSeconds: -1 } }))).warnings).toHaveLength(1)
    expect((await door.patch({ spec: { activeDeadlineSeconds: 9 } })).warnings).toEqual([])
  })
})

describe('what makes pods gets warnings', () => {
  const bad = { containers: [{ ...container, env: [{ name: 'A' }, { name: 'A' }] }] }
  const template = { metadata: { labels: { a: 'b' } }, spec: bad }
  const selected = { selector: { matchLabels: { a: 'b' } }, template }
  const dots = 'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]'
  const hidden = (path: string): string => `${path}.spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply`

  it.each<[string, Json, string]>([
    ['deployments.apps/v1', selected, 'spec.template'],
    ['replicasets.apps/v1', selected, 'spec.template'],
    ['daemonsets.apps/v1', selected, 'spec.template'],
    ['replicationcontrollers.v1', { selector: { a: 'b' }, template }, 'spec.template'],
    ['jobs.batch/v1', { template: { ...template, spec: { ...bad, restartPolicy: 'Never' } } }, 'spec.template'],
    ['cronjobs.batch/v1', { schedule: '@daily', jobTemplate: { spec: { template: { ...template, spec: { ...bad, restartPolicy: 'Never' } } } } }, 'spec.jobTemplate.spec.template'],
  ])('%s: when it is made, and when what is wanted changes', async (kind, spec, path) => {
    const door = new Door(kind, 'a.b')
    expect((await door.create({ spec })).warnings).toEqual([dots, hidden(path)])
    expect((await door.patch({ metadata: { labels: { x: 'y' } } })).warnings).toEqual([])
    const more = kind === 'cronjobs.batch/v1' || kind === 'jobs.batch/v1' ? { suspend: true } : { minReadySeconds: 1 }
    expect((await door.patch({ spec: more })).warnings).toEqual([hidden(path)])
  })

  it('a StatefulSet: of its claims and of its history', async () => {
    const claim = { metadata: { name: 'd' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1500m' } } } }
    expect((await new Door('statefulsets.apps/v1').create({ spec: { ...selected, volumeClaimTemplates: [claim], revisionHistoryLimit: -1 } })).warnings).toEqual([
      hidden('spec.template'), 'spec.volumeClaimTemplates[0].resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
      'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended',
    ])
  })

  it('a job: of very many indexes', async () => {
    const spec = { completionMode: 'Indexed', completions: 100_001, parallelism: 10_001, template: { spec: { containers: [container], restartPolicy: 'Never' } } }
    expect((await new Door('jobs.batch/v1').create({ spec })).warnings).toEqual([
      'spec: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail',
    ])
  })
})
