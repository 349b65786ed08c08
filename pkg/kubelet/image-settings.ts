// How this kubelet deals with images, where an administrator may choose.
import type { CredentialProvider } from './credential-providers.ts'
import type { GarbageLimits } from './image-garbage.ts'
import { defaultGarbageLimits } from './image-garbage.ts'
import type { PreloadedPolicy } from './pulled-images.ts'

export interface ImageSettings {
  /** How many pulls run at a time; may be Infinity. */
  readonly parallelPulls: number
  readonly garbage: GarbageLimits
  /** Whether a pod must show a login for an image that is there: imagePullCredentialsVerificationPolicy. */
  readonly verification: PreloadedPolicy | 'NeverVerify'
  /** Where the providers' configuration and programs are, if not where they usually are. */
  readonly credentialProviderFiles: { readonly config?: string; readonly binDirectory?: string }
  readonly credentialProviders?: { readonly providers: readonly CredentialProvider[]; readonly binDirectory: string }
}

export const defaultImageSettings: ImageSettings = { parallelPulls: 5, garbage: defaultGarbageLimits, verification: 'NeverVerifyPreloadedImages', credentialProviderFiles: {} }
