import { readFileSync, readdirSync } from 'node:fs'
import { loadAll } from 'js-yaml'
import type { AnyObject, KubeObject } from '../../api/object.ts'
import { ensureObjects } from '../bootstrap.ts'
import { asking, fixture } from '../fixture.suite.ts'
import { ServiceAllocator } from '../service-allocator.ts'
import { definitionOf, definitions } from './kind.suite.ts'

const kinds = () => fixture({ definitions, allocators: [new ServiceAllocator({ cidr: '10.43.0.0/16' })] })
const container = { name: 'c', image: 'i:1' }
const place = { namespace: 'default' }

describe('the registry with the built-in kinds', () => {
  it('creates everything of manifests/ once', async () => {
    const { registry } = kinds()
    const folder = new URL('../../../manifests/', import.meta.url)
    const objects = readdirSync(folder).flatMap((file) => (loadAll(readFileSync(new URL(file, folder), 'utf8').replaceAll('$(CLUSTER_DNS)', '10.43.0.10').replaceAll('$(SERVICE_CIDR)', '10.43.0.0/16')) as (KubeObject | null)[]).flatMap((object) => object ?? []))
    expect(await ensureObjects(registry, objects)).toHaveLength(objects.length)
    expect(await ensureObjects(registry, objects)).toHaveLength(0)
    const dns = await registry.get(definitionOf('services.v1'), { name: 'kube-dns', namespace: 'kube-system' })
    expect(dns).toMatchObject({ spec: { clusterIP: '10.43.0.10', clusterIPs: ['10.43.0.10'], ipFamilies: ['IPv4'] } })
  })

  it('takes a pod through binding, status, image and end', async () => {
    const { registry, create } = kinds()
    const pods = definitionOf('pods.v1')
    const pod = await create(pods, { metadata: { name: 'p' }, spec: { nodeName: 'n1', containers: [container] }, status: { phase: 'Running' } })
    expect(pod).toMatchObject({ metadata: { generation: 1 }, status: { phase: 'Pending', qosClass: 'BestEffort' } })
    const patch = (body: object, subresource?: string) => registry.patch(pods, { ...asking(), ...place, name: 'p', patch: { type: 'strategic', body }, ...(subresource ? { subresource } : {}) })
    expect((await patch({ status: { phase: 'Running', podIPs: [{ ip: '10.0.0.1' }] } }, 'status')).object).toMatchObject({ status: { phase: 'Running', qosClass: 'BestEffort' } })
    expect((await patch({ spec: { containers: [{ name: 'c', image: 'i:2' }] } })).object).toMatchObject({ spec: { containers: [{ image: 'i:2' }] }, status: { phase: 'Running' } })
    await expect(patch({ spec: { hostname: 'x' } })).rejects.toMatchObject({ status: { code: 422, message: expect.stringMatching(/^Pod "p" is invalid: spec: Forbidden: pod updates may not change fields other than /) as string } })
    expect((await patch({ spec: { ephemeralContainers: [{ name: 'e', image: 'x' }] } }, 'ephemeralcontainers')).object).toMatchObject({ spec: { ephemeralContainers: [{ name: 'e', imagePullPolicy: 'Always' }] } })
    const { gone, object } = await registry.delete(pods, { ...asking(), ...place, name: 'p' })
    expect(gone).toBe(false)
    expect(object.metadata.deletionGracePeriodSeconds).toBe(30)
    expect((await registry.delete(pods, { ...asking({ delete: { gracePeriodSeconds: 0 } }), ...place, name: 'p' })).gone).toBe(true)
  })

  it('makes a job\'s selector of the uid that it gives it, and updates change nothing of their own', async () => {
    const { registry, create } = kinds()
    const jobs = definitionOf('jobs.batch/v1')
    const job = await create(jobs, { metadata: { generateName: 'j-' }, spec: { template: { spec: { containers: [container], restartPolicy: 'Never' } } } })
    expect(job).toMatchObject({ spec: { selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': job.metadata.uid } }, template: { metadata: { labels: { 'job-name': job.metadata.name } } } } })
    const { object } = await registry.update(jobs, { ...asking(), ...place, name: job.metadata.name ?? '', object: job })
    expect(object).toEqual(job)
  })

  it('scales, and counts generations of the spec only', async () => {
    const { registry, create } = kinds()
    const deployments = definitionOf('deployments.apps/v1')
    await create(deployments, { metadata: { name: 'd' }, spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [container] } } } })
    const scaled = await registry.patch(deployments, { ...asking(), ...place, name: 'd', subresource: 'scale', patch: { type: 'merge', body: { spec: { replicas: 4 } } } })
    expect(scaled.object).toMatchObject({ kind: 'Scale', spec: { replicas: 4 } })
    const changed = await registry.get(deployments, { ...place, name: 'd' })
    expect(changed).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 4 } })
    await registry.patch(deployments, { ...asking(), ...place, name: 'd', subresource: 'status', patch: { type: 'merge', body: { status: { replicas: 4 }, spec: { replicas: 9 } } } })
    expect(await registry.get(deployments, { ...place, name: 'd' })).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 4 }, status: { replicas: 4 } })
  })

  it('changes the type of a service there and back', async () => {
    const { registry, create } = kinds()
    const services = definitionOf('services.v1')
    const service = await create(services, { metadata: { name: 's' }, spec: { type: 'NodePort', selector: { a: 'b' }, ports: [{ port: 80 }] } })
    expect(service).toMatchObject({ spec: { clusterIP: expect.stringMatching(/^10\.43\./) as string, ports: [{ nodePort: expect.any(Number) as number }] } })
    const patch = async (spec: object): Promise<AnyObject> => (await registry.patch(services, { ...asking(), ...place, name: 's', patch: { type: 'merge', body: { spec } } })).object as AnyObject
    const internal = await patch({ type: 'ClusterIP' })
    expect(internal).toMatchObject({ spec: { clusterIP: (service['spec'] as { clusterIP: string }).clusterIP, ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] } })
    expect(internal).not.toHaveProperty('spec.externalTrafficPolicy')
    const named = await patch({ type: 'ExternalName', externalName: 'a.b' })
    for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies']) expect(named).not.toHaveProperty(`spec.${field}`)
    expect(await patch({ type: 'ClusterIP', externalName: null })).toMatchObject({ spec: { clusterIP: expect.stringMatching(/^10\.43\./) as string, internalTrafficPolicy: 'Cluster' } })
  })

  it('serves one event and one autoscaler as two versions', async () => {
    const { registry, create } = kinds()
    await create(definitionOf('events.v1'), { metadata: { name: 'e' }, involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' }, reason: 'Started', message: 'up', type: 'Normal' })
    expect(await registry.get(definitionOf('events.events.k8s.io/v1'), { ...place, name: 'e' })).toMatchObject({ apiVersion: 'events.k8s.io/v1', note: 'up', regarding: { name: 'p' } })
    await create(definitionOf('horizontalpodautoscalers.autoscaling/v1'), { metadata: { name: 'h' }, spec: { maxReplicas: 3, targetCPUUtilizationPercentage: 60, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' } } })
    expect(await registry.get(definitionOf('horizontalpodautoscalers.autoscaling/v2'), { ...place, name: 'h' })).toMatchObject({
      apiVersion: 'autoscaling/v2', spec: { minReplicas: 1, metrics: [{ resource: { target: { averageUtilization: 60 } } }] },
    })
  })
})
