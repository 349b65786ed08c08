import { clusterRoles } from '../../pkg/api/types-auth.ts'
import { events, podDisruptionBudgets, resourceQuotas } from '../../pkg/api/types-config.ts'
import { pods } from '../../pkg/api/types-pod.ts'
import { endpoints, endpointSlices, services } from '../../pkg/api/types-service.ts'
import { cronJobs, deployments, jobs } from '../../pkg/api/types-workload.ts'
import { Harness } from './harness.ts'

const labels = { app: 'web' }
const containers = [{ name: 'c', image: 'c:1', resources: { requests: { cpu: '100m' } } }]

describe('counting and mirroring controllers', () => {
  let harness: Harness
  beforeAll(async () => {
    harness = await Harness.start()
  })
  afterAll(async () => {
    await harness.stop()
    expect(harness.logged).toEqual([])
  })

  it('keeps budgets and quotas current', async () => {
    const namespace = await harness.namespace('budget')
    await harness.client.create(resourceQuotas, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { namespace, name: 'q' }, spec: { hard: { pods: '10', 'requests.cpu': '2', configmaps: '5', 'count/deployments.apps': '3' } } })
    await harness.client.create(podDisruptionBudgets, { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { namespace, name: 'b' }, spec: { maxUnavailable: 1, selector: { matchLabels: labels } } })
    await harness.client.create(deployments, {
      apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace, name: 'web' },
      spec: { replicas: 3, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
    })
    await harness.until(podDisruptionBudgets, 'one disruption allowed', (informer) => {
      const status = informer.get({ namespace, name: 'b' })?.status
      return status?.disruptionsAllowed === 1 && status.currentHealthy === 3 && status.expectedPods === 3
    })
    await harness.until(resourceQuotas, 'used is counted', (informer) => {
      const used = informer.get({ namespace, name: 'q' })?.status?.used
      return used?.pods === '3' && used['requests.cpu'] === '300m' && used.configmaps === '1' && used['count/deployments.apps'] === '1'
    })
    harness.node.letsGo = () => false
    const [first, second] = harness.informers.for(pods).list(namespace)
    const evict = (name = '') => harness.client.createSubresource(pods, { namespace, name }, 'eviction', { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { namespace, name } })
    await evict(first?.metadata.name)
    await expect(evict(second?.metadata.name)).rejects.toMatchObject({ status: { code: 429 } })
    harness.node.letsGo = () => true
    harness.node.review()
    await harness.until(podDisruptionBudgets, 'the evicted pod was replaced', (informer) => informer.get({ namespace, name: 'b' })?.status?.disruptionsAllowed === 1)
  })

  it('tells of budgets that cannot be kept', async () => {
    const namespace = await harness.namespace('unkept')
    const budget = (name: string, matchLabels: Record<string, string>) =>
      harness.client.create(podDisruptionBudgets, { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { namespace, name }, spec: { maxUnavailable: 1, selector: { matchLabels } } })
    const told = (name: string, start: string) => harness.until(events, start, (informer) =>
      informer.list(namespace).some(({ involvedObject, type, reason, message }) => involvedObject.name === name && `${type} ${reason} ${message}`.startsWith(start)))
    await budget('nobody', { app: 'none' })
    await told('nobody', 'Normal NoPods No matching pods found')
    await harness.client.create(pods, { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name: 'alone', labels: { app: 'alone' } }, spec: { containers } })
    await budget('unmanaged', { app: 'alone' })
    await told('unmanaged', 'Warning UnmanagedPods Pods selected by this PodDisruptionBudget (selector: &LabelSelector{MatchLabels:map[string]string{app: alone,},MatchExpressions:[]LabelSelectorRequirement{},}) were found')
  })

  it('mirrors endpoints that are written by hand', async () => {
    const namespace = await harness.namespace('mirror')
    await harness.client.create(services, { apiVersion: 'v1', kind: 'Service', metadata: { namespace, name: 'ext' }, spec: { ports: [{ name: 'db', port: 5432 }] } })
    const made = await harness.client.create(endpoints, { apiVersion: 'v1', kind: 'Endpoints', metadata: { namespace, name: 'ext' }, subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ name: 'db', port: 5432 }] }] })
    const addresses = () => harness.informers.for(endpointSlices).list(namespace).flatMap((slice) => slice.endpoints.flatMap((endpoint) => endpoint.addresses))
    await harness.until(endpointSlices, 'the mirror', () => addresses().join() === '192.0.2.1')
    expect(harness.informers.for(endpointSlices).list(namespace)[0]?.metadata.labels).toMatchObject({
      'kubernetes.io/service-name': 'ext', 'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
    })
    await harness.client.update(endpoints, { ...made, subsets: [{ addresses: [{ ip: '192.0.2.2' }], ports: [{ name: 'db', port: 5432 }] }] })
    await harness.until(endpointSlices, 'the new address', () => addresses().join() === '192.0.2.2')
    await harness.client.delete(endpoints, { namespace, name: 'ext' })
    await harness.until(endpointSlices, 'no mirror', (informer) => informer.list(namespace).length === 0)
  })

  it('gathers the rules of aggregated roles', async () => {
    const role = (name: string, more: object) => harness.client.create(clusterRoles, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules: [], ...more })
    await role('sum', { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part: 'yes' } }] } })
    const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]
    await role('part', { metadata: { name: 'part', labels: { part: 'yes' } }, rules })
    await harness.until(clusterRoles, 'the sum has the rule', (informer) => JSON.stringify(informer.get({ name: 'sum' })?.rules) === JSON.stringify(rules))
    await harness.client.delete(clusterRoles, { name: 'part' })
    await harness.until(clusterRoles, 'the sum is empty', (informer) => informer.get({ name: 'sum' })?.rules.length === 0)
  })

  it('starts the job that a cron job has missed, and forgets finished jobs after their time', async () => {
    const namespace = await harness.namespace('cron')
    harness.node.endsWith = () => 0
    const template = { spec: { restartPolicy: 'Never', containers } }
    await harness.client.create(jobs, { apiVersion: 'batch/v1', kind: 'Job', metadata: { namespace, name: 'brief' }, spec: { ttlSecondsAfterFinished: 0, template } })
    const cron = await harness.client.create(cronJobs, { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { namespace, name: 'tick' }, spec: { schedule: '* * * * *', jobTemplate: { spec: { template } } } })
    const last = new Date(Date.now() - 120_000).toISOString().replace(/\.\d+Z/, 'Z')
    await harness.client.patch(cronJobs, { namespace, name: 'tick' }, { type: 'merge', body: { status: { lastScheduleTime: last } } }, { subresource: 'status' })
    await harness.until(jobs, 'a job of the cron job is complete', (informer) => informer.ownedBy(cron.metadata.uid ?? '').some(({ status }) => status?.succeeded === 1))
    await harness.until(cronJobs, 'it is no longer active', (informer) => {
      const status = informer.get({ namespace, name: 'tick' })?.status
      return status?.lastSuccessfulTime !== undefined && (status.active ?? []).length === 0
    })
    await harness.until(jobs, 'the brief one is gone', (informer) => informer.get({ namespace, name: 'brief' }) === undefined)
  })
})
