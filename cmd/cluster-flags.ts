// The flags that describe a cluster, named as k3s names them, and the configuration file that can stand for them.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { Flags, type Interfaces } from '@oclif/core'
import { type AuditFlag, auditFlags, isTruthFlag } from '../pkg/cluster/audit-options.ts'
import { checkOptions, type ClusterOptions, defaultClusterOptions, OptionError } from '../pkg/cluster/options.ts'
import { type FlagKind, parseConfigFile } from './config-file.ts'

const defaults = defaultClusterOptions
export const defaultConfigPath = '/etc/kinglet/config.yaml'

export const dataFlags = {
  'data-dir': Flags.string({ char: 'd', helpValue: 'DIR', description: `everything that lasts (default ${defaults.dataDirectory})` }),
  config: Flags.string({ char: 'c', helpValue: 'FILE', description: `YAML file with these flags as keys; the command line wins (default ${defaultConfigPath}, if it exists)` }),
}

const moreAuditNames = Object.keys(auditFlags) as AuditFlag[]
type AuditFlagName = `audit-${AuditFlag}`
const moreAuditFlags = Object.fromEntries(moreAuditNames.map((name) => [`audit-${name}`, Flags.string({ helpValue: 'VALUE', description: auditFlags[name] })])) as Record<AuditFlagName, Interfaces.OptionFlag<string | undefined>>
const auditFlagKinds = Object.fromEntries(moreAuditNames.map((name) => [`audit-${name}`, isTruthFlag(name) ? 'truth' : 'string'])) as Record<AuditFlagName, FlagKind>

/** As flags of Kubernetes have it: those of yes or no may stand without a value. */
export const withTruths = (words: readonly string[]): string[] => words.map((word, at) =>
  (word.startsWith('--audit-') && moreAuditNames.some((name) => word === `--audit-${name}` && isTruthFlag(name)) && !['true', 'false'].includes(words[at + 1] ?? '') ? `${word}=true` : word))

export const clusterFlags = {
  ...dataFlags,
  'bind-address': Flags.string({ helpValue: 'IP', description: `where the API server listens (default ${defaults.bindAddress})` }),
  'https-listen-port': Flags.integer({ helpValue: 'PORT', description: `the API server's port (default ${defaults.httpsPort})` }),
  'kubelet-port': Flags.integer({ helpValue: 'PORT', description: `the kubelet's port, 0 for none (default ${defaults.kubeletPort})` }),
  'cluster-cidr': Flags.string({ helpValue: 'CIDR', description: `addresses of pods (default ${defaults.clusterCidr})` }),
  'service-cidr': Flags.string({ helpValue: 'CIDR', description: `addresses of services (default ${defaults.serviceCidr})` }),
  'cluster-dns': Flags.string({ helpValue: 'IP', description: `address of the cluster's DNS (default ${defaults.clusterDns}, or the tenth of --service-cidr)` }),
  'cluster-domain': Flags.string({ helpValue: 'NAME', description: `domain of the cluster's names (default ${defaults.clusterDomain})` }),
  'node-name': Flags.string({ helpValue: 'NAME', description: 'name of the node (default: the host name)' }),
  'node-ip': Flags.string({ helpValue: 'IP', description: 'address of the node (default: that of the default route)' }),
  'tls-san': Flags.string({ helpValue: 'NAME', multiple: true, multipleNonGreedy: true, delimiter: ',', description: "more names and addresses for the API server's certificate; may be repeated" }),
  'write-kubeconfig': Flags.string({ helpValue: 'FILE', description: `where the administrator's kubeconfig goes (default ${defaults.kubeconfigPath}, or in --data-dir when that is given)` }),
  'private-registry': Flags.string({ helpValue: 'FILE', description: `mirrors, logins and TLS of image registries (default ${defaults.privateRegistry}, if it exists)` }),
  'admission-control-config-file': Flags.string({ helpValue: 'FILE', description: 'AdmissionConfiguration: defaults and exemptions of pod security' }),
  'audit-policy-file': Flags.string({ helpValue: 'FILE', description: 'audit policy (audit.k8s.io/v1): which requests the audit log tells of, and how much' }),
  'audit-log-path': Flags.string({ helpValue: 'FILE', description: "where the audit log goes, '-' for standard output; needs --audit-policy-file" }),
  'audit-log-format': Flags.string({ helpValue: 'FORMAT', description: 'json (the default) or legacy, one event a line' }),
  'audit-log-maxsize': Flags.integer({ helpValue: 'MB', description: 'size at which the audit log is put aside for a new one (default 100)' }),
  'audit-log-maxage': Flags.integer({ helpValue: 'DAYS', description: 'how long audit logs put aside are kept (default 0: for ever)' }),
  'audit-log-maxbackup': Flags.integer({ helpValue: 'COUNT', description: 'how many audit logs put aside are kept (default 0: all)' }),
  'audit-webhook-config-file': Flags.string({ helpValue: 'FILE', description: 'a kubeconfig that names a server to which audit events are sent; needs --audit-policy-file' }),
  ...moreAuditFlags,
  'container-runtime-endpoint': Flags.string({ helpValue: 'SOCKET', description: 'socket of a containerd that runs already (default: kinglet runs its own)' }),
  'kubelet-arg': Flags.string({ helpValue: 'NAME=VALUE', multiple: true, multipleNonGreedy: true, description: 'a setting of the kubelet, such as eviction-hard=memory.available<200Mi; may be repeated' }),
  'hollow-nodes': Flags.integer({ helpValue: 'COUNT', description: 'nodes that only look like some: pods on them run nothing, and do what their annotations say' }),
  'disable-agent': Flags.boolean({ description: 'control plane only: no node, no containers' }),
}

