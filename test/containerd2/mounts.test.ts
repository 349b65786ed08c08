// What containers are given by the runtime alone: images as volumes, mounts that are read-only with all below; and groups that are the pod's own.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pod, PodSpec } from '../../pkg/api/types-pod.ts'
import { TestCluster } from '../e2e/cluster.ts'
import { PodDriver, podOf } from './pods.ts'

// containerd 2.1 does not know the field of CRI and gives the whole image, whatever the kubelet.
const knowsParts = !/ v?2\.[01]\./.test(execFileSync('containerd', ['--version'], { encoding: 'utf8' }))
const testOfParts = knowsParts ? test : test.skip

let cluster: TestCluster
let driver: PodDriver
/** What is mounted below it by a container is there for all. */
const shared = mkdtempSync(join(tmpdir(), 'kinglet-c2-'))
beforeAll(async () => {
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', shared])
  execFileSync('mount', ['--make-shared', shared])
  cluster = await TestCluster.start(['busybox', 'nginx', 'groups'])
  driver = new PodDriver(cluster)
  await driver.checkRuntime()
})
afterAll(async () => {
  await cluster?.remove()
  execFileSync('umount', ['-R', '-l', shared])
  rmdirSync(shared)
})

type Mounts = NonNullable<PodSpec['containers'][number]['volumeMounts']>
const picture = (reference: string, pullPolicy?: string) => ({ name: 'picture', image: { reference, ...(pullPolicy ? { pullPolicy } : {}) } })
const withPicture = (name: string, reference: string, mount: Partial<Mounts[number]> = {}, pullPolicy?: string, hostUsers?: boolean): Pod => podOf(name, {
  ...(hostUsers === undefined ? {} : { hostUsers }), spec: { volumes: [picture(reference, pullPolicy)] }, container: { volumeMounts: [{ name: 'picture', mountPath: '/volume', ...mount }] },
})

describe('an image as a volume', () => {
  test('is its files, for several containers and without write access', async () => {
    const container = (name: string, mountPath: string): PodSpec['containers'][number] => ({ name, image: 'busybox:1.36', command: ['sleep', '1000'], volumeMounts: [{ name: 'picture', mountPath }] })
    const [pod] = await driver.start(podOf('shown', { spec: { volumes: [picture('nginx:1.22')], containers: [container('main', '/volume'), container('other', '/elsewhere')] } }))
    expect(await driver.exec('shown', 'ls /volume/usr/sbin/nginx')).toBe('/volume/usr/sbin/nginx\n')
    expect(await cluster.kubectl('exec shown -c other -- ls /elsewhere/usr/sbin/nginx')).toBe('/elsewhere/usr/sbin/nginx\n')
    expect(await driver.exec('shown', 'touch /volume/x 2>&1; true')).toBe('touch: /volume/x: Read-only file system\n')
    expect(pod!.status?.containerStatuses?.[0]?.volumeMounts).toContainEqual({ name: 'picture', mountPath: '/volume' })
    expect(await driver.eventOf('shown', 'Pulled', 'nginx')).toBe('Container image "nginx:1.22" already present on machine and can be accessed by the pod')
    await driver.remove('shown')
    const metrics = await cluster.kubectl('get --raw /api/v1/nodes/node-1/proxy/metrics')
    for (const [what, count] of [['requested_total', 2], ['mounted_succeed_total', 2], ['mounted_errors_total', 0]]) expect(metrics).toMatch(new RegExp(`^kubelet_image_volume_${what} ${count}$`, 'm'))
  })

  testOfParts('may be a part of it, since containerd 2.2', async () => {
    await driver.start(withPicture('part', 'nginx:1.22', { subPath: 'usr/sbin' }))
    expect(await driver.exec('part', 'ls /volume/nginx')).toBe('/volume/nginx\n')
    await driver.create(withPicture('no-part', 'nginx:1.22', { subPath: 'none/such' }))
    expect(await driver.waiting('no-part', 'CreateContainerError')).toContain('none/such')
    await driver.remove('part', 'no-part')
  })

  test('is pulled as its policy says, with the words and the back-off of any image', async () => {
    await driver.create(withPicture('never', 'nowhere.test/none:1', {}, 'Never'), withPicture('absent', '127.0.0.1:1/none:1', {}, 'IfNotPresent'))
    expect(await driver.waiting('never', 'ErrImageNeverPull')).toBe('Container image "nowhere.test/none:1" is not present with pull policy of Never')
    expect(await driver.waiting('absent', 'ImagePullBackOff')).toMatch(/^Back-off pulling image "127\.0\.0\.1:1\/none:1": ErrImagePull: rpc error: code = \w+ desc = failed to pull and unpack image "127\.0\.0\.1:1\/none:1": /)
    expect(await driver.eventOf('absent', 'Failed', 'Failed to pull image')).toContain('Failed to pull image "127.0.0.1:1/none:1": ')
    await driver.remove('never', 'absent')
  })

  test('belongs to root also for a pod with users of its own', async () => {
    await driver.start(withPicture('mapped', 'nginx:1.22', {}, 'IfNotPresent', false))
    expect(await driver.exec('mapped', 'stat -c %u /volume/usr/sbin/nginx && grep -q " 65536$" /proc/self/uid_map && echo mapped')).toBe('0\nmapped\n')
    await driver.remove('mapped')
  })
})

