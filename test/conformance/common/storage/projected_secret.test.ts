// Secrets in projected volumes.
import { useNamespace } from '../../framework.ts'
import { consume, consumeTwice, projectedSecretVolumes as kind, seeOptionalUpdates } from './payload-volumes.ts'

const namespace = useNamespace('projected')

test('[sig-storage] Projected secret should be consumable from pods in volume [NodeConformance] [Conformance]', () => consume(kind, namespace.name))
test('[sig-storage] Projected secret should be consumable from pods in volume with defaultMode set [LinuxOnly] [NodeConformance] [Conformance]', () => consume(kind, namespace.name, { mode: 0o400 }))
test('[sig-storage] Projected secret should be consumable from pods in volume as non-root with defaultMode and fsGroup set [LinuxOnly] [NodeConformance] [Conformance]', () =>
  consume(kind, namespace.name, { mode: 0o440, securityContext: { runAsUser: 1000, fsGroup: 1001 } }))
test('[sig-storage] Projected secret should be consumable from pods in volume with mappings [NodeConformance] [Conformance]', () => consume(kind, namespace.name, { mapped: true }))
test('[sig-storage] Projected secret should be consumable from pods in volume with mappings and Item Mode set [LinuxOnly] [NodeConformance] [Conformance]', () => consume(kind, namespace.name, { mapped: true, mode: 0o400 }))
test('[sig-storage] Projected secret should be consumable in multiple volumes in a pod [NodeConformance] [Conformance]', () => consumeTwice(kind, namespace.name))
test('[sig-storage] Projected secret optional updates should be reflected in volume [NodeConformance] [Conformance]', () => seeOptionalUpdates(kind, namespace.name))
