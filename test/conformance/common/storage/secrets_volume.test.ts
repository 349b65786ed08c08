// Secrets as volumes.
import { namespaces, secrets } from '../../../../pkg/api/types-config.ts'
import { client, createNamespace, uniqueName, useNamespace } from '../../framework.ts'
import { consume, consumeTwice, secretVolumes as kind, seeOptionalUpdates } from './payload-volumes.ts'

const namespace = useNamespace('secrets')

test('[sig-storage] Secrets should be consumable from pods in volume [NodeConformance] [Conformance]', () => consume(kind, namespace.name))
test('[sig-storage] Secrets should be consumable from pods in volume with defaultMode set [LinuxOnly] [NodeConformance] [Conformance]', () => consume(kind, namespace.name, { mode: 0o400 }))
test('[sig-storage] Secrets should be consumable from pods in volume as non-root with defaultMode and fsGroup set [LinuxOnly] [NodeConformance] [Conformance]', () =>
  consume(kind, namespace.name, { mode: 0o440, securityContext: { runAsUser: 1000, fsGroup: 1001 } }))
test('[sig-storage] Secrets should be consumable from pods in volume with mappings [NodeConformance] [Conformance]', () => consume(kind, namespace.name, { mapped: true }))
test('[sig-storage] Secrets should be consumable from pods in volume with mappings and Item Mode set [LinuxOnly] [NodeConformance] [Conformance]', () => consume(kind, namespace.name, { mapped: true, mode: 0o400 }))
test('[sig-storage] Secrets should be consumable in multiple volumes in a pod [NodeConformance] [Conformance]', () => consumeTwice(kind, namespace.name))
test('[sig-storage] Secrets optional updates should be reflected in volume [NodeConformance] [Conformance]', () => seeOptionalUpdates(kind, namespace.name))

test('[sig-storage] Secrets should be able to mount in a volume regardless of a different secret existing with same name in different namespace [NodeConformance] [Conformance]', async () => {
  const other = await createNamespace('secret-namespace')
  const name = uniqueName('secret-test')
  await client.create(secrets, {
    apiVersion: 'v1', kind: 'Secret', metadata: { namespace: other, name },
    data: { this_should_not_match_content_of_other_secret: Buffer.from('similarly_this_should_not_match_content_of_other_secret\n').toString('base64') },
  })
  await consume(kind, namespace.name, { name })
  await client.delete(namespaces, { name: other })
})
