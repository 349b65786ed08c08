import { created, defaulted } from './kind.suite.ts'
import { defaultPullPolicy } from './pod-spec-defaults.ts'

describe('defaults', () => {
  it('completes a deployment as kubectl makes it', () => {
    const sent = {
      apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', labels: { app: 'web' } },
      spec: {
        replicas: 1, selector: { matchLabels: { app: 'web' } }, strategy: {},
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'nginx', image: 'nginx', resources: {}, ports: [{ containerPort: 80 }] }] } },
      },
      status: { replicas: 7 },
    }
    expect(created('deployments.apps/v1', sent)).toEqual({
      apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', labels: { app: 'web' } },
      spec: {
        replicas: 1, selector: { matchLabels: { app: 'web' } },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
        revisionHistoryLimit: 10, progressDeadlineSeconds: 600,
        template: {
          metadata: { labels: { app: 'web' } },
          spec: {
            containers: [{
              name: 'nginx', image: 'nginx', resources: {}, ports: [{ containerPort: 80, protocol: 'TCP' }],
              imagePullPolicy: 'Always', terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File',
            }],
            dnsPolicy: 'ClusterFirst', restartPolicy: 'Always', schedulerName: 'default-scheduler', securityContext: {}, terminationGracePeriodSeconds: 30,
          },
        },
      },
      status: {},
    })
  })

  it.each([
    ['nginx', 'Always'], ['nginx:latest', 'Always'], ['nginx:1.27', 'IfNotPresent'], ['localhost:5000/nginx', 'Always'], ['localhost:5000/nginx:1', 'IfNotPresent'],
    ['nginx@sha256:aa', 'IfNotPresent'], ['nginx:latest@sha256:aa', 'Always'], ['', 'Always'],
  ])('pulls %s: %s', (image, policy) => {
    expect(defaultPullPolicy(image)).toBe(policy)
  })

  it('gives a pod what a template does not get', () => {
    const pod = created('pods.v1', {
      metadata: { name: 'p' },
      spec: {
        hostNetwork: true, serviceAccount: 'builder',
        containers: [{ name: 'c', image: 'i:1', resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } }, ports: [{ containerPort: 80 }], livenessProbe: { httpGet: { port: 80 } } }],
        volumes: [{ name: 'a' }, { name: 's', secret: { secretName: 'x' } }, { name: 'h', hostPath: { path: '/' } }, { name: 't', projected: { sources: [{ serviceAccountToken: { path: 't' } }, { downwardAPI: { items: [{ path: 'n', fieldRef: { fieldPath: 'metadata.name' } }] } }] } }],
      },
    })
    expect(pod).toMatchObject({
      spec: {
        enableServiceLinks: true, serviceAccountName: 'builder', serviceAccount: 'builder',
        containers: [{
          resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } }, ports: [{ containerPort: 80, hostPort: 80, protocol: 'TCP' }],
          livenessProbe: { httpGet: { port: 80, path: '/', scheme: 'HTTP' }, timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 },
        }],
        volumes: [
          { name: 'a', emptyDir: {} }, { name: 's', secret: { secretName: 'x', defaultMode: 420 } }, { name: 'h', hostPath: { path: '/', type: '' } },
          { name: 't', projected: { defaultMode: 420, sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 3600 } }, { downwardAPI: { items: [{ path: 'n', fieldRef: { fieldPath: 'metadata.name', apiVersion: 'v1' } }] } }] } },
        ],
      },
      status: { phase: 'Pending', qosClass: 'Burstable' },
    })
  })

  it('gives a pod with limits of its own the requests of its containers', () => {
    const ask = (cpu: string, more: object = {}) => ({ name: `c${cpu}`, image: 'i', resources: { requests: { cpu } }, ...more })
    const spec = { resources: { limits: { cpu: '4', memory: '1Gi' } }, containers: [ask('500m'), ask('1')], initContainers: [ask('250m', { restartPolicy: 'Always' }), ask('1200m')] }
    expect(defaulted('pods.v1', { metadata: { name: 'p' }, spec })).toMatchObject({ spec: { resources: { requests: { cpu: '1750m', memory: '1Gi' } } } })
  })

  it('completes stateful sets as 1.35 does', () => {
    const strategy = (updateStrategy?: object) => (defaulted('statefulsets.apps/v1', { metadata: {}, spec: { updateStrategy } }) as { spec: { updateStrategy: unknown } }).spec.updateStrategy
    expect(strategy()).toEqual({ type: 'RollingUpdate', rollingUpdate: { partition: 0 } })
    expect(strategy({ type: 'RollingUpdate' })).toEqual({ type: 'RollingUpdate' })
    expect(strategy({ type: 'OnDelete' })).toEqual({ type: 'OnDelete' })
  })

  it.each([
    ['BestEffort', {}], ['Burstable', { requests: { cpu: '1' } }], ['Guaranteed', { limits: { cpu: '1', memory: '1Gi' } }],
    ['Burstable', { limits: { cpu: '1' } }], ['BestEffort', { requests: { 'example.com/gpu': '1' }, limits: { 'example.com/gpu': '1' } }],
  ])('quality of service %s of %j', (qosClass, resources) => {
    expect(created('pods.v1', { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i', resources }] } })).toMatchObject({ status: { qosClass } })
  })

  it('gives a job its own selector and labels', () => {
    const job = created<Record<string, unknown>>('jobs.batch/v1', { metadata: { name: 'j', uid: 'u1' }, spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } } } })
    const labels = { 'batch.kubernetes.io/controller-uid': 'u1', 'controller-uid': 'u1', 'batch.kubernetes.io/job-name': 'j', 'job-name': 'j' }
    expect(job).toMatchObject({
      metadata: { labels },
      spec: {
        selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u1' } }, template: { metadata: { labels } },
        completions: 1, parallelism: 1, backoffLimit: 6, completionMode: 'NonIndexed', suspend: false, manualSelector: false, podReplacementPolicy: 'TerminatingOrFailed',
      },
    })
    // Defaults run again on each write and must agree with what creation made.
    expect(defaulted('jobs.batch/v1', job)).toEqual(job)
  })

  it('completes services by type', () => {
    const spec = (given: object): object => (created('services.v1', { metadata: { name: 's' }, spec: given }) as { spec: object }).spec
    expect(spec({ ports: [{ port: 80 }], selector: { a: 'b' } })).toEqual({
      type: 'ClusterIP', sessionAffinity: 'None', internalTrafficPolicy: 'Cluster', ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }], selector: { a: 'b' },
      ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack',
    })
    expect(spec({ type: 'LoadBalancer', ports: [{ port: 80, targetPort: 'http' }], sessionAffinity: 'ClientIP' })).toMatchObject({
      externalTrafficPolicy: 'Cluster', allocateLoadBalancerNodePorts: true, sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } }, ports: [{ targetPort: 'http' }],
    })
    expect(spec({ type: 'ExternalName', externalName: 'a.b' })).toEqual({ type: 'ExternalName', externalName: 'a.b', sessionAffinity: 'None' })
  })

  it('makes namespaces, secrets, policies and autoscalers whole', () => {
    expect(created('namespaces.v1', { metadata: { name: 'n' } })).toMatchObject({ metadata: { labels: { 'kubernetes.io/metadata.name': 'n' } }, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } })
    expect(created('secrets.v1', { metadata: { name: 's' }, stringData: { a: 'x' }, data: { b: 'eQ==' } })).toEqual({ metadata: { name: 's' }, type: 'Opaque', data: { a: 'eA==', b: 'eQ==' } })
    expect(created('networkpolicies.networking.k8s.io/v1', { metadata: { name: 'p' }, spec: { podSelector: {}, egress: [{ ports: [{ port: 1 }] }] } })).toMatchObject({ spec: { policyTypes: ['Ingress', 'Egress'], egress: [{ ports: [{ protocol: 'TCP' }] }] } })
    expect(created('horizontalpodautoscalers.autoscaling/v2', { metadata: { name: 'h' }, spec: { maxReplicas: 3, behavior: { scaleUp: {} } } })).toMatchObject({
      spec: { minReplicas: 1, metrics: [{ resource: { name: 'cpu', target: { averageUtilization: 80 } } }], behavior: { scaleUp: { stabilizationWindowSeconds: 0, selectPolicy: 'Max' }, scaleDown: { selectPolicy: 'Max' } } },
      status: { desiredReplicas: 0 },
    })
    expect(created('limitranges.v1', { metadata: { name: 'l' }, spec: { limits: [{ type: 'Container', max: { cpu: '2' }, min: { cpu: '1', memory: '1Mi' } }] } })).toMatchObject({
      spec: { limits: [{ default: { cpu: '2' }, defaultRequest: { cpu: '2', memory: '1Mi' } }] },
    })
  })

  it('stamps certificate requests with their author, whatever they claim', () => {
    expect(created('certificatesigningrequests.certificates.k8s.io/v1', { metadata: { name: 'c' }, spec: { username: 'root', groups: ['system:masters'], request: 'x', signerName: 'a.b/c', usages: ['client auth'] } })).toEqual({
      metadata: { name: 'c' }, spec: { request: 'x', signerName: 'a.b/c', usages: ['client auth'], username: 'ann', groups: ['dev'] }, status: {},
    })
  })
})
