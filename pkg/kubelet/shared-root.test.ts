import { parseMountInfo } from '../containerd/host.ts'
import { isSelfMount, sharingOf } from './shared-root.ts'

const root = '27 1 254:0 / / rw,relatime - ext4 /dev/vda rw'
const sharedRoot = '27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw'
const self = '90 27 254:0 /data/agent /data/agent rw shared:7 - ext4 /dev/vda rw'
const disk = '91 27 8:1 / /data/agent rw - ext4 /dev/sdb rw'
const data = '80 27 8:2 /volumes/k /data rw master:3 - ext4 /dev/sdc rw'
const mounts = (...lines: string[]): ReturnType<typeof parseMountInfo> => parseMountInfo(lines.join('\n'))

test.each([
  ['a plain directory', [root], 'private'],
  ['a shared root', [sharedRoot], 'shared'],
  ['a private disk on a shared root', [sharedRoot, disk], 'private'],
  ['mounted on itself', [root, self], 'shared'],
  ['a pod has a volume', [root, '92 27 0:50 / /data/agent/pods/x/v rw - tmpfs tmpfs rw'], 'busy'],
  ['a neighbour has one', [root, '92 27 0:50 / /data/agent-2/pods/x/v rw - tmpfs tmpfs rw'], 'private'],
])('%s', (_name, lines, expected) => expect(sharingOf('/data/agent', mounts(...lines))).toBe(expected))

test.each([
  ['ours', [root, self], true],
  ['ours, on a disk that is itself a directory of another', [root, data, '93 80 8:2 /volumes/k/agent /data/agent rw shared:7 - ext4 /dev/sdc rw'], true],
  ['a disk', [root, disk], false],
  ['another directory of the same disk', [root, '94 27 254:0 /elsewhere /data/agent rw shared:7 - ext4 /dev/vda rw'], false],
  ['nothing', [root], false],
])('mounted on itself: %s', (_name, lines, expected) => expect(isSelfMount('/data/agent', mounts(...lines))).toBe(expected))
