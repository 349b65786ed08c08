// How this kubelet deals with images, where an administrator may choose.
import type { CredentialProvider } from './credential-providers.ts'
import type { GarbageLimits } from './image-garbage.ts'
import { defaultGarbageLimits } from './image-garbage.ts'
import type { PreloadedPolicy } from './pulled-images.ts'
import type { Rate } from './rate-limit.ts'

export interface ImageSettings {
  /** How many pulls run at a time; may be Infinity. */
  readonly parallelPulls: number
  /** How often one may begin. */
  readonly pullRate: Rate
  readonly garbage: GarbageLimits
  /** Whether a pod must show a login for an image that is there: imagePullCredentialsVerificationPolicy. */
  readonly verification: PreloadedPolicy | 'NeverVerify'
  /** For NeverVerifyAllowlistedImages: repositories, and with `/*` all in one of their folders. */
  readonly allowlist: readonly string[]
  /** Where the providers' configuration and programs are, if not where they usually are. */
  readonly credentialProviderFiles: { readonly config?: string; readonly binDirectory?: string }
  readonly credentialProviders?: { readonly providers: readonly CredentialProvider[]; readonly binDirectory: string }
}

export const defaultImageSettings: ImageSettings = {
  parallelPulls: 5, pullRate: { perSecond: 5, burst: 10 }, garbage: defaultGarbageLimits, verification: 'NeverVerifyPreloadedImages', allowlist: [], credentialProviderFiles: {},
}
