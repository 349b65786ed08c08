import type { StorageClass } from '../api/types-config.ts'
import type { CSIStorageCapacity } from '../api/types-storage.ts'
import type { PersistentVolumeClaim } from '../api/types-volume.ts'
import { testNode, testNodeInfo } from './fixture.suite.ts'
import { hasRoom } from './volume-plan.ts'

const claim = (storage?: string): PersistentVolumeClaim => ({ metadata: {}, spec: { resources: storage === undefined ? {} : { requests: { storage } } } }) as PersistentVolumeClaim
const storageClass = { metadata: { name: 'fast' }, provisioner: 'd.io' } as StorageClass
const free = (parts: Partial<CSIStorageCapacity>): CSIStorageCapacity => ({ metadata: {}, storageClassName: 'fast', nodeTopology: { matchLabels: { zone: 'a' } }, ...parts }) as CSIStorageCapacity
const node = testNodeInfo(testNode('n', { labels: { zone: 'a' } }))

it.each<[string, string | undefined, CSIStorageCapacity[] | undefined, boolean]>([
  ['a driver that tells nothing is not asked', '10Gi', undefined, true],
  ['enough is free', '10Gi', [free({ capacity: '10Gi' })], true],
  ['too little', '10Gi', [free({ capacity: '9Gi' })], false],
  ['enough in all, but in pieces', '10Gi', [free({ capacity: '100Gi', maximumVolumeSize: '5Gi' })], false],
  ['enough for another class', '10Gi', [free({ storageClassName: 'slow', capacity: '100Gi' })], false],
  ['enough for other nodes', '10Gi', [free({ capacity: '100Gi', nodeTopology: { matchLabels: { zone: 'b' } } })], false],
  ['enough that no node reaches', '10Gi', [{ ...free({ capacity: '100Gi' }), nodeTopology: undefined } as unknown as CSIStorageCapacity], false],
  ['enough in one place of two', '10Gi', [free({ capacity: '1Gi' }), free({ capacity: '20Gi' })], true],
  ['nothing is told yet', '10Gi', [], false],
  ['a claim without a size fits', undefined, [], true],
])('%s', (_name, wanted, told, expected) => expect(hasRoom(claim(wanted), storageClass, node, { capacities: () => told })).toBe(expected))
