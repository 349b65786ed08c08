import { attachmentName, inlineHandle } from '../api/csi-names.ts'
import type { Pod } from '../api/types-pod.ts'
import type { PersistentVolumeClaim } from '../api/types-volume.ts'
import type { NodeCapability } from './csi-driver.ts'
import { hasGrown, resizedStatus } from './csi-expansion.ts'
import { withId } from './csi-node-record.ts'
import { csiAccessMode, type CsiVolume, fsGroupBy, inlineCsi, modeFault } from './csi-request.ts'

const volume: CsiVolume = {
  name: 'pv', driver: 'd', handle: 'h', mode: 'Persistent', block: false, readOnly: false, fsType: 'ext4', accessModes: ['ReadWriteOnce'], mountOptions: [], attributes: {},
}
const inline: CsiVolume = { ...volume, mode: 'Ephemeral', accessModes: [] }

describe('who gives a CSI volume to the fsGroup', () => {
  const of = (policy: string | undefined, change: Partial<CsiVolume> = {}, capabilities: NodeCapability[] = [], fsGroup: number | undefined = 5) =>
    fsGroupBy({ ...volume, ...change }, { fsGroup, policy, capabilities: new Set(capabilities) })

  it.each([
    ['a driver that mounts for a group does it itself, whatever the policy', of('None', {}, ['VOLUME_MOUNT_GROUP']), 'driver'],
    ['None is none', of('None'), 'nobody'],
    ['File is always', of('File', { fsType: '', accessModes: ['ReadWriteMany'] }), 'kubelet'],
    ['never what is read only', of('File', { readOnly: true }), 'nobody'],
    ['by default what one node writes', of('ReadWriteOnceWithFSType'), 'kubelet'],
    ['and what one pod writes', of('ReadWriteOnceWithFSType', { accessModes: ['ReadWriteOncePod'] }), 'kubelet'],
    ['not what many write', of('ReadWriteOnceWithFSType', { accessModes: ['ReadWriteMany'] }), 'nobody'],
    ['not without a file system type', of('ReadWriteOnceWithFSType', { fsType: '' }), 'nobody'],
    ['the same without a CSIDriver', of(undefined), 'kubelet'],
    ['inline volumes are their pod\'s alone', of('ReadWriteOnceWithFSType', { mode: 'Ephemeral', accessModes: [] }), 'kubelet'],
    ['devices have no files', of('File', { block: true }), 'nobody'],
  ])('%s', (_name, found, expected) => expect(found).toBe(expected))

  it('asks for nothing where the pod has no group', () => {
    expect(fsGroupBy(volume, { fsGroup: undefined, policy: 'File', capabilities: new Set(['VOLUME_MOUNT_GROUP']) })).toBe('nobody')
  })
})

it('says why a driver does not offer a volume', () => {
  expect(modeFault(volume, undefined)).toBeUndefined()
  expect(modeFault(inline, undefined)).toBe('volume mode "Ephemeral" not supported by driver d (no CSIDriver object)')
  expect(modeFault(inline, { volumeLifecycleModes: ['Persistent'] })).toBe('volume mode "Ephemeral" not supported by driver d (only supports ["Persistent"])')
  expect(modeFault(inline, { volumeLifecycleModes: ['Persistent', 'Ephemeral'] })).toBeUndefined()
})

it.each([
  ['ReadWriteOnce', 'SINGLE_NODE_WRITER', 'SINGLE_NODE_MULTI_WRITER'],
  ['ReadWriteOncePod', 'SINGLE_NODE_WRITER', 'SINGLE_NODE_SINGLE_WRITER'],
  ['ReadOnlyMany', 'MULTI_NODE_READER_ONLY', 'MULTI_NODE_READER_ONLY'],
  ['ReadWriteMany', 'MULTI_NODE_MULTI_WRITER', 'MULTI_NODE_MULTI_WRITER'],
])('calls %s %s, or %s where the driver can tell', (mode, plain, precise) => {
  expect(csiAccessMode(mode, new Set())).toBe(plain)
  expect(csiAccessMode(mode, new Set(['SINGLE_NODE_MULTI_WRITER']))).toBe(precise)
})

it('names attachments and inline volumes as every kubelet does', () => {
  // printf h1d1n1 | sha256sum
  expect(attachmentName({ handle: 'h1', driver: 'd1', nodeName: 'n1' })).toBe('csi-f4377ca05cc5eca322576db9de58121438bfd2101406d5962d6ded5b5b8cf85f')
  const pod = { metadata: { uid: 'u', namespace: 'ns', name: 'p' }, spec: { containers: [] } } as unknown as Pod
  expect(inlineCsi(pod, { name: 'v', csi: { driver: 'd', nodePublishSecretRef: { name: 's' } } })).toMatchObject({ handle: inlineHandle('u', 'v'), publishSecret: { namespace: 'ns', name: 's' } })
})

it('ends a resize in the claim, and nothing else', () => {
  const claim = {
    metadata: {}, spec: {},
    status: {
      phase: 'Bound', capacity: { storage: '1Gi' }, allocatedResourceStatuses: { storage: 'NodeResizePending', other: 'x' },
      conditions: [{ type: 'FileSystemResizePending', status: 'True' }, { type: 'Mine', status: 'True' }],
    },
  } as unknown as PersistentVolumeClaim
  expect(hasGrown('2Gi', claim)).toBe(true)
  expect(hasGrown('1024Mi', claim)).toBe(false)
  expect(hasGrown('2Gi', { ...claim, status: {} })).toBe(false)
  expect(resizedStatus(claim, '2Gi')).toEqual({
    phase: 'Bound', capacity: { storage: '2Gi' }, allocatedResourceStatuses: { other: 'x' }, conditions: [{ type: 'Mine', status: 'True' }],
  })
})

it('keeps the node ids of other drivers', () => {
  expect(withId(undefined, 'b', '1')).toBe('{"b":"1"}')
  expect(withId('{"b":"1"}', 'a', '2')).toBe('{"a":"2","b":"1"}')
  expect(withId('{"a":"2","b":"1"}', 'b', undefined)).toBe('{"a":"2"}')
  expect(withId('{"a":"2"}', 'a', undefined)).toBeUndefined()
})
