// KubeletConfiguration files: what they set, how they are merged, what is refused.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withConfigFiles } from './kubelet-config-files.ts'
import { kubeletConfig } from './kubelet-config.ts'
import { kubeletSettings } from './kubelet-flags.ts'

const file = (text: string, path = '/etc/kubelet.yaml'): { path: string; text: string } => ({ path, text: `apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n${text}` })
const settings = (text: string): ReturnType<typeof kubeletSettings> => kubeletSettings(kubeletConfig([file(text)]).args)

it('sets what the flags set', () => {
  expect(settings(`
maxPods: 50
podPidsLimit: 1024
staticPodPath: /etc/manifests
resolvConf: /run/resolv.conf
seccompDefault: true
cgroupDriver: systemd
singleProcessOOMKill: true
allowedUnsafeSysctls: ['kernel.msg*', net.core.somaxconn]
evictionHard: { memory.available: 200Mi, nodefs.available: 5% }
evictionSoft: { memory.available: 1Gi }
evictionSoftGracePeriod: { memory.available: 1m30s }
evictionPressureTransitionPeriod: 30s
systemReserved: { cpu: 500m, memory: 1Gi }
kubeReserved: { memory: 256Mi }
containerLogMaxSize: 5Mi
containerLogMaxFiles: 3
registerWithTaints: [{ key: own, value: yes-it-is, effect: NoSchedule }, { key: bare, effect: NoExecute }]
serializeImagePulls: false
maxParallelImagePulls: 2
registryPullQPS: 1
registryBurst: 2
imageGCHighThresholdPercent: 70
imageGCLowThresholdPercent: 60
imageMinimumGCAge: 5m
imageMaximumGCAge: 24h0m0s
imagePullCredentialsVerificationPolicy: NeverVerifyAllowlistedImages
preloadedImagesVerificationAllowlist: [busybox, registry.test/team/*]
nodeStatusMaxImages: -1
crashLoopBackOff: { maxContainerRestartPeriod: 30s }
shutdownGracePeriodByPodPriority: [{ priority: 1000, shutdownGracePeriodSeconds: 5 }, { priority: 0, shutdownGracePeriodSeconds: 20 }]
`)).toEqual({
    statusImages: -1, restartMaxMs: 30_000, maxPods: 50, podPidsLimit: 1024, manifestDirectory: '/etc/manifests', resolvConf: '/run/resolv.conf', seccompDefault: true, cgroupDriver: 'systemd', singleProcessOomKill: true, allowedUnsafeSysctls: ['kernel.msg*', 'net.core.somaxconn'],
    eviction: {
      thresholds: [
        { signal: 'memory.available', least: { quantity: 200 * 2 ** 20 }, graceMs: 0 }, { signal: 'nodefs.available', least: { share: 0.05 }, graceMs: 0 },
        { signal: 'memory.available', least: { quantity: 2 ** 30 }, graceMs: 90_000 },
      ],
      transitionMs: 30_000,
    },
    reserved: [{ memory: '256Mi' }, { cpu: '500m', memory: '1Gi' }], logRotation: { maxBytes: 5 * 2 ** 20, maxFiles: 3 },
    taints: [{ key: 'own', value: 'yes-it-is', effect: 'NoSchedule' }, { key: 'bare', effect: 'NoExecute' }],
    imageSettings: {
      parallelPulls: 2, pullRate: { perSecond: 1, burst: 2 }, garbage: { highPercent: 70, lowPercent: 60, leastAgeMs: 300_000, mostUnusedMs: 86_400_000 },
      verification: 'NeverVerifyAllowlistedImages', allowlist: ['docker.io/library/busybox', 'registry.test/team/*'], credentialProviderFiles: {},
    },
    shutdown: [{ priority: 0, graceSeconds: 20 }, { priority: 1000, graceSeconds: 5 }],
  })
})

