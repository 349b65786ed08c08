// Volumes that are kept in an emptyDir of their own, side by side in one pod.
import { configMaps, secrets } from '../../../pkg/api/types-config.ts'
import { client, uniqueName, useNamespace } from '../framework.ts'
import { createRunning, images, podOf } from '../pods.ts'

const namespace = useNamespace('emptydir-wrapper')

test('[sig-storage] EmptyDir wrapper volumes should not conflict [Conformance]', async () => {
  const name = uniqueName('emptydir-wrapper-test')
  const metadata = { namespace: namespace.name, name }
  const value = Buffer.from('value-1\n').toString('base64')
  await client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata, data: { 'data-1': value } })
  await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, binaryData: { 'data-1': value } })
  await createRunning(podOf(namespace.name, uniqueName('pod-secrets'), {
    containers: [{
      name: 'secret-test', image: images.toolbox, args: ['test-webserver'],
      volumeMounts: [{ name: 'secret-volume', mountPath: '/etc/secret-volume', readOnly: true }, { name: 'configmap-volume', mountPath: '/etc/configmap-volume' }],
    }],
    volumes: [{ name: 'secret-volume', secret: { secretName: name } }, { name: 'configmap-volume', configMap: { name } }],
  }))
})