export type ClusterFlags = Partial<Interfaces.InferredFlags<typeof clusterFlags>>
type FlagName = Exclude<keyof typeof clusterFlags, 'config'>

const flagKinds: Readonly<Record<FlagName, FlagKind>> = {
  'data-dir': 'string', 'bind-address': 'string', 'https-listen-port': 'integer', 'kubelet-port': 'integer', 'cluster-cidr': 'string', 'service-cidr': 'string',
  'cluster-dns': 'string', 'cluster-domain': 'string', 'node-name': 'string', 'node-ip': 'string', 'tls-san': 'list',
  'write-kubeconfig': 'string', 'private-registry': 'string', 'admission-control-config-file': 'string', 'audit-policy-file': 'string', 'audit-log-path': 'string', 'audit-log-format': 'string',
  ...auditFlagKinds, 'audit-webhook-config-file': 'string', 'audit-log-maxsize': 'integer', 'audit-log-maxage': 'integer', 'audit-log-maxbackup': 'integer', 'container-runtime-endpoint': 'string', 'kubelet-arg': 'list', 'hollow-nodes': 'integer', 'disable-agent': 'boolean',
}

/** What the command line, the configuration file and the defaults say together; checked. */
export function clusterOptions(flags: ClusterFlags): ClusterOptions {
  const options = mergeOptions({ ...readConfig(flags.config), ...defined(flags) }, hostname())
  checkOptions(options)
  return options
}

function readConfig(path: string | undefined): ClusterFlags {
  const file = path ?? (existsSync(defaultConfigPath) ? defaultConfigPath : undefined)
  if (file === undefined) return {}
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new OptionError(`--config: ${file} can't be read (${(error as NodeJS.ErrnoException).code})`)
  }
  return parseConfigFile(text, file, flagKinds) as ClusterFlags
}

/** Pure but for relative paths, which are resolved, and for the usual registries file, which counts when it is there. */
export function mergeOptions(flags: ClusterFlags, host: string): ClusterOptions {
  const dataDirectory = resolve(flags['data-dir'] ?? defaults.dataDirectory)
  const usual = dataDirectory === defaults.dataDirectory
  const serviceCidr = flags['service-cidr'] ?? defaults.serviceCidr
  const endpoint = flags['container-runtime-endpoint']
  const registries = flags['private-registry'] ?? (existsSync(defaults.privateRegistry) ? defaults.privateRegistry : undefined)
  return {
    dataDirectory,
    stateDirectory: stateDirectoryOf(dataDirectory),
    bindAddress: flags['bind-address'] ?? defaults.bindAddress,
    httpsPort: flags['https-listen-port'] ?? defaults.httpsPort,
    kubeletPort: flags['kubelet-port'] ?? defaults.kubeletPort,
    clusterCidr: flags['cluster-cidr'] ?? defaults.clusterCidr,
    serviceCidr,
    clusterDns: flags['cluster-dns'] ?? (serviceCidr === defaults.serviceCidr ? defaults.clusterDns : tenthOf(serviceCidr)),
    clusterDomain: flags['cluster-domain'] ?? defaults.clusterDomain,
    nodeName: flags['node-name'] ?? host.toLowerCase(),
    ...(flags['node-ip'] === undefined ? {} : { nodeIP: flags['node-ip'] }),
    tlsSans: flags['tls-san'] ?? [],
    kubeconfigPath: resolve(flags['write-kubeconfig'] ?? (usual ? defaults.kubeconfigPath : join(dataDirectory, 'kubeconfig.yaml'))),
    ...(endpoint === undefined ? {} : { containerRuntimeEndpoint: endpoint }),
    ...(registries === undefined ? {} : { privateRegistry: resolve(registries) }),
    ...(flags['admission-control-config-file'] === undefined ? {} : { admissionConfig: resolve(flags['admission-control-config-file']) }),
    ...auditOptions(flags),
    disableAgent: flags['disable-agent'] ?? false,
    ...(flags['hollow-nodes'] === undefined ? {} : { hollowNodes: flags['hollow-nodes'] }),
    ...(flags['kubelet-arg'] === undefined ? {} : { kubeletArgs: flags['kubelet-arg'] }),
    ...(usual ? {} : { podLogDirectory: join(dataDirectory, 'agent/pod-logs') }),
  }
}

