// ConfigMaps in projected volumes.
import { useNamespace } from '../../framework.ts'
import { consume, consumeTwice, projectedConfigMapVolumes as kind, seeOptionalUpdates, seeUpdate } from './payload-volumes.ts'

const namespace = useNamespace('projected')
const nonRoot = { runAsUser: 1000 }

test('[sig-storage] Projected configMap should be consumable from pods in volume [NodeConformance] [Conformance]', () => consume(kind, namespace.name))
test('[sig-storage] Projected configMap should be consumable from pods in volume with defaultMode set [LinuxOnly] [NodeConformance] [Conformance]', () => consume(kind, namespace.name, { mode: 0o400 }))
test('[sig-storage] Projected configMap should be consumable from pods in volume as non-root [NodeConformance] [Conformance]', () => consume(kind, namespace.name, { securityContext: nonRoot }))
test('[sig-storage] Projected configMap should be consumable from pods in volume with mappings [NodeConformance] [Conformance]', () => consume(kind, namespace.name, { mapped: true }))
test('[sig-storage] Projected configMap should be consumable from pods in volume with mappings and Item mode set [LinuxOnly] [NodeConformance] [Conformance]', () => consume(kind, namespace.name, { mapped: true, mode: 0o400 }))
test('[sig-storage] Projected configMap should be consumable from pods in volume with mappings as non-root [NodeConformance] [Conformance]', () => consume(kind, namespace.name, { mapped: true, securityContext: nonRoot }))
test('[sig-storage] Projected configMap updates should be reflected in volume [NodeConformance] [Conformance]', () => seeUpdate(kind, namespace.name))
test('[sig-storage] Projected configMap optional updates should be reflected in volume [NodeConformance] [Conformance]', () => seeOptionalUpdates(kind, namespace.name))
test('[sig-storage] Projected configMap should be consumable in multiple volumes in the same pod [NodeConformance] [Conformance]', () => consumeTwice(kind, namespace.name))
