// Volumes of facts about the pod, plain and projected, and what both must be able to do.
import type { Pod } from '../../../../pkg/api/types-pod.ts'
import { pods } from '../../../../pkg/api/types-pod.ts'
import type { DownwardAPIVolumeFile, VolumeSource } from '../../../../pkg/api/types-volume.ts'
import { client, uniqueName } from '../../framework.ts'
import { createPod, expectOutput, podOf, waitReady } from '../../pods.ts'
import { mounttest, waitLogged } from './payload-volumes.ts'

export interface DownwardKind {
  readonly volume: (items: DownwardAPIVolumeFile[], defaultMode?: number) => VolumeSource
  /** How long the container looks, and how long the test waits. */
  readonly loopSeconds: number
  readonly waitMs: number
}

export const downwardVolumes: DownwardKind = {
  volume: (items, defaultMode) => ({ downwardAPI: { items, ...(defaultMode === undefined ? {} : { defaultMode }) } }),
  loopSeconds: 120, waitMs: 180_000,
}
export const projectedDownwardVolumes: DownwardKind = {
  volume: (items, defaultMode) => ({ projected: { sources: [{ downwardAPI: { items } }], ...(defaultMode === undefined ? {} : { defaultMode }) } }),
  loopSeconds: 1200, waitMs: 120_000,
}

const container = 'client-container'
const field = (path: string, fieldPath: string): DownwardAPIVolumeFile => ({ path, fieldRef: { apiVersion: 'v1', fieldPath } })
const resource = (path: string, of: string): DownwardAPIVolumeFile => ({ path, resourceFieldRef: { containerName: container, resource: of } })
const usualItems = (): DownwardAPIVolumeFile[] => [
  field('podname', 'metadata.name'), resource('cpu_limit', 'limits.cpu'), resource('cpu_request', 'requests.cpu'),
  resource('memory_limit', 'limits.memory'), resource('memory_request', 'requests.memory'),
]
const resources = { requests: { cpu: '250m', memory: '32Mi' }, limits: { cpu: '1250m', memory: '64Mi' } }

interface Looking {
  readonly name?: string
  readonly items?: DownwardAPIVolumeFile[]
  readonly defaultMode?: number
  readonly limited?: boolean
  readonly metadata?: Partial<Pod['metadata']>
}

const lookingPod = (kind: DownwardKind, namespace: string, args: readonly string[], { name = uniqueName('downwardapi-volume'), items = usualItems(), defaultMode, limited, metadata }: Looking = {}): Pod =>
  podOf(namespace, name, {
    containers: [{ ...mounttest(container, args, [{ name: 'podinfo', mountPath: '/etc/podinfo' }]), ...(limited ? { resources } : {}) }],
    volumes: [{ name: 'podinfo', ...kind.volume(items, defaultMode) }],
    restartPolicy: 'Never',
  }, metadata)

export async function tellName(kind: DownwardKind, namespace: string): Promise<void> {
  const name = uniqueName('downwardapi-volume')
  await expectOutput(lookingPod(kind, namespace, ['--file_content=/etc/podinfo/podname'], { name }), [`${name}\n`])
}

export async function setMode(kind: DownwardKind, namespace: string, at: 'volume' | 'item'): Promise<void> {
  const [first, ...rest] = usualItems()
  const modes: Looking = at === 'volume' || !first ? { defaultMode: 0o400 } : { items: [{ ...first, mode: 0o400 }, ...rest] }
  await expectOutput(lookingPod(kind, namespace, ['--file_mode=/etc/podinfo/podname'], modes), ['mode of file "/etc/podinfo/podname": -r--------'])
}

/** `limited` whether the container has requests and limits of its own. */
export const tellResource = (kind: DownwardKind, namespace: string, file: string, expected: string | RegExp, { limited }: { limited: boolean }): Promise<void> =>
  expectOutput(lookingPod(kind, namespace, [`--file_content=/etc/podinfo/${file}`], { limited }), [expected])

export interface MetadataChange {
  readonly what: 'labels' | 'annotations'
  readonly before: Record<string, string>
  readonly change: Record<string, string>
  readonly lines: readonly [before: string, after: string]
}

/** A running pod sees its labels or annotations change. */
export async function seeMetadata(kind: DownwardKind, namespace: string, { what, before, change, lines }: MetadataChange): Promise<void> {
  const args = ['--break_on_expected_content=false', `--retry_time=${kind.loopSeconds}`, `--file_content_in_loop=/etc/podinfo/${what}`]
  const pod = await createPod(lookingPod(kind, namespace, args, {
    name: uniqueName(`${what.slice(0, -1)}update`), items: [...usualItems(), field(what, `metadata.${what}`)], metadata: { [what]: before },
  }))
  await waitReady(pod)
  await waitLogged(pod, container, `${lines[0]}\n`, kind.waitMs)
  await client.patch(pods, { namespace, name: pod.metadata.name ?? '' }, { type: 'merge', body: { metadata: { [what]: change } } })
  await waitLogged(pod, container, `${lines[1]}\n`, kind.waitMs)
}

export const labelChange: MetadataChange = { what: 'labels', before: { key1: 'value1', key2: 'value2' }, change: { key3: 'value3' }, lines: ['key1="value1"', 'key3="value3"'] }
export const annotationChange: MetadataChange = { what: 'annotations', before: { builder: 'bar' }, change: { builder: 'foo' }, lines: ['builder="bar"', 'builder="foo"'] }