describe('read-only', () => {
  /** An init container mounts something below the volume; the main one has the volume read-only. */
  const layered = (name: string, mount: Partial<Mounts[number]>): Pod => {
    const path = join(shared, name)
    mkdirSync(path)
    return podOf(name, {
      spec: {
        volumes: [{ name: 'data', hostPath: { path } }],
        initContainers: [{
          name: 'mount', image: 'busybox:1.36', command: ['sh', '-c', 'mkdir -p /data/below && mount -t tmpfs none /data/below'], securityContext: { privileged: true },
          volumeMounts: [{ name: 'data', mountPath: '/data', mountPropagation: 'Bidirectional' }],
        }],
        containers: [{ name: 'main', image: 'busybox:1.36', command: ['sleep', '1000'], volumeMounts: [{ name: 'data', mountPath: '/data', readOnly: true, ...mount }] }],
      },
    })
  }
  const tries = async (name: string): Promise<string[]> => (await driver.exec(name, 'touch /data/x 2>/dev/null && echo above; touch /data/below/x 2>/dev/null && echo below; echo end')).trim().split('\n')

  test.each<[string, Partial<Mounts[number]>, string[], string]>([
    ['unsaid', {}, ['below', 'end'], 'Disabled'], ['disabled', { recursiveReadOnly: 'Disabled' }, ['below', 'end'], 'Disabled'],
    ['if-possible', { recursiveReadOnly: 'IfPossible', mountPropagation: 'None' }, ['end'], 'Enabled'], ['enabled', { recursiveReadOnly: 'Enabled' }, ['end'], 'Enabled'],
  ])('below too, %s', async (name, mount, expected, told) => {
    const [pod] = await driver.start(layered(name, mount))
    expect(await tries(name)).toEqual(expected)
    expect(pod!.status?.containerStatuses?.[0]?.volumeMounts?.find(({ mountPath }) => mountPath === '/data')).toEqual({ name: 'data', mountPath: '/data', readOnly: true, recursiveReadOnly: told })
    await driver.remove(name)
  })
})

test('the groups of a container are the pod\'s and its image\'s, or the pod\'s alone', async () => {
  const grouped = (name: string, supplementalGroupsPolicy?: string): Pod => podOf(name, {
    spec: { securityContext: { runAsUser: 1000, runAsGroup: 1000, supplementalGroups: [60000], ...(supplementalGroupsPolicy ? { supplementalGroupsPolicy } : {}) } },
    container: { image: 'kinglet.test/groups:1' },
  })
  await driver.start(grouped('merged'), grouped('strict', 'Strict'))
  const told = async (name: string): Promise<unknown> => (await driver.get(name)).status?.containerStatuses?.[0]?.user
  for (const [name, groups] of [['merged', [1000, 50000, 60000]], ['strict', [1000, 60000]]] as const) {
    expect((await driver.exec(name, 'id -G')).trim().split(' ').map(Number).sort((one, other) => one - other)).toEqual(groups)
    expect(await told(name)).toEqual({ linux: { uid: 1000, gid: 1000, supplementalGroups: groups } })
  }
  await driver.remove('merged', 'strict')
})
