// Finds the logins for an image's registry in a pull secret. Pure.
import type { Secret } from '../api/types-config.ts'
import type { RegistryLogin } from './runtime-service.ts'

interface AuthEntry {
  readonly username?: string
  readonly password?: string
  readonly auth?: string
  readonly identitytoken?: string
}

export function registryLogins(secret: Secret, image: string): RegistryLogin[] {
  const modern = secret.data?.['.dockerconfigjson']
  const old = secret.data?.['.dockercfg']
  const text = modern ?? old
  if (text === undefined) return []
  const parsed = JSON.parse(Buffer.from(text, 'base64').toString()) as { auths?: Record<string, AuthEntry> } & Record<string, AuthEntry>
  const auths: Record<string, AuthEntry> = modern === undefined ? parsed : parsed.auths ?? {}
  return Object.entries(auths).filter(([registry]) => matches(registry, image)).map(([, entry]) => login(entry))
}

/** The registry of an image: what is before the first slash, if it looks like a host; Docker Hub otherwise. */
export function registryOf(image: string): string {
  const first = image.split('/')[0] ?? ''
  return image.includes('/') && (/[.:]/.test(first) || first === 'localhost') ? first : 'docker.io'
}

function matches(pattern: string, image: string): boolean {
  const [host = '', ...path] = pattern.replace(/^https?:\/\//, '').replace(/\/(v1|v2)?\/?$/, '').split('/')
  const registry = registryOf(image)
  const known = registry === 'docker.io' ? ['docker.io', 'index.docker.io', 'registry-1.docker.io'] : [registry]
  const glob = new RegExp(`^${host.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^.]*')}$`)
  if (!known.some((name) => glob.test(name))) return false
  return path.length === 0 || image.split('/').slice(1).join('/').startsWith(path.join('/'))
}

function login(entry: AuthEntry): RegistryLogin {
  const decoded = entry.auth ? Buffer.from(entry.auth, 'base64').toString() : ''
  const at = decoded.indexOf(':')
  const username = entry.username ?? (at > 0 ? decoded.slice(0, at) : undefined)
  const password = entry.password ?? (at > 0 ? decoded.slice(at + 1) : undefined)
  return {
    ...(username ? { username } : {}), ...(password ? { password } : {}),
    ...(entry.identitytoken ? { identityToken: entry.identitytoken } : {}),
  }
}