it('takes the usual thresholds besides its own only when it says so', () => {
  const signals = (text: string): string[] => settings(text).eviction.thresholds.map(({ signal }) => signal)
  expect(signals('evictionHard: { memory.available: 1Gi }')).toEqual(['memory.available'])
  expect(signals('evictionHard: { memory.available: 1Gi }\nmergeDefaultEvictionSettings: true')).toEqual(['memory.available', 'nodefs.available', 'nodefs.inodesFree', 'imagefs.available', 'imagefs.inodesFree'])
})

it('tells what it leaves aside', () => expect(kubeletConfig([file('hairpinMode: none\nmaxPods: 5\nfeatureGates: { A: true }')]).ignored).toEqual(['hairpinMode', 'featureGates']))

it.each([
  ['maxPod: 5', '/etc/kubelet.yaml: strict decoding error: unknown field "maxPod"'],
  ['crashLoopBackOff: { maxContainerRestartPeriod: 1h }', 'max-container-restart-period: expected from 1s to 300s, found 1h'],
  ['crashLoopBackOff: { max: 1s }', 'crashLoopBackOff: expected maxContainerRestartPeriod'],
  ['maxPods: many', 'maxPods: expected a number, found "many"'],
  ['userNamespaces: { idsPerPod: many, more: 1 }', 'userNamespaces: expected idsPerPod, found {"idsPerPod":"many","more":1}'],
  ['seccompDefault: 1', 'seccompDefault: expected true or false, found 1'],
  ['evictionHard: 5%', 'evictionHard: expected names with values, found "5%"'],
  ['allowedUnsafeSysctls: kernel.msg*', 'allowedUnsafeSysctls: expected a list of texts, found "kernel.msg*"'],
  ['imageMinimumGCAge: soon', 'minimum-image-ttl-duration: expected a duration such as 90s or 1m30s, found "soon"'],
  ['shutdownGracePeriod: 10s\nshutdownGracePeriodByPodPriority: [{ priority: 0, shutdownGracePeriodSeconds: 20 }]', 'shutdown-grace-period-by-pod-priority: expected it alone, found shutdown-grace-period as well'],
])('%s is refused', (text, words) => expect(() => settings(text)).toThrow(words))

it('is nothing else', () => {
  expect(() => kubeletConfig([{ path: '/f', text: 'kind: Pod\napiVersion: v1' }])).toThrow('/f: expected a KubeletConfiguration of kubelet.config.k8s.io/v1beta1, found Pod of v1')
})

describe('files', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kinglet-kubeletconfig-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  it('drop-ins win over the file in their order, flags over all', () => {
    const [main, folder] = [join(directory, 'kubelet.yaml'), join(directory, 'conf.d')]
    mkdirSync(folder)
    writeFileSync(main, file('maxPods: 1\nsystemReserved: { cpu: 100m, memory: 1Gi }\nregistryBurst: 3').text)
    writeFileSync(join(folder, '20-b.conf'), file('maxPods: 3').text)
    writeFileSync(join(folder, '10-a.conf'), file('maxPods: 2\nsystemReserved: { cpu: 200m }').text)
    writeFileSync(join(folder, 'notes.txt'), 'nothing')
    const read = (...args: string[]): ReturnType<typeof kubeletSettings> => kubeletSettings(withConfigFiles(args).args)
    expect(read(`config=${main}`, `--config-dir=${folder}`)).toMatchObject({ maxPods: 3, reserved: [{ cpu: '200m', memory: '1Gi' }], imageSettings: { pullRate: { burst: 3 } } })
    expect(read('max-pods=4', `config=${main}`)).toMatchObject({ maxPods: 4, reserved: [{ cpu: '100m', memory: '1Gi' }] })
    expect(() => withConfigFiles([`config=${directory}/nosuch`])).toThrow('ENOENT')
    expect(withConfigFiles(['max-pods=4'])).toEqual({ args: ['max-pods=4'], ignored: [] })
  })
})
