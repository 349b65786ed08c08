// What /configz tells: the settings that this kubelet works by, as a KubeletConfiguration. Pure.
import { bytesText } from './eviction-ranking.ts'
import { evictionConfig, type EvictionConfig, type Threshold } from './eviction-signals.ts'
import { goDuration } from './go-duration.ts'
import { defaultImageSettings } from './image-settings.ts'
import type { KubeletOptions } from './kubelet-options.ts'
import { idUnit } from './node-users.ts'

type Settings = Pick<KubeletOptions, 'maxPods' | 'idsPerPod' | 'clusterDns' | 'clusterDomain' | 'cgroupDriver' | 'cgroupRoot' | 'podPidsLimit' | 'seccompDefault' | 'allowedUnsafeSysctls' | 'manifestDirectory'
  | 'resolvConf' | 'restartMaxMs' | 'statusImages' | 'logDirectory' | 'logRotation' | 'eviction' | 'imageSettings' | 'taints'> & { readonly serving?: Pick<NonNullable<KubeletOptions['serving']>, 'host' | 'port'> }

export function configOf(options: Settings): Readonly<Record<string, unknown>> {
  const { serving, logRotation = {}, taints = [] } = options
  return {
    kind: 'KubeletConfiguration', apiVersion: 'kubelet.config.k8s.io/v1beta1', enableServer: serving !== undefined,
    ...(serving ? { address: serving.host, port: serving.port } : {}),
    staticPodPath: options.manifestDirectory ?? '', podLogsDir: options.logDirectory ?? '/var/log/pods', resolvConf: options.resolvConf ?? '/etc/resolv.conf',
    authentication: { x509: {}, webhook: { enabled: true, cacheTTL: '10s' }, anonymous: { enabled: false } },
    authorization: { mode: 'Webhook', webhook: { cacheAuthorizedTTL: '10s', cacheUnauthorizedTTL: '0s' } },
    clusterDNS: options.clusterDns ?? [], clusterDomain: options.clusterDomain ?? 'cluster.local',
    nodeStatusUpdateFrequency: '10s', nodeStatusReportFrequency: '5m0s', nodeLeaseDurationSeconds: 40, syncFrequency: '1m0s',
    ...imagesOf(options.imageSettings ?? defaultImageSettings),
    cgroupRoot: options.cgroupRoot ?? '', cgroupsPerQOS: true, cgroupDriver: options.cgroupDriver ?? 'cgroupfs', cpuManagerPolicy: 'none', memoryManagerPolicy: 'None', topologyManagerPolicy: 'none',
    userNamespaces: { idsPerPod: options.idsPerPod ?? idUnit }, maxPods: options.maxPods ?? 110, podPidsLimit: options.podPidsLimit ?? -1, seccompDefault: options.seccompDefault ?? false, allowedUnsafeSysctls: options.allowedUnsafeSysctls ?? [],
    containerLogMaxSize: bytesText(logRotation.maxBytes ?? 10 * 2 ** 20), containerLogMaxFiles: logRotation.maxFiles ?? 5,
    nodeStatusMaxImages: options.statusImages ?? 50, ...(options.restartMaxMs === undefined ? {} : { crashLoopBackOff: { maxContainerRestartPeriod: goDuration(options.restartMaxMs) } }),
    ...evictionOf(options.eviction ?? evictionConfig({})),
    ...(taints.length > 0 ? { registerWithTaints: taints } : {}), enableSystemLogHandler: true, enableSystemLogQuery: false,
  }
}

function imagesOf({ garbage, parallelPulls, pullRate, verification, allowlist }: NonNullable<Settings['imageSettings']>): object {
  return {
    serializeImagePulls: parallelPulls === 1, ...(Number.isFinite(parallelPulls) ? { maxParallelImagePulls: parallelPulls } : {}), registryPullQPS: pullRate.perSecond, registryBurst: pullRate.burst,
    imagePullCredentialsVerificationPolicy: verification, ...(allowlist.length > 0 ? { preloadedImagesVerificationAllowlist: allowlist } : {}),
    imageMinimumGCAge: goDuration(garbage.leastAgeMs), imageMaximumGCAge: goDuration(garbage.mostUnusedMs), imageGCHighThresholdPercent: garbage.highPercent, imageGCLowThresholdPercent: garbage.lowPercent,
  }
}

function evictionOf({ thresholds, transitionMs, maxPodGraceSeconds }: EvictionConfig): object {
  const soft = thresholds.filter(({ graceMs }) => graceMs > 0)
  const hard = thresholds.filter(({ graceMs }) => graceMs === 0)
  const reclaims = thresholds.flatMap(({ signal, reclaim }) => (reclaim ? [[signal, amountText(reclaim)]] : []))
  const amounts = (which: readonly Threshold[]): object => Object.fromEntries(which.map(({ signal, least }) => [signal, amountText(least)]))
  return {
    evictionHard: amounts(hard), evictionPressureTransitionPeriod: goDuration(transitionMs),
    ...(soft.length > 0 ? { evictionSoft: amounts(soft), evictionSoftGracePeriod: Object.fromEntries(soft.map(({ signal, graceMs }) => [signal, goDuration(graceMs)])) } : {}),
    ...(reclaims.length > 0 ? { evictionMinimumReclaim: Object.fromEntries(reclaims) as object } : {}),
    ...(maxPodGraceSeconds === undefined ? {} : { evictionMaxPodGracePeriod: maxPodGraceSeconds }),
  }
}

const amountText = (amount: Threshold['least']): string => ('quantity' in amount ? bytesText(amount.quantity) : `${Number((amount.share * 100).toFixed(6))}%`)
