// The configuration of the private containerd, as TOML: version 2 for containerd 1.x, version 3 for 2.x.
import type { ContainerdBinary } from './containerd-binary.ts'
import type { HostFacts } from './host.ts'

export interface ContainerdSettings {
  root: string
  state: string
  socketPath: string
  sandboxImage: string
  cniBinDirectory: string
  cniConfDirectory: string
  /** Where the runtime looks for `HOST/hosts.toml` files that describe registries. */
  registryDirectory: string
  /** By the registry's host. */
  registryLogins?: Readonly<Record<string, Readonly<Record<string, string>>>>
  logLevel?: 'trace' | 'debug' | 'info' | 'warn' | 'error'
}

type TomlValue = string | number | boolean | readonly string[] | readonly (readonly string[])[]
export interface TomlTable { [key: string]: TomlValue | TomlTable }

/** Not needed for pods; each costs time at the start or leaves directories on the host (`opt`). */
const disabledPlugins = [
  'io.containerd.snapshotter.v1.aufs', 'io.containerd.snapshotter.v1.btrfs', 'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.zfs', 'io.containerd.snapshotter.v1.blockfile', 'io.containerd.snapshotter.v1.erofs',
  'io.containerd.internal.v1.opt', 'io.containerd.internal.v1.restart', 'io.containerd.internal.v1.tracing',
  'io.containerd.tracing.processor.v1.otlp', 'io.containerd.nri.v1.nri',
]

/** Pure: the text of config.toml for this major version of containerd on this host. */
export function containerdConfig({ majorVersion, minorVersion }: Pick<ContainerdBinary, 'majorVersion' | 'minorVersion'>, settings: ContainerdSettings, host: HostFacts): string {
  const pluginTables = majorVersion >= 2 ? pluginsOfV3(settings, host, { binaryList: majorVersion > 2 || minorVersion >= 1 }) : pluginsOfV2(settings, host)
  return toToml({
    version: majorVersion >= 2 ? 3 : 2,
    root: settings.root,
    state: settings.state,
    oom_score: host.mayLowerOomScore ? -999 : 0,
    disabled_plugins: disabledPlugins,
    grpc: { address: settings.socketPath, max_recv_message_size: 16 << 20, max_send_message_size: 16 << 20 },
    debug: { level: settings.logLevel ?? 'warn' },
    plugins: pluginTables,
  })
}

const streamServer = { disable_tcp_service: true, stream_server_address: '127.0.0.1', stream_server_port: '0', stream_idle_timeout: '4h0m0s' }

const runtimeSettings = (host: HostFacts): TomlTable => ({
  restrict_oom_score_adj: !host.mayLowerOomScore,
  disable_apparmor: !host.appArmor,
  tolerate_missing_hugetlb_controller: true,
  disable_hugetlb_controller: true,
  // Where they are known to be ours: one that a killed containerd left half made goes with the state directory.
  netns_mounts_under_state_dir: true,
  // As containerd 2 does: pods may bind low ports and send ICMP without root, in their own network namespace.
  enable_unprivileged_ports: true,
  enable_unprivileged_icmp: true,
})

const runc = (host: HostFacts): TomlTable => ({
  runtime_type: 'io.containerd.runc.v2',
  options: { SystemdCgroup: host.cgroupDriver === 'systemd' },
})

const registrySettings = ({ registryDirectory, registryLogins = {} }: ContainerdSettings): TomlTable => ({
  config_path: registryDirectory,
  configs: Object.fromEntries(Object.entries(registryLogins).map(([host, auth]) => [host, { auth: { ...auth } }])),
})

function pluginsOfV2(settings: ContainerdSettings, host: HostFacts): TomlTable {
  return {
    'io.containerd.grpc.v1.cri': {
      sandbox_image: settings.sandboxImage,
      ...streamServer,
      ...runtimeSettings(host),
      cni: { bin_dir: settings.cniBinDirectory, conf_dir: settings.cniConfDirectory },
      registry: registrySettings(settings),
      containerd: { snapshotter: host.snapshotter, default_runtime_name: 'runc', runtimes: { runc: runc(host) } },
    },
  }
}

function pluginsOfV3(settings: ContainerdSettings, host: HostFacts, { binaryList }: { binaryList: boolean }): TomlTable {
  return {
    'io.containerd.grpc.v1.cri': streamServer,
    'io.containerd.cri.v1.images': {
      snapshotter: host.snapshotter,
      pinned_images: { sandbox: settings.sandboxImage },
      registry: registrySettings(settings),
    },
    'io.containerd.cri.v1.runtime': {
      ...runtimeSettings(host),
      // 2.1 warns of the one, 2.0 has not the other.
      cni: { ...(binaryList ? { bin_dirs: [settings.cniBinDirectory] } : { bin_dir: settings.cniBinDirectory }), conf_dir: settings.cniConfDirectory },
      containerd: { default_runtime_name: 'runc', runtimes: { runc: runc(host) } },
    },
  }
}

/** Pure: TOML with plain values before tables, as the format demands. */
export function toToml(table: TomlTable, path: readonly string[] = []): string {
  const isTable = (value: TomlValue | TomlTable): value is TomlTable => typeof value === 'object' && !Array.isArray(value)
  const entries = Object.entries(table)
  const lines = entries.filter(([, value]) => !isTable(value)).map(([key, value]) => `${tomlKey(key)} = ${JSON.stringify(value)}`)
  const own = lines.length === 0 ? '' : `${path.length > 0 ? `\n[${path.map((key) => JSON.stringify(key)).join('.')}]\n` : ''}${lines.join('\n')}\n`
  return own + entries.filter((entry): entry is [string, TomlTable] => isTable(entry[1]))
    .map(([key, value]) => toToml(value, [...path, key])).join('')
}

const tomlKey = (key: string): string => (/^[\w-]+$/.test(key) ? key : JSON.stringify(key))
