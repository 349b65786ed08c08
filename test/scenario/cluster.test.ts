// A control plane inside this process: it starts, serves, keeps what it has acknowledged, and leaves nothing behind when it stops.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configMaps, namespaces } from '../../pkg/api/types-config.ts'
import { clusterRoles } from '../../pkg/api/types-auth.ts'
import { services } from '../../pkg/api/types-service.ts'
import { Cluster } from '../../pkg/cluster/cluster.ts'
import { type ClusterOptions, defaultClusterOptions } from '../../pkg/cluster/options.ts'

describe('control plane in a process', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kinglet-cluster-'))
  const options: ClusterOptions = {
    ...defaultClusterOptions, dataDirectory: directory, stateDirectory: join(directory, 'run'), bindAddress: '127.0.0.1', httpsPort: 0,
    nodeName: 'test', nodeIP: '192.0.2.7', kubeconfigPath: join(directory, 'kubeconfig.yaml'), disableAgent: true,
  }
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  it('keeps everything over a restart and leaves no timer, socket or worker', async () => {
    const before = process.getActiveResourcesInfo()
    const first = await Cluster.start(options)
    const written = await first.client.create(configMaps, { metadata: { name: 'kept', namespace: 'default' }, data: { a: '1' } })
    await first.client.patch(clusterRoles, { name: 'system:controller:job-controller' }, { type: 'merge', body: { rules: [] } })
    await first.stop()

    const second = await Cluster.start(options)
    const found = await second.client.get(configMaps, { namespace: 'default', name: 'kept' })
    expect(found).toEqual(written)
    expect((await second.client.list(namespaces)).items.map((one) => one.metadata.name)).toEqual(['default', 'kube-node-lease', 'kube-public', 'kube-system'])
    expect((await second.client.get(services, { namespace: 'kube-system', name: 'kube-dns' })).spec.clusterIP).toBe('10.43.0.10')
    // Roles that are needed are whole again.
    expect((await second.client.get(clusterRoles, { name: 'system:controller:job-controller' })).rules.length).toBeGreaterThan(3)
    await second.stop()
    const left = process.getActiveResourcesInfo()
    for (const resource of before) if (left.includes(resource)) left.splice(left.indexOf(resource), 1)
    expect(left).toEqual([])
  })

  it('refuses a data directory that another process of the same data holds', async () => {
    const first = await Cluster.start(options)
    await expect(Cluster.start(options)).rejects.toThrow(/in use|locked|another/)
    await first.stop()
  })
})