function auditOptions(flags: ClusterFlags): Pick<ClusterOptions, 'audit'> {
  const policyFile = flags['audit-policy-file']
  const logPath = flags['audit-log-path']
  const more = Object.fromEntries(moreAuditNames.flatMap((name) => (flags[`audit-${name}`] === undefined ? [] : [[name, flags[`audit-${name}`]]])))
  const audit = Object.fromEntries(Object.entries({
    policyFile: policyFile && resolve(policyFile), logPath: logPath === '-' ? logPath : logPath && resolve(logPath), logFormat: flags['audit-log-format'],
    webhookConfig: flags['audit-webhook-config-file'] && resolve(flags['audit-webhook-config-file']), ...(Object.keys(more).length > 0 ? { more } : {}),
    logMaxSize: flags['audit-log-maxsize'], logMaxAge: flags['audit-log-maxage'], logMaxBackup: flags['audit-log-maxbackup'],
  }).filter(([, value]) => value !== undefined))
  return Object.keys(audit).length > 0 ? { audit } : {}
}

/** Short, since sockets lie in it, and another one for each data directory. */
export function stateDirectoryOf(dataDirectory: string): string {
  if (dataDirectory === defaults.dataDirectory) return defaults.stateDirectory
  const name = `${basename(defaults.stateDirectory)}-${createHash('sha256').update(dataDirectory).digest('hex').slice(0, 8)}`
  // /run is root's; everybody else has a directory of the session, if there is one. What all may write to is no place for it.
  const root = process.getuid?.() === 0 ? dirname(defaults.stateDirectory) : process.env['XDG_RUNTIME_DIR']
  return root === undefined ? join(dataDirectory, 'run') : join(root, name)
}

/** The command line that gives these options to another process. */
export function commandLineOf(options: ClusterOptions): string[] {
  const { audit = {} } = options
  const flags: [FlagName, string | undefined][] = [
    ['data-dir', options.dataDirectory], ['bind-address', options.bindAddress], ['https-listen-port', String(options.httpsPort)],
    ['kubelet-port', options.kubeletPort === undefined ? undefined : String(options.kubeletPort)],
    ['cluster-cidr', options.clusterCidr], ['service-cidr', options.serviceCidr], ['cluster-dns', options.clusterDns],
    ['cluster-domain', options.clusterDomain], ['node-name', options.nodeName], ['node-ip', options.nodeIP],
    ...options.tlsSans.map((name): [FlagName, string] => ['tls-san', name]),
    ...(options.kubeletArgs ?? []).map((text): [FlagName, string] => ['kubelet-arg', text]),
    ['private-registry', options.privateRegistry], ['admission-control-config-file', options.admissionConfig],
    ['audit-policy-file', audit.policyFile], ['audit-log-path', audit.logPath], ['audit-log-format', audit.logFormat],
    ['audit-webhook-config-file', audit.webhookConfig], ...moreAuditNames.map((name): [FlagName, string | undefined] => [`audit-${name}`, audit.more?.[name]]),
    ['audit-log-maxsize', textOf(audit.logMaxSize)], ['audit-log-maxage', textOf(audit.logMaxAge)], ['audit-log-maxbackup', textOf(audit.logMaxBackup)],
    ['hollow-nodes', options.hollowNodes === undefined ? undefined : String(options.hollowNodes)],
    ['write-kubeconfig', options.kubeconfigPath], ['container-runtime-endpoint', options.containerRuntimeEndpoint],
  ]
  const given = flags.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]))
  return [...given, ...(options.disableAgent ? ['--disable-agent'] : [])]
}

const textOf = (value: number | undefined): string | undefined => (value === undefined ? undefined : String(value))

const defined = (flags: ClusterFlags): ClusterFlags =>
  Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)) as ClusterFlags

/** `10.96.0.0/12` has 10.96.0.10; a range that is no range is left to checkOptions. */
const tenthOf = (cidr: string): string => cidr.replace(/\d+\/.*$/, (last) => `${Number.parseInt(last, 10) + 10}`)
