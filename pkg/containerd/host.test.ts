// What is read out of the kernel's texts, and the configuration that follows from it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unifiedSettings } from './container-unified.ts'
import type { HostFacts } from './host.ts'
import { capSysAdmin, capSysResource, cgroupDriverOf, hasCapability, hasOverlay, parseMountInfo, readCgroups } from './host.ts'
import { containerdConfig, toToml } from './containerd-config.ts'
import { parseVersion } from './containerd-binary.ts'

const unified = '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate'
const cpu = '31 23 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct'
const named = '32 23 0:28 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd'
const beside = '33 23 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw'

describe('host', () => {
  it.each([
    ['v2', [unified]], ['v1', [cpu, named]], ['hybrid', [cpu, named, beside]], ['v2', [named, unified]],
  ] as const)('finds cgroup %s', (version, lines) => {
    expect(readCgroups(lines.join('\n')).version).toBe(version)
  })

  it('finds where each controller is, and says when there is none', () => {
    expect(readCgroups([cpu, beside].join('\n')).mounts).toEqual({
      cpu: '/sys/fs/cgroup/cpu,cpuacct', cpuacct: '/sys/fs/cgroup/cpu,cpuacct', '': '/sys/fs/cgroup/unified',
    })
    expect(() => readCgroups('1 1 0:1 / / rw - ext4 /dev/vda rw')).toThrow('no cgroup hierarchy is mounted')
  })

  it('reads mount points with spaces', () => {
    expect(parseMountInfo('1 1 0:1 / /a\\040b rw shared:1 master:2 - tmpfs none rw\n')).toEqual([
      { mountPoint: '/a b', type: 'tmpfs', source: 'none', superOptions: 'rw', device: '0:1', root: '/', shared: true },
    ])
  })

  it('reads capabilities', () => {
    expect(hasCapability('CapPrm:\t0\nCapEff:\t000001fffeffffff\n', capSysResource)).toBe(false)
    expect(hasCapability('CapEff:\t000001fffeffffff\n', capSysAdmin)).toBe(true)
    expect(hasCapability('', capSysAdmin)).toBe(false)
  })

  it.each([
    ['containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3\n', '1.6.20~ds1'],
    ['containerd github.com/containerd/containerd/v2 v2.1.4 75cb2b71\n', '2.1.4'],
    ['containerd containerd.io 1.7.27 05044ec0\n', '1.7.27'],
    ['no version', undefined],
  ])('reads the version out of %j', (text, version) => expect(parseVersion(text)).toBe(version))
})

test.each<[string, string, 'loads' | 'is refused' | 'does nothing', boolean]>([
  ['there already', 'nodev\toverlay\n', 'is refused', true], ['a module', 'nodev\ttmpfs\n', 'loads', true],
  ['missing', 'nodev\toverlayfs2\n\text4\n', 'is refused', false], ['of another name', '\text4\n', 'does nothing', false],
])('overlay: %s', (_what, before, loading, expected) => {
  let known = before
  expect(hasOverlay({ known: () => known, load: () => {
    if (loading === 'is refused') throw new Error('modprobe: FATAL')
    if (loading === 'loads') known += 'nodev\toverlay\n'
  } })).toBe(expected)
})

describe('what every container gets of cgroup version 2', () => {
  let root: string
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'unified-'))
    mkdirSync(join(root, 'ours'))
    writeFileSync(join(root, 'ours/memory.swap.max'), 'max\n')
  })
  afterAll(() => rmSync(root, { recursive: true }))

  test.each<[string, { version?: HostFacts['cgroupVersion']; single?: boolean; own: string }, Record<string, string>]>([
    ['ends as a whole, and does not swap', { own: '1:name=systemd:/x\n0::/ours\n' }, { 'memory.oom.group': '1', 'memory.swap.max': '0' }],
    ['without a swap controller', { own: '0::/elsewhere\n' }, { 'memory.oom.group': '1' }],
    ['one process at a time', { own: '0::/ours\n', single: true }, { 'memory.swap.max': '0' }],
    ['version 1', { own: '0::/ours\n', version: 'v1' }, {}], ['hybrid', { own: '0::/ours\n', version: 'hybrid' }, {}],
  ])('%s', (_what, { version = 'v2', single = false, own }, expected) => {
    expect(unifiedSettings({ cgroupVersion: version, cgroupMounts: { '': root } }, single, own)).toEqual(expected)
  })
})

test.each<[Parameters<typeof cgroupDriverOf>[0], string]>([
  [{ version: 'v2', systemd: true, systemBus: true }, 'systemd'], [{ version: 'v2', systemd: true, systemBus: false }, 'cgroupfs'],
  [{ version: 'v2', systemd: false, systemBus: true }, 'cgroupfs'], [{ version: 'hybrid', systemd: true, systemBus: true }, 'cgroupfs'],
])('driver for %p: %s', (facts, driver) => expect(cgroupDriverOf(facts)).toBe(driver))

describe('the configuration', () => {
  const settings = {
    root: '/r', state: '/s', socketPath: '/s/c.sock', sandboxImage: 'pause:1', cniBinDirectory: '/b', cniConfDirectory: '/c', registryDirectory: '/g',
  }
  const host: HostFacts = {
    cgroupVersion: 'v2', cgroupDriver: 'systemd', cgroupMounts: {}, systemd: true, mayLowerOomScore: true, appArmor: false, snapshotter: 'overlayfs',
  }

  it('puts values before tables and quotes keys', () => {
    expect(toToml({ a: { b: { 'c.d': ['x'], e: true } }, f: 1 })).toBe('f = 1\n\n["a"."b"]\n"c.d" = ["x"]\ne = true\n')
  })

  it('is of version 2 for containerd 1, with the host in it', () => {
    const text = containerdConfig({ majorVersion: 1, minorVersion: 6 }, settings, { ...host, cgroupDriver: 'cgroupfs', mayLowerOomScore: false })
    expect(text).toContain('version = 2\n')
    expect(text).toContain('["plugins"."io.containerd.grpc.v1.cri"]\nsandbox_image = "pause:1"\n')
    expect(text).toContain('restrict_oom_score_adj = true\n')
    expect(text).toContain('SystemdCgroup = false\n')
    expect(text).toContain('oom_score = 0\n')
  })

  it('is of version 3 for containerd 2', () => {
    const text = containerdConfig({ majorVersion: 2, minorVersion: 1 }, settings, host)
    expect(text).toContain('version = 3\n')
    expect(text).toContain('["plugins"."io.containerd.cri.v1.images"."pinned_images"]\nsandbox = "pause:1"\n')
    expect(text).toContain('SystemdCgroup = true\n')
    expect(text).toContain('restrict_oom_score_adj = false\n')
    expect(text).toContain('oom_score = -999\n')
  })

  it.each([[2, 0, 'bin_dir = "/b"\n'], [2, 1, 'bin_dirs = ["/b"]\n'], [3, 0, 'bin_dirs = ["/b"]\n']])('names the directory of network programs as containerd %i.%i wants it', (majorVersion, minorVersion, line) => {
    expect(containerdConfig({ majorVersion, minorVersion }, settings, host)).toContain(`["plugins"."io.containerd.cri.v1.runtime"."cni"]\n${line}`)
  })
})
