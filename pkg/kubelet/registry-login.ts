// Which logins of a pull secret are for an image, and in which order they are tried. Pure.
import type { Secret } from '../api/types-config.ts'
import type { RegistryLogin } from './runtime-service.ts'

interface AuthEntry {
  readonly username?: string
  readonly password?: string
  readonly auth?: string
  readonly identitytoken?: string
}

/** The most specific first. Empty for a secret of another form; throws for one whose text is no JSON. */
export function registryLogins(secret: Secret, image: string): RegistryLogin[] {
  const modern = secret.data?.['.dockerconfigjson']
  const old = secret.data?.['.dockercfg']
  const text = modern ?? old
  if (text === undefined) return []
  const parsed = JSON.parse(Buffer.from(text, 'base64').toString()) as { auths?: Record<string, AuthEntry> } & Record<string, AuthEntry>
  const auths: Record<string, AuthEntry> = modern === undefined ? parsed : parsed.auths ?? {}
  return loginsFor(auths, image).map(login)
}

/** The values whose keys, registries with paths and wildcards, fit the image; the most specific first. */
export function loginsFor<T>(entries: Readonly<Record<string, T>>, image: string): T[] {
  return Object.entries(entries).filter(([pattern]) => imageMatches(pattern, image)).sort(([a], [b]) => (a < b ? 1 : -1)).map(([, value]) => value)
}

/** The registry of an image: what is before the first slash, if it looks like a host; Docker Hub otherwise. */
export function registryOf(image: string): string {
  const first = image.split('/')[0] ?? ''
  return image.includes('/') && (/[.:]/.test(first) || first === 'localhost') ? first : 'docker.io'
}

/** A host with or without wildcards in its parts, a port, and the beginning of a path. */
export function imageMatches(pattern: string, image: string): boolean {
  const [host = '', ...path] = pattern.replace(/^https?:\/\//, '').replace(/\/(v1|v2)?\/?$/, '').split('/')
  const registry = registryOf(image)
  const known = registry === 'docker.io' ? ['docker.io', 'index.docker.io', 'registry-1.docker.io'] : [registry]
  const glob = new RegExp(`^${host.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^.:]*').replaceAll('?', '[^.:]')}$`)
  if (!known.some((name) => glob.test(name))) return false
  if (path.length === 0) return true
  const repository = image.startsWith(`${registry}/`) ? image.slice(registry.length + 1) : image
  return repository.startsWith(path.join('/'))
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
