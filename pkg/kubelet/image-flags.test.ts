// The flags about images.
import { kubeletSettings } from './kubelet-flags.ts'

const settings = (...args: string[]) => kubeletSettings(args).imageSettings

it('defaults', () => expect(settings()).toEqual({
  parallelPulls: 5, pullRate: { perSecond: 5, burst: 10 }, allowlist: [], garbage: { highPercent: 85, lowPercent: 80, leastAgeMs: 120_000, mostUnusedMs: 0 }, verification: 'NeverVerifyPreloadedImages', credentialProviderFiles: {},
}))

it.each<[string[], object]>([
  [['serialize-image-pulls=true'], { parallelPulls: 1 }], [['serialize-image-pulls=false'], { parallelPulls: Infinity }],
  [['--max-parallel-image-pulls=3', 'serialize-image-pulls=false'], { parallelPulls: 3 }],
  [['image-gc-high-threshold=70', 'minimum-image-ttl-duration=5m', 'image-maximum-gc-age=72h'], { garbage: { highPercent: 70, lowPercent: 70, leastAgeMs: 300_000, mostUnusedMs: 259_200_000 } }],
  [['image-pull-credentials-verification-policy=AlwaysVerify'], { verification: 'AlwaysVerify' }],
  [['image-pull-credentials-verification-policy=NeverVerifyAllowlistedImages', 'preloaded-images-verification-allowlist=busybox,team/*,registry.test:5000/*,registry.test/a/b'], { allowlist: ['docker.io/library/busybox', 'docker.io/team/*', 'registry.test:5000/*', 'registry.test/a/b'] }],
  [['registry-qps=0', 'registry-burst=3'], { pullRate: { perSecond: 0, burst: 3 } }],
  [['image-credential-provider-config=/c', 'image-credential-provider-bin-dir=/b'], { credentialProviderFiles: { config: '/c', binDirectory: '/b' } }],
])('%j', (args, expected) => expect(settings(...args)).toMatchObject(expected))

it.each<[string[], RegExp]>([
  [['image-gc-high-threshold=101'], /image-gc-high-threshold: expected a whole number from 0 to 100, found "101"/],
  [['image-gc-high-threshold=50', 'image-gc-low-threshold=60'], /image-gc-low-threshold: 60 is over image-gc-high-threshold, 50/], [['minimum-image-ttl-duration=soon'], /expected a duration/],
  [['preloaded-images-verification-allowlist=busybox'], /policy is NeverVerifyPreloadedImages, which heeds no list/],
  ...['*', 'a*', 'a/*/b', 'registry.test/a:1', 'a@sha256:0123', ' a'].map((pattern): [string[], RegExp] => [
    ['image-pull-credentials-verification-policy=NeverVerifyAllowlistedImages', `preloaded-images-verification-allowlist=${pattern}`], /expected an image without tag and digest/,
  ]),
  [['registry-qps=-1'], /registry-qps: expected a whole number of at least 0/],
  [['serialize-image-pulls=maybe'], /expected one of true, false/], [['serialize-image-pulls=true', 'max-parallel-image-pulls=2'], /2 is over 1 although/],
])('%j is refused', (args, words) => expect(() => settings(...args)).toThrow(words))
