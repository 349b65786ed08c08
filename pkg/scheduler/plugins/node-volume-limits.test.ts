import { uniqueVolumeName } from '../../api/csi-names.ts'
import type { StorageClass } from '../../api/types-config.ts'
import type { PodSpec } from '../../api/types-pod.ts'
import type { CSINode, VolumeAttachment } from '../../api/types-storage.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types-volume.ts'
import { testInfo, testNode, testPod, testSnapshot, verdicts } from '../fixture.suite.ts'
import type { ClusterChange } from '../plugin.ts'
import { csiVolumesOf, nodeVolumeLimits, type VolumeLimitFacts } from './node-volume-limits.ts'

const driver = 'd.io'
/** Claims a, b, c, … on volumes of the driver; `new` has none yet; `local` is of no driver. */
const facts = (limit: number | undefined, attached: readonly string[] = []): VolumeLimitFacts => ({
  claims: {
    get: ({ name }) => ({ metadata: { name }, spec: name === 'new' ? { storageClassName: 'csi' } : { volumeName: `pv-${name}` } }) as PersistentVolumeClaim,
  },
  volumes: {
    get: ({ name }) => ({ metadata: { name }, spec: name === 'pv-local' ? { local: { path: '/x' } } : { csi: { driver, volumeHandle: name } } }) as PersistentVolume,
  },
  storageClasses: { get: () => ({ provisioner: driver }) as StorageClass },
  csiNodes: { get: () => ({ metadata: {}, spec: { drivers: [{ name: driver, nodeID: 'x', ...(limit === undefined ? {} : { allocatable: { count: limit } }) }] } }) as CSINode },
  attachments: { byIndex: () => attached.map((name) => ({ metadata: {}, spec: { attacher: driver, nodeName: 'n', source: { persistentVolumeName: `pv-${name}` } } }) as VolumeAttachment) },
})
const using = (...claims: string[]): Partial<PodSpec> => ({ volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })) })

it.each([
  ['there is room', 2, ['a'], [['b']], [], 'ok'],
  ['there is none', 2, ['a'], [['b'], ['c']], [], 'node(s) exceed max volume count'],
  ['a volume that is there already needs none', 2, ['b'], [['b'], ['c']], [], 'ok'],
  ['two pods with one volume need one place', 2, ['a'], [['b'], ['b']], [], 'ok'],
  ['one that is still to be made counts', 1, ['new'], [['b']], [], 'node(s) exceed max volume count'],
  ['what is attached counts, even if no pod uses it', 1, ['a'], [], ['z'], 'node(s) exceed max volume count'],
  ['other volumes do not', 0, ['local'], [], [], 'ok'],
  ['no limit is none', undefined, ['a'], [['b'], ['c']], [], 'ok'],
])('%s', (_name, limit, wanted, others, attached, expected) => {
  const snapshot = testSnapshot([testNode('n')], { n: others.map((claims, index) => testPod(`other${index}`, { spec: using(...claims) })) })
  expect(verdicts(nodeVolumeLimits(facts(limit, attached)), testInfo('p', { spec: using(...wanted) }), snapshot).n).toBe(expected)
})

it('finds the claims that pods bring with them', () => {
  const pod = testPod('p', { spec: { volumes: [{ name: 'v', ephemeral: { volumeClaimTemplate: { spec: {} } } }] } })
  expect([...csiVolumesOf(pod, facts(1))]).toEqual([[uniqueVolumeName(driver, 'pv-p-v'), driver]])
})

it.each<[string, ClusterChange, boolean]>([
  ['a pod with volumes goes', { kind: 'pod-gone', object: testPod('other', { spec: using('a') }) }, true],
  ['a pod without volumes goes', { kind: 'pod-gone', object: testPod('other') }, false],
  ['a volume is detached', { kind: 'attachment', action: 'Delete', object: { metadata: { name: 'x' } } }, true],
  ['a volume is attached', { kind: 'attachment', action: 'Add', object: { metadata: { name: 'x' } } }, false],
  ['its claim comes', { kind: 'claim', action: 'Add', object: { metadata: { namespace: 'default', name: 'b' } } }, true],
  ['its claim changes', { kind: 'claim', action: 'Update', object: { metadata: { namespace: 'default', name: 'b' } } }, false],
  ['another claim comes', { kind: 'claim', action: 'Add', object: { metadata: { namespace: 'default', name: 'c' } } }, false],
  ['a driver comes to a node', { kind: 'csi-node', action: 'Update', object: { metadata: { name: 'n' } } }, true],
])('a refused pod is asked about when %s', (_, change, expected) => expect(nodeVolumeLimits(facts(1)).mayHelp?.(testInfo('p', { spec: using('b') }), change)).toBe(expected))
