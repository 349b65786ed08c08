// The logins that a pull of an image may use: those of the pod's pull secrets, then those of the node's credential providers.
import { createHash } from 'node:crypto'
import { secrets as secretsResource } from '../api/types-config.ts'
import type { Pod } from '../api/types-pod.ts'
import type { Client } from '../client/client.ts'
import { repositoryOf } from '../containerd/image-name.ts'
import type { CredentialProviders } from './credential-providers.ts'
import { registryLogins } from './registry-login.ts'
import type { RegistryLogin } from './runtime-service.ts'

export interface SecretRef {
  readonly uid: string
  readonly namespace: string
  readonly name: string
  /** Of the login; tells when the secret says another one. */
  readonly credentialHash: string
}

export interface AccountRef {
  readonly uid: string
  readonly namespace: string
  readonly name: string
}

/** Whose a login is; nobody's in particular is the node's. */
export type LoginOwner = { readonly secret: SecretRef } | { readonly account: AccountRef } | undefined

export interface OwnedLogin {
  readonly login: RegistryLogin
  readonly owner: LoginOwner
}

export interface FoundLogins {
  readonly logins: readonly OwnedLogin[]
  /** Names of pull secrets that are not there or make no sense. */
  readonly missing: readonly string[]
}

export interface ImageCredentialsOptions {
  readonly client: Client
  readonly providers?: CredentialProviders
}

export class ImageCredentials {
  readonly #options: ImageCredentialsOptions

  constructor(options: ImageCredentialsOptions) {
    this.#options = options
  }

  /** Logins are for repositories: tag and digest do not count. */
  async find(pod: Pod, image: string): Promise<FoundLogins> {
    const repository = repositoryOf(image)
    const namespace = pod.metadata.namespace ?? ''
    const logins: OwnedLogin[] = []
    const missing: string[] = []
    for (const { name = '' } of pod.spec.imagePullSecrets ?? []) {
      // A missing pull secret is no error: the pull may do without.
      const found = await this.#ofSecret(namespace, name, repository).catch(() => undefined)
      if (found) logins.push(...found)
      else missing.push(name)
    }
    return { logins: [...logins, ...(await this.#options.providers?.logins(pod, repository) ?? [])], missing }
  }

  async #ofSecret(namespace: string, name: string, repository: string): Promise<OwnedLogin[]> {
    const secret = await this.#options.client.get(secretsResource, { namespace, name })
    return registryLogins(secret, repository).map((login) => ({
      login, owner: { secret: { uid: secret.metadata.uid ?? '', namespace, name, credentialHash: loginHash(login) } },
    }))
  }
}

const loginHash = ({ username, password, auth, identityToken }: RegistryLogin): string =>
  createHash('sha256').update(JSON.stringify([username, password, auth, identityToken])).digest('hex')
