// The kubelet's flags about images. Pure.
import { parseGoDuration } from './go-duration.ts'
import { imagePattern } from './pulled-images.ts'
import { defaultImageSettings, type ImageSettings } from './image-settings.ts'

export const imageFlagNames = [
  'serialize-image-pulls', 'max-parallel-image-pulls', 'image-gc-high-threshold', 'image-gc-low-threshold', 'minimum-image-ttl-duration', 'image-maximum-gc-age',
  'image-pull-credentials-verification-policy', 'preloaded-images-verification-allowlist', 'registry-qps', 'registry-burst', 'image-credential-provider-config', 'image-credential-provider-bin-dir',
] as const
export type ImageFlagName = (typeof imageFlagNames)[number]

type Read = <T>(name: ImageFlagName, parse: (text: string) => T) => T | undefined

/** `read` names the flag in what `parse` throws. */
export function imageSettings(read: Read): ImageSettings {
  const { garbage, verification, pullRate } = defaultImageSettings
  const highPercent = read('image-gc-high-threshold', percent) ?? garbage.highPercent
  const lowPercent = read('image-gc-low-threshold', percent) ?? Math.min(garbage.lowPercent, highPercent)
  if (lowPercent > highPercent) throw new Error(`image-gc-low-threshold: ${lowPercent} is over image-gc-high-threshold, ${highPercent}`)
  const config = read('image-credential-provider-config', String)
  const binDirectory = read('image-credential-provider-bin-dir', String)
  return {
    parallelPulls: parallelPulls(read),
    pullRate: { perSecond: read('registry-qps', (text) => wholeNumber(text, 0)) ?? pullRate.perSecond, burst: read('registry-burst', (text) => wholeNumber(text, 1)) ?? pullRate.burst },
    garbage: {
      highPercent, lowPercent,
      leastAgeMs: read('minimum-image-ttl-duration', parseGoDuration) ?? garbage.leastAgeMs,
      mostUnusedMs: read('image-maximum-gc-age', parseGoDuration) ?? garbage.mostUnusedMs,
    },
    ...verificationOf(read, verification),
    credentialProviderFiles: { ...(config === undefined ? {} : { config }), ...(binDirectory === undefined ? {} : { binDirectory }) },
  }
}

/** One at a time, or as many as are allowed; both flags left out, a few. */
function parallelPulls(read: Read): number {
  const serialize = read('serialize-image-pulls', oneOf(['true', 'false']))
  const most = read('max-parallel-image-pulls', (text) => wholeNumber(text, 1))
  if (serialize === 'true' && most !== undefined && most > 1) throw new Error(`max-parallel-image-pulls: ${most} is over 1 although serialize-image-pulls is true`)
  if (serialize === 'true') return 1
  return most ?? (serialize === 'false' ? Infinity : defaultImageSettings.parallelPulls)
}

function verificationOf(read: Read, usual: ImageSettings['verification']): Pick<ImageSettings, 'verification' | 'allowlist'> {
  const verification = read('image-pull-credentials-verification-policy', oneOf(['NeverVerify', 'NeverVerifyPreloadedImages', 'NeverVerifyAllowlistedImages', 'AlwaysVerify'] as const)) ?? usual
  const allowlist = read('preloaded-images-verification-allowlist', (text) => text.split(',').filter(Boolean).map(imagePattern))
  if (allowlist !== undefined && verification !== 'NeverVerifyAllowlistedImages') throw new Error(`preloaded-images-verification-allowlist: image-pull-credentials-verification-policy is ${verification}, which heeds no list`)
  return { verification, allowlist: allowlist ?? [] }
}

const percent = (text: string): number => wholeNumber(text, 0, 100)

function wholeNumber(text: string, least: number, most = Infinity): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < least || number > most) throw new Error(`expected a whole number ${most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`}, found ${JSON.stringify(text)}`)
  return number
}

const oneOf = <T extends string>(choices: readonly T[]) => (text: string): T => {
  const found = choices.find((each) => each === text)
  if (found === undefined) throw new Error(`expected one of ${choices.join(', ')}, found ${JSON.stringify(text)}`)
  return found
}
