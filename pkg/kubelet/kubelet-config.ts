// KubeletConfiguration files as the flags that say the same. Pure.
import { load } from 'js-yaml'
import type { Taint } from '../api/types-node.ts'
import { hardDefaults, parseSignals } from './eviction-signals.ts'

export interface KubeletConfig {
  /** `name=value`. */
  readonly args: readonly string[]
  /** Fields that a kubelet has, and that decide nothing here. */
  readonly ignored: readonly string[]
}

type Fields = Readonly<Record<string, unknown>>
interface FieldText {
  readonly flag: string
  /** Throws what was expected. */
  readonly text: (value: never, all: Fields) => string
}

const expected = (what: string, value: unknown): Error => new Error(`expected ${what}, found ${JSON.stringify(value)}`)
const scalar = (type: 'string' | 'number' | 'boolean', what: string) => (value: unknown): string => {
  if (typeof value !== type) throw expected(what, value)
  return String(value)
}
const number = scalar('number', 'a number')
const truth = scalar('boolean', 'true or false')
const string = scalar('string', 'a text')
/** Quantities may be written as numbers. */
const amount = (value: unknown): string => (typeof value === 'number' ? String(value) : string(value))
const texts = (value: unknown): string => {
  if (!Array.isArray(value) || value.some((each) => typeof each !== 'string')) throw expected('a list of texts', value)
  return value.join(',')
}
const entries = (value: unknown): [string, string][] => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw expected('names with values', value)
  return Object.entries(value).map(([name, each]) => [name, amount(each)])
}
const pairs = (separator: '<' | '=') => (value: unknown): string => entries(value).map((pair) => pair.join(separator)).join(',')
const hard = (value: unknown, all: Fields): string => {
  const own = new Map(entries(value))
  const usual = all['mergeDefaultEvictionSettings'] === true ? parseSignals(hardDefaults, '<').filter(([signal]) => !own.has(signal)) : []
  return [...own, ...usual].map((pair) => pair.join('<')).join(',')
}
const taints = (value: unknown): string => {
  if (!Array.isArray(value)) throw expected('a list of taints', value)
  return (value as Taint[]).map((taint) => `${taint.key}=${taint.value ?? ''}:${taint.effect}`).join(',')
}
const restartPeriod = (value: unknown): string => {
  const [[name, period] = [], ...rest] = entries(value)
  if (name !== 'maxContainerRestartPeriod' || period === undefined || rest.length > 0) throw expected('maxContainerRestartPeriod', value)
  return period
}
const idsPerPod = (value: unknown): string => {
  const [[name, count] = [], ...rest] = entries(value)
  if (name !== 'idsPerPod' || count === undefined || rest.length > 0) throw expected('idsPerPod', value)
  return count
}
const steps = (value: unknown): string => {
  const list = value as { priority?: unknown; shutdownGracePeriodSeconds?: unknown }[]
  if (!Array.isArray(value) || list.some((each) => typeof each?.priority !== 'number' || typeof each.shutdownGracePeriodSeconds !== 'number')) throw expected('priorities with shutdownGracePeriodSeconds', value)
  return list.map(({ priority, shutdownGracePeriodSeconds }) => `${String(priority)}=${String(shutdownGracePeriodSeconds)}`).join(',')
}

const fields: Readonly<Record<string, FieldText>> = {
  cgroupDriver: { flag: 'cgroup-driver', text: string }, singleProcessOOMKill: { flag: 'single-process-oom-kill', text: truth },
  staticPodPath: { flag: 'pod-manifest-path', text: string },
  registryPullQPS: { flag: 'registry-qps', text: number }, registryBurst: { flag: 'registry-burst', text: number },
  imagePullCredentialsVerificationPolicy: { flag: 'image-pull-credentials-verification-policy', text: string },
  preloadedImagesVerificationAllowlist: { flag: 'preloaded-images-verification-allowlist', text: texts },
  imageMinimumGCAge: { flag: 'minimum-image-ttl-duration', text: string }, imageMaximumGCAge: { flag: 'image-maximum-gc-age', text: string },
  imageGCHighThresholdPercent: { flag: 'image-gc-high-threshold', text: number }, imageGCLowThresholdPercent: { flag: 'image-gc-low-threshold', text: number },
  serializeImagePulls: { flag: 'serialize-image-pulls', text: truth }, maxParallelImagePulls: { flag: 'max-parallel-image-pulls', text: number },
  maxPods: { flag: 'max-pods', text: number }, podPidsLimit: { flag: 'pod-max-pids', text: number }, resolvConf: { flag: 'resolv-conf', text: string },
  evictionHard: { flag: 'eviction-hard', text: hard }, evictionSoft: { flag: 'eviction-soft', text: pairs('<') },
  evictionSoftGracePeriod: { flag: 'eviction-soft-grace-period', text: pairs('=') }, evictionMinimumReclaim: { flag: 'eviction-minimum-reclaim', text: pairs('=') },
  evictionPressureTransitionPeriod: { flag: 'eviction-pressure-transition-period', text: string }, evictionMaxPodGracePeriod: { flag: 'eviction-max-pod-grace-period', text: number },
  containerLogMaxSize: { flag: 'container-log-max-size', text: amount }, containerLogMaxFiles: { flag: 'container-log-max-files', text: number },
  systemReserved: { flag: 'system-reserved', text: pairs('=') }, kubeReserved: { flag: 'kube-reserved', text: pairs('=') },
  allowedUnsafeSysctls: { flag: 'allowed-unsafe-sysctls', text: texts }, seccompDefault: { flag: 'seccomp-default', text: truth },
  nodeStatusMaxImages: { flag: 'node-status-max-images', text: number }, crashLoopBackOff: { flag: 'max-container-restart-period', text: restartPeriod },
  userNamespaces: { flag: 'user-namespaces-ids-per-pod', text: idsPerPod },
  registerWithTaints: { flag: 'register-with-taints', text: taints },
  shutdownGracePeriod: { flag: 'shutdown-grace-period', text: string }, shutdownGracePeriodCriticalPods: { flag: 'shutdown-grace-period-critical-pods', text: string },
  shutdownGracePeriodByPodPriority: { flag: 'shutdown-grace-period-by-pod-priority', text: steps },
}

