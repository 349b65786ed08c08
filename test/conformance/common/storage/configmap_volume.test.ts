// ConfigMaps as volumes.
import { configMaps } from '../../../../pkg/api/types-config.ts'
import { client, uniqueName, useNamespace } from '../../framework.ts'
import { createPod, images, waitForPod } from '../../pods.ts'
import { configMapVolumes as kind, consume, consumeTwice, loopingPod, seeOptionalUpdates, seeUpdate, waitLogged } from './payload-volumes.ts'

const namespace = useNamespace('configmap')
const nonRoot = { runAsUser: 1000 }

test('[sig-storage] ConfigMap should be consumable from pods in volume [NodeConformance] [Conformance]', () => consume(kind, namespace.name))
test('[sig-storage] ConfigMap should be consumable from pods in volume with defaultMode set [LinuxOnly] [NodeConformance] [Conformance]', () => consume(kind, namespace.name, { mode: 0o400 }))
test('[sig-storage] ConfigMap should be consumable from pods in volume as non-root [NodeConformance] [Conformance]', () => consume(kind, namespace.name, { securityContext: nonRoot }))
test('[sig-storage] ConfigMap should be consumable from pods in volume with mappings [NodeConformance] [Conformance]', () => consume(kind, namespace.name, { mapped: true }))
test('[sig-storage] ConfigMap should be consumable from pods in volume with mappings and Item mode set [LinuxOnly] [NodeConformance] [Conformance]', () => consume(kind, namespace.name, { mapped: true, mode: 0o400 }))
test('[sig-storage] ConfigMap should be consumable from pods in volume with mappings as non-root [NodeConformance] [Conformance]', () => consume(kind, namespace.name, { mapped: true, securityContext: nonRoot }))
test('[sig-storage] ConfigMap updates should be reflected in volume [NodeConformance] [Conformance]', () => seeUpdate(kind, namespace.name))
test('[sig-storage] ConfigMap optional updates should be reflected in volume [NodeConformance] [Conformance]', () => seeOptionalUpdates(kind, namespace.name))
test('[sig-storage] ConfigMap should be consumable in multiple volumes in the same pod [NodeConformance] [Conformance]', () => consumeTwice(kind, namespace.name))

test('[sig-storage] ConfigMap binary data should be reflected in volume [NodeConformance] [Conformance]', async () => {
  const name = uniqueName('configmap-test-upd')
  await client.create(configMaps, {
    apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: namespace.name },
    data: { 'data-1': 'value-1' }, binaryData: { 'dump.bin': Buffer.from([0xde, 0xca, 0xfe, 0xba, 0xd0, 0xfe, 0xff]).toString('base64') },
  })
  const pod = await createPod(loopingPod(kind, namespace.name, name, [{
    name: 'configmap-volume-binary-test', image: images.busybox, command: ['hexdump', '-C', '/etc/configmap-volume/dump.bin'],
    volumeMounts: [{ name: 'configmap-volume', mountPath: '/etc/configmap-volume', readOnly: true }],
  }]))
  await waitForPod(pod, ({ status }) => status?.phase === 'Running', 'is running')
  await waitLogged(pod, 'agnhost-container', 'value-1')
  await waitLogged(pod, 'configmap-volume-binary-test', 'de ca fe ba d0 fe ff')
})
