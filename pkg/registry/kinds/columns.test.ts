import { cells, definitionOf } from './kind.suite.ts'

const metadata = { name: 'web', namespace: 'n', creationTimestamp: '2025-12-31T00:00:00Z' }
const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'a', image: 'nginx:1' }, { name: 'b', image: 'busybox' }] } }

describe('columns', () => {
  it('deployment', () => {
    const deployment = {
      metadata, spec: { replicas: 3, selector: { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'In', values: ['b', 'a'] }] }, template },
      status: { readyReplicas: 1, updatedReplicas: 2, availableReplicas: 1 },
    }
    expect(cells('deployments.apps/v1', deployment)).toEqual({
      Name: 'web', Ready: '1/3', 'Up-to-date': 2, Available: 1, Age: '2d', Containers: 'a,b', Images: 'nginx:1,busybox', Selector: 'app=web,tier in (a,b)',
    })
  })

  it.each([
    ['ready', { spec: {}, status: { conditions: [{ type: 'Ready', status: 'True' }] } }, 'Ready'],
    ['not ready', { spec: {}, status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }, 'NotReady'],
    ['cordoned', { spec: { unschedulable: true }, status: { conditions: [{ type: 'Ready', status: 'True' }] } }, 'Ready,SchedulingDisabled'],
    ['never reported', { spec: {} }, 'Unknown'],
  ])('node: %s', (_, node, expected) => {
    expect(cells('nodes.v1', { metadata, ...node })['Status']).toBe(expected)
  })

  it('node: roles, versions and addresses', () => {
    const labels = { 'node-role.kubernetes.io/worker': '', 'node-role.kubernetes.io/control-plane': 'true', 'kubernetes.io/role': 'master' }
    const node = {
      metadata: { ...metadata, labels }, spec: {},
      status: { addresses: [{ type: 'Hostname', address: 'web' }, { type: 'InternalIP', address: '10.0.0.1' }], nodeInfo: { kubeletVersion: 'v1.35.0', osImage: 'Debian', kernelVersion: '6.1', containerRuntimeVersion: 'containerd://1.7' } },
    }
    expect(cells('nodes.v1', node)).toEqual({
      Name: 'web', Status: 'Unknown', Roles: 'control-plane,master,worker', Age: '2d', Version: 'v1.35.0', 'Internal-IP': '10.0.0.1', 'External-IP': '<none>',
      'OS-Image': 'Debian', 'Kernel-Version': '6.1', 'Container-Runtime': 'containerd://1.7',
    })
    expect(cells('nodes.v1', { metadata, spec: {} })['Roles']).toBe('<none>')
  })

  it.each([
    ['cluster address', { type: 'ClusterIP', clusterIP: '10.43.0.9', ports: [{ port: 80, protocol: 'TCP' }] }, {}, ['ClusterIP', '10.43.0.9', '<none>', '80/TCP']],
    ['headless', { type: 'ClusterIP', clusterIP: 'None' }, {}, ['ClusterIP', 'None', '<none>', '<none>']],
    ['node port', { type: 'NodePort', clusterIP: '10.43.0.9', ports: [{ port: 80, nodePort: 30080, protocol: 'TCP' }, { port: 53, protocol: 'UDP' }] }, {}, ['NodePort', '10.43.0.9', '<none>', '80:30080/TCP,53/UDP']],
    ['balancer, pending', { type: 'LoadBalancer', clusterIP: '10.43.0.9', ports: [] }, {}, ['LoadBalancer', '10.43.0.9', '<pending>', '<none>']],
    ['balancer', { type: 'LoadBalancer', clusterIP: '10.43.0.9', externalIPs: ['1.1.1.1'] }, { loadBalancer: { ingress: [{ ip: '5.5.5.5' }, { hostname: 'a.b' }] } }, ['LoadBalancer', '10.43.0.9', '5.5.5.5,a.b,1.1.1.1', '<none>']],
    ['external name', { type: 'ExternalName', externalName: 'a.example' }, {}, ['ExternalName', '<none>', 'a.example', '<none>']],
  ])('service: %s', (_, spec, status, expected) => {
    const shown = cells('services.v1', { metadata, spec, status })
    expect([shown['Type'], shown['Cluster-IP'], shown['External-IP'], shown['Port(s)']]).toEqual(expected)
  })

  it.each([
    ['named hosts', [{ host: 'a' }, { host: 'b' }], 'a,b'], ['any host', [{}], '*'], ['four', [{ host: 'a' }, { host: 'b' }, { host: 'c' }, { host: 'd' }], 'a,b,c + 1 more...'],
    ['three and two without', [{ host: 'a' }, { host: 'b' }, { host: 'c' }, {}, {}], 'a,b,c + 2 more...'], ['without between', [{ host: 'a' }, {}, { host: 'b' }, { host: 'c' }], 'a,b,c'],
  ])('ingress: %s; its class is the field only', (_, rules, expected) => {
    const annotated = { ...metadata, annotations: { 'kubernetes.io/ingress.class': 'old' } }
    expect(cells('ingresses.networking.k8s.io/v1', { metadata: annotated, spec: { rules } })).toMatchObject({ Hosts: expected, Class: '<none>' })
    expect(cells('ingresses.networking.k8s.io/v1', { metadata: annotated, spec: { rules, ingressClassName: 'new' } })['Class']).toBe('new')
  })

  it('flow control: an exempt level shows no shares, schemas stand in the order in which they are tried', () => {
    expect(cells('prioritylevelconfigurations.flowcontrol.apiserver.k8s.io/v1', { metadata, spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0 } } })).toMatchObject({ NominalConcurrencyShares: '<none>', Queues: '<none>' })
    const { rowOrder } = definitionOf('flowschemas.flowcontrol.apiserver.k8s.io/v1')
    const schemas = [['b', 5], ['a', 5], ['z', 1], ['c', 10]].map(([name, matchingPrecedence]) => ({ metadata: { name }, spec: { matchingPrecedence } }) as never)
    expect(schemas.sort((a, b) => rowOrder?.(a, b) ?? 0).map(({ metadata }: { metadata: { name: string } }) => metadata.name)).toEqual(['z', 'a', 'b', 'c'])
  })

  it('event: last seen comes from the series, then the last time, then the event time', () => {
    const event = { metadata, involvedObject: { kind: 'Pod', name: 'p' }, type: 'Normal', reason: 'Started', message: ' up \n', source: { component: 'kubelet', host: 'n1' } }
    expect(cells('events.v1', { ...event, lastTimestamp: '2026-01-01T23:59:00Z', firstTimestamp: '2026-01-01T23:50:00Z', count: 4 })).toMatchObject({
      'Last Seen': '60s', Object: 'pod/p', Source: 'kubelet, n1', Message: 'up', 'First Seen': '10m', Count: 4,
    })
    expect(cells('events.v1', { ...event, eventTime: '2026-01-01T23:00:00.000000Z', series: { count: 9, lastObservedTime: '2026-01-01T23:59:50.000000Z' } })).toMatchObject({
      'Last Seen': '10s', 'First Seen': '60m', Count: 9,
    })
    expect(cells('events.v1', event)['Last Seen']).toBe('<unknown>')
  })

  it.each([
    ['Complete', { conditions: [{ type: 'Complete', status: 'True' }] }, 'Complete'],
    ['Failed', { conditions: [{ type: 'FailureTarget', status: 'True' }, { type: 'Failed', status: 'True' }] }, 'Failed'],
    ['Suspended', { conditions: [{ type: 'Suspended', status: 'True' }] }, 'Suspended'],
    ['Running', {}, 'Running'],
  ])('job: %s', (_, status, expected) => {
    expect(cells('jobs.batch/v1', { metadata, spec: { template }, status })['Status']).toBe(expected)
  })

  it('job: completions and duration', () => {
    const status = { succeeded: 1, startTime: '2026-01-01T23:58:00Z', completionTime: '2026-01-01T23:58:30Z' }
    expect(cells('jobs.batch/v1', { metadata, spec: { completions: 3, template }, status })).toMatchObject({ Completions: '1/3', Duration: '30s' })
    expect(cells('jobs.batch/v1', { metadata, spec: { parallelism: 4, template } })).toMatchObject({ Completions: '0/1 of 4', Duration: '' })
  })

  it('volumes show short access modes, and endpoints are cut after three', () => {
    expect(cells('persistentvolumes.v1', { metadata, spec: { accessModes: ['ReadWriteMany', 'ReadWriteOnce'], claimRef: { namespace: 'n', name: 'c' } } })).toMatchObject({ 'Access Modes': 'RWO,RWX', Claim: 'n/c' })
    const addresses = [1, 2, 3, 4, 5].map((n) => ({ ip: `10.0.0.${n}` }))
    expect(cells('endpoints.v1', { metadata, subsets: [{ addresses, ports: [{ port: 80 }] }] })['Endpoints']).toBe('10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 2 more...')
    expect(cells('endpoints.v1', { metadata })['Endpoints']).toBe('<none>')
  })

  it.each<[string, string, object, Record<string, unknown>]>([
    ['endpoints that nobody is in', 'endpoints.v1', {}, { Endpoints: '<none>' }],
    ['endpoints of which none is ready', 'endpoints.v1', { subsets: [{ notReadyAddresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }] }, { Endpoints: '' }],
    ['a slice whose port has no number', 'endpointslices.discovery.k8s.io/v1', { ports: [{ name: '', port: null }, { name: 'x' }, { name: 'y', port: 2 }], endpoints: [] }, { Ports: ',x,2', Endpoints: '<unset>' }],
    ['a quota that nobody has counted', 'resourcequotas.v1', { spec: { hard: { pods: '1' } } }, { Request: '', Limit: '' }],
    ['a quota', 'resourcequotas.v1', { status: { hard: { pods: '1', 'limits.cpu': '2', 'requests.x.io/limits': '3' }, used: { pods: '1' } } }, { Request: 'pods: 1/1, requests.x.io/limits: 0/3', Limit: 'limits.cpu: 0/2' }],
    ['an old mark of the default class', 'storageclasses.storage.k8s.io/v1', { metadata: { ...metadata, annotations: { 'storageclass.beta.kubernetes.io/is-default-class': 'true' } } }, { Name: 'web (default)' }],
    ['a claim that is given up', 'resourceclaims.resource.k8s.io/v1', { metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' }, spec: {} }, { State: 'deleted' }],
    ['a claim in use', 'resourceclaims.resource.k8s.io/v1', { spec: {}, status: { allocation: {}, reservedFor: [{}] } }, { State: 'allocated,reserved' }],
    ['devices of no one node', 'resourceslices.resource.k8s.io/v1', { spec: { driver: 'd', pool: { name: 'p' }, allNodes: true } }, { Node: '' }],
    ['parameters of a name', 'validatingadmissionpolicybindings.admissionregistration.k8s.io/v1', { spec: { paramRef: { name: 'p' } } }, { ParamRef: '*/p' }],
    ['parameters by label', 'validatingadmissionpolicybindings.admissionregistration.k8s.io/v1', { spec: { paramRef: { selector: { matchLabels: { b: 'c', a: 'b' }, matchExpressions: [{ key: 'k', operator: 'In', values: ['x', 'y'] }] } } } },
      { ParamRef: '&LabelSelector{MatchLabels:map[string]string{a: b,b: c,},MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:k,Operator:In,Values:[x y],},},}' }],
  ])('%s', (_, kind, object, expected) => {
    expect(cells(kind, { metadata, ...object })).toMatchObject(expected)
  })

  it('service accounts: nothing is said of secrets', () => {
    expect(Object.keys(cells('serviceaccounts.v1', { metadata, secrets: [{ name: 's' }] }))).toEqual(['Name', 'Age'])
  })

  it('autoscalers show current values over targets', () => {
    const spec = {
      scaleTargetRef: { kind: 'Deployment', name: 'web' }, minReplicas: 1, maxReplicas: 5,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }],
    }
    expect(cells('horizontalpodautoscalers.autoscaling/v2', { metadata, spec })['Targets']).toBe('cpu: <unknown>/80%')
    const status = { currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 12, averageValue: '30m' } } }], currentReplicas: 2, desiredReplicas: 2 }
    expect(cells('horizontalpodautoscalers.autoscaling/v2', { metadata, spec, status })).toMatchObject({ Reference: 'Deployment/web', Targets: 'cpu: 12%/80%', MinPods: '1', MaxPods: 5, Replicas: 2 })
  })
})
