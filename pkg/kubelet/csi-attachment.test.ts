// Waiting for an attachment: what is told between the look and the listening is not missed.
import { attachmentName, uniqueVolumeName } from '../api/csi-names.ts'
import type { Resource } from '../api/object.ts'
import { nodes, type Node } from '../api/types-node.ts'
import type { Client } from '../client/client.ts'
import { CsiAttachments } from './csi-attachment.ts'
import type { CsiVolume } from './csi-request.ts'
import { makePod } from './fixture.suite.ts'
import { type ObjectRef, VolumePending } from './volume.ts'
import { VolumesInUse } from './volumes-in-use.ts'

const unique = uniqueVolumeName('d', 'h')
const volume = { name: 'v', driver: 'd', handle: 'h' } as CsiVolume

it.each([['while nobody listens yet', true], ['later', false]])('is told by the node %s', async (_, atOnce) => {
  let node: Node = { metadata: { name: 'n' }, spec: {} }
  const attachment = { metadata: { name: attachmentName({ handle: 'h', driver: 'd', nodeName: 'n' }) }, status: { attached: true, attachmentMetadata: { path: '/dev/x' } } }
  const client = { get: async (resource: Resource) => (resource === nodes as Resource ? node : attachment) } as unknown as Client
  const watched: string[] = []
  const watch = ({ resource }: ObjectRef): void => {
    if (resource === nodes as Resource && atOnce) node = { ...node, status: { volumesAttached: [{ name: unique, devicePath: '' }] } }
    watched.push(resource.plural)
  }
  const found = new CsiAttachments({ client, nodeName: 'n', inUse: new VolumesInUse() }).contextOf(volume, { pod: makePod({}), volume: { name: 'data' }, watch })
  if (atOnce) expect(await found).toEqual({ path: '/dev/x' })
  else await expect(found).rejects.toThrow(VolumePending)
  expect(watched).toEqual(['volumeattachments', 'nodes'])
})
