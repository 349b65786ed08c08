// Facts about a pod in volumes of their own.
import { useNamespace } from '../../framework.ts'
import { annotationChange, downwardVolumes as kind, labelChange, seeMetadata, setMode, tellName, tellResource } from './downward-volumes.ts'

const namespace = useNamespace('downward-api')

test('[sig-storage] Downward API volume should provide podname only [NodeConformance] [Conformance]', () => tellName(kind, namespace.name))
test('[sig-storage] Downward API volume should set DefaultMode on files [LinuxOnly] [NodeConformance] [Conformance]', () => setMode(kind, namespace.name, 'volume'))
test('[sig-storage] Downward API volume should set mode on item file [LinuxOnly] [NodeConformance] [Conformance]', () => setMode(kind, namespace.name, 'item'))
test('[sig-storage] Downward API volume should update labels on modification [NodeConformance] [Conformance]', () => seeMetadata(kind, namespace.name, labelChange))
test('[sig-storage] Downward API volume should update annotations on modification [NodeConformance] [Conformance]', () => seeMetadata(kind, namespace.name, annotationChange))

const resources: Record<string, { file: string; expected: string | RegExp; limited: boolean }> = {
  "[sig-storage] Downward API volume should provide container's cpu limit [NodeConformance] [Conformance]": { file: 'cpu_limit', expected: '2\n', limited: true },
  "[sig-storage] Downward API volume should provide container's memory limit [NodeConformance] [Conformance]": { file: 'memory_limit', expected: '67108864\n', limited: true },
  "[sig-storage] Downward API volume should provide container's cpu request [NodeConformance] [Conformance]": { file: 'cpu_request', expected: '1\n', limited: true },
  "[sig-storage] Downward API volume should provide container's memory request [NodeConformance] [Conformance]": { file: 'memory_request', expected: '33554432\n', limited: true },
  '[sig-storage] Downward API volume should provide node allocatable (cpu) as default cpu limit if the limit is not set [NodeConformance] [Conformance]': { file: 'cpu_limit', expected: /[1-9]/, limited: false },
  '[sig-storage] Downward API volume should provide node allocatable (memory) as default memory limit if the limit is not set [NodeConformance] [Conformance]': { file: 'memory_limit', expected: /[1-9]/, limited: false },
}

for (const [name, { file, expected, limited }] of Object.entries(resources)) test(name, () => tellResource(kind, namespace.name, file, expected, { limited }))
