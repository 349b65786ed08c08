// One file or directory of a volume that is written atomically, mounted by its path inside the volume.
import { configMaps, namespaces, secrets } from '../../../pkg/api/types-config.ts'
import type { VolumeSource } from '../../../pkg/api/types-volume.ts'
import type { Pod } from '../../../pkg/api/types-pod.ts'
import { client, createNamespace, uniqueName } from '../framework.ts'
import { createPod, deletePod, images, logsOf, podOf, waitSucceeded } from '../pods.ts'

interface Part {
  readonly subPath: string
  readonly type: string
  readonly volume: VolumeSource
  readonly mountPath?: string
  /** Otherwise the pod's name. */
  readonly content?: string
}

const volumePath = '/test-volume'
const configMap: VolumeSource = { configMap: { name: 'my-configmap' } }

const parts: Record<string, Part> = {
  '[sig-storage] Subpath Atomic writer volumes should support subpaths with secret pod [Conformance]': {
    subPath: 'secret-key', type: 'secret', volume: { secret: { secretName: 'my-secret' } }, content: 'secret-value',
  },
  '[sig-storage] Subpath Atomic writer volumes should support subpaths with configmap pod [Conformance]': {
    subPath: 'configmap-key', type: 'configmap', volume: configMap, content: 'configmap-value',
  },
  '[sig-storage] Subpath Atomic writer volumes should support subpaths with configmap pod with mountPath of existing file [Conformance]': {
    subPath: 'configmap-key', type: 'configmap', volume: configMap, content: 'configmap-value', mountPath: '/etc/resolv.conf',
  },
  '[sig-storage] Subpath Atomic writer volumes should support subpaths with downward pod [Conformance]': {
    subPath: 'downward/podname', type: 'downwardapi',
    volume: { downwardAPI: { items: [{ path: 'downward/podname', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } }] } },
  },
  '[sig-storage] Subpath Atomic writer volumes should support subpaths with projected pod [Conformance]': {
    subPath: 'projected/configmap-key', type: 'projected', content: 'configmap-value',
    volume: { projected: { sources: [{ configMap: { name: 'my-configmap', items: [{ key: 'configmap-key', path: 'projected/configmap-key' }] } }] } },
  },
}

let namespace = ''
const started = new Map<string, Pod>()

// Each pod reads for 20 seconds: they do so together.
beforeAll(async () => {
  namespace = await createNamespace('subpath')
  await client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name: 'my-secret' }, data: { 'secret-key': Buffer.from('secret-value').toString('base64') } })
  await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name: 'my-configmap' }, data: { 'configmap-key': 'configmap-value' } })
  for (const [name, part] of Object.entries(parts)) started.set(name, await createPod(readingPod(part)))
})

afterAll(() => client.delete(namespaces, { name: namespace }))

function readingPod({ subPath, type, volume, mountPath = volumePath }: Part): Pod {
  const name = uniqueName(`pod-subpath-test-${type}`)
  return podOf(namespace, name, {
    containers: [{
      name: `test-container-subpath-${type}`, image: images.toolbox, args: ['mounttest', `--file_content_in_loop=${mountPath}`, '--retry_time=20'],
      volumeMounts: [{ name: 'test-volume', mountPath, subPath }, { name: 'liveness-probe-volume', mountPath: '/probe-volume' }],
      securityContext: {},
    }],
    restartPolicy: 'Never', terminationGracePeriodSeconds: 1,
    volumes: [{ name: 'test-volume', ...volume }, { name: 'liveness-probe-volume', emptyDir: {} }],
    securityContext: { seLinuxOptions: { level: 's0:c0,c1' } },
  })
}

for (const [name, { content }] of Object.entries(parts)) {
  test(name, async () => {
    const pod = started.get(name)
    if (!pod) throw new Error('its pod was not created')
    await waitSucceeded(pod)
    expect(await logsOf(pod)).toContain(content ?? pod.metadata.name)
    await deletePod(pod)
  })
}
