// Everything that a projected volume can be made from, in one.
import { configMaps, secrets } from '../../../../pkg/api/types-config.ts'
import { client, uniqueName, useNamespace } from '../../framework.ts'
import { expectOutput, images, podOf } from '../../pods.ts'

const namespace = useNamespace('projected')

test('[sig-storage] Projected combined should project all components that make up the projection API [Projection][NodeConformance] [Conformance]', async () => {
  const podName = uniqueName('projected-volume')
  const secret = uniqueName('secret-projected-all-test-volume')
  const configMap = uniqueName('configmap-projected-all-test-volume')
  const metadata = { namespace: namespace.name }
  await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, name: configMap }, data: { 'configmap-data': 'configmap-value-1' } })
  await client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { ...metadata, name: secret }, data: { 'secret-data': Buffer.from('secret-value-1').toString('base64') } })
  await expectOutput(podOf(namespace.name, podName, {
    containers: [{
      name: 'projected-all-volume-test', image: images.busybox, command: ['sh', '-c', 'cat /all/podname && cat /all/secret-data && cat /all/configmap-data'],
      volumeMounts: [{ name: 'podinfo', mountPath: '/all' }],
    }],
    volumes: [{
      name: 'podinfo',
      projected: {
        sources: [
          { downwardAPI: { items: [{ path: 'podname', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } }] } },
          { secret: { name: secret } },
          { configMap: { name: configMap } },
        ],
      },
    }],
    restartPolicy: 'Never',
  }), [podName, 'secret-value-1', 'configmap-value-1'])
})