/** Of KubeletConfiguration v1beta1, besides: kinglet decides these itself, or has nothing that they would change. */
const elsewhere = new Set(`mergeDefaultEvictionSettings enableServer podLogsDir syncFrequency fileCheckFrequency httpCheckFrequency staticPodURL staticPodURLHeader
  address port readOnlyPort tlsCertFile tlsPrivateKeyFile tlsCipherSuites tlsMinVersion rotateCertificates serverTLSBootstrap authentication authorization
  eventRecordQPS eventBurst enableDebuggingHandlers enableContentionProfiling healthzPort healthzBindAddress oomScoreAdj clusterDomain clusterDNS
  streamingConnectionIdleTimeout nodeStatusUpdateFrequency nodeStatusReportFrequency nodeLeaseDurationSeconds volumeStatsAggPeriod kubeletCgroups systemCgroups
  cgroupRoot cgroupsPerQOS cpuManagerPolicy cpuManagerPolicyOptions cpuManagerReconcilePeriod memoryManagerPolicy
  topologyManagerPolicy topologyManagerScope topologyManagerPolicyOptions qosReserved runtimeRequestTimeout hairpinMode podCIDR runOnce cpuCFSQuota
  cpuCFSQuotaPeriod maxOpenFiles contentType kubeAPIQPS kubeAPIBurst podsPerCore enableControllerAttachDetach protectKernelDefaults
  makeIPTablesUtilChains iptablesMasqueradeBit iptablesDropBit featureGates failSwapOn memorySwap containerLogMaxWorkers containerLogMonitorInterval
  configMapAndSecretChangeDetectionStrategy reservedSystemCPUs showHiddenMetricsForVersion systemReservedCgroup kubeReservedCgroup enforceNodeAllocatable
  volumePluginDir providerID kernelMemcgNotification logging enableSystemLogHandler enableSystemLogQuery reservedMemory enableProfilingHandler
  enableDebugFlagsHandler memoryThrottlingFactor registerNode tracing localStorageCapacityIsolation containerRuntimeEndpoint imageServiceEndpoint
  failCgroupV1`.split(/\s+/))

export interface ConfigFile {
  readonly path: string
  readonly text: string
}

/** What a later file says of a field wins; maps are merged. Throws what was expected, with the file and the field. */
export function kubeletConfig(files: readonly ConfigFile[]): KubeletConfig {
  const read = files.map(({ path, text }) => named(path, () => fieldsOf(text)))
  const found = read.reduce<Fields>((all, each) => ({ ...all, ...Object.fromEntries(Object.entries(each).map(([name, value]) => [name, merged(all[name], value)])) }), {})
  const set = Object.entries(found)
  return {
    args: set.flatMap(([name, value]) => (fields[name] ? [`${fields[name].flag}=${named(name, () => fields[name]!.text(value as never, found))}`] : [])),
    ignored: set.map(([name]) => name).filter((name) => !fields[name] && name !== 'mergeDefaultEvictionSettings'),
  }
}

const isMap = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)
const merged = (before: unknown, value: unknown): unknown => (isMap(before) && isMap(value) ? { ...before, ...value } : value)

/** Those that are set. */
function fieldsOf(text: string): Fields {
  const { apiVersion, kind, ...found } = (load(text) ?? {}) as Fields
  if (apiVersion !== 'kubelet.config.k8s.io/v1beta1' || kind !== 'KubeletConfiguration') {
    throw new Error(`expected a KubeletConfiguration of kubelet.config.k8s.io/v1beta1, found ${String(kind)} of ${String(apiVersion)}`)
  }
  const unknown = Object.keys(found).find((name) => !fields[name] && !elsewhere.has(name))
  if (unknown !== undefined) throw new Error(`strict decoding error: unknown field ${JSON.stringify(unknown)}`)
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== null))
}

function named<T>(name: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error })
  }
}
