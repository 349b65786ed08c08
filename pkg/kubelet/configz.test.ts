import { dump } from 'js-yaml'
import { configOf } from './configz.ts'
import { kubeletConfig } from './kubelet-config.ts'
import { kubeletSettings } from './kubelet-flags.ts'

it('tells of the defaults', () => expect(configOf({ serving: { host: '0.0.0.0', port: 10250 } })).toMatchObject({
  kind: 'KubeletConfiguration', port: 10250, maxPods: 110, imagePullCredentialsVerificationPolicy: 'NeverVerifyPreloadedImages', registryPullQPS: 5, containerLogMaxSize: '10Mi',
  evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '10%', 'nodefs.inodesFree': '5%', 'imagefs.available': '15%', 'imagefs.inodesFree': '5%' }, evictionPressureTransitionPeriod: '5m0s',
}))

it('what it tells is a configuration that sets the same', () => {
  const settings = kubeletSettings([
    'user-namespaces-ids-per-pod=131072',
    'max-pods=7', 'pod-max-pids=9', 'eviction-hard=memory.available<200Mi,nodefs.available<7.5%', 'eviction-soft=memory.available<1Gi', 'eviction-soft-grace-period=memory.available=1m30s',
    'eviction-minimum-reclaim=nodefs.available=1Gi', 'eviction-max-pod-grace-period=5', 'serialize-image-pulls=true', 'registry-qps=2', 'image-gc-high-threshold=70', 'image-gc-low-threshold=60',
    'image-pull-credentials-verification-policy=NeverVerifyAllowlistedImages', 'preloaded-images-verification-allowlist=busybox', 'image-maximum-gc-age=72h', 'container-log-max-size=5Mi', 'container-log-max-files=2',
    'seccomp-default=true', 'cgroup-driver=systemd', 'allowed-unsafe-sysctls=kernel.msg*', 'register-with-taints=a=b:NoSchedule', 'resolv-conf=/r', 'max-container-restart-period=20s', 'node-status-max-images=3', 'pod-manifest-path=/m',
  ])
  const told = kubeletConfig([{ path: 'configz', text: dump(configOf(settings)) }])
  expect(kubeletSettings(told.args)).toEqual(settings)
})
