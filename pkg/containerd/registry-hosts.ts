// Registries in containerd's words: a directory with `hosts.toml` for each registry, logins for its configuration, and the rewritten names that it cannot know. Pure but for `writeRegistryHosts`.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toToml } from './containerd-config.ts'
import type { Registries, RegistryAuth, RegistryTls } from './registries.ts'
import { endpointUrl, rewrite, settingOf } from './registries.ts'

/** Names of hosts that only containerd knows: each is one endpoint, which is asked for a rewritten name. */
const rewrittenDomain = 'rewritten.kinglet.internal'

export interface RegistryHost {
  /** As in an image's name. */
  readonly host: string
  readonly toml: string
}

/** One for each registry that something is said about; `_default` for all others. */
export function registryHosts(registries: Registries): RegistryHost[] {
  const hosts = new Set([...registries.mirrors.keys(), ...registries.tls.keys()])
  const usual = [...hosts].map((host) => ({ host: host === '*' ? '_default' : host, toml: hostToml(host, registries) }))
  const rewritten = rewritingMirrors(registries).flatMap(({ endpoints }) => endpoints.map(({ alias, url }) => ({ host: alias, toml: serverToml(url, registries) })))
  return [...usual, ...rewritten]
}

function hostToml(host: string, registries: Registries): string {
  const mirror = registries.mirrors.get(host) ?? registries.mirrors.get('*')
  const endpoints = mirror && mirror.rewrites.length === 0 ? mirror.endpoints : []
  const tls = host === '*' ? undefined : settingOf(registries.tls, host)
  return withHosts(toToml({
    // Left out, containerd takes the registry's usual address.
    ...(tls ? { server: endpointUrl(host, { secure: true }).href, capabilities: ['pull', 'resolve'], ...tlsToml(tls) } : {}),
    host: Object.fromEntries(endpoints.map((endpoint) => {
      const url = urlOf(endpoint, registries)
      return [url.href, { capabilities: ['pull', 'resolve'], ...pathToml(url), ...tlsToml(settingOf(registries.tls, url.host)) }]
    })),
  }))
}

/** containerd 1.6 refuses a file without the table. */
const withHosts = (toml: string): string => (/^\[.*host.*\]$/m.test(toml) ? toml : `${toml}\n[host]\n`)

const serverToml = (url: URL, registries: Registries): string =>
  withHosts(toToml({ server: url.href, capabilities: ['pull', 'resolve'], ...pathToml(url), ...tlsToml(settingOf(registries.tls, url.host)) }))

const urlOf = (endpoint: string, { tls }: Registries): URL => endpointUrl(endpoint, { secure: settingOf(tls, endpoint) !== undefined })

const pathToml = (url: URL): { override_path?: boolean } => (url.pathname === '/v2' ? {} : { override_path: true })

const tlsToml = (tls: RegistryTls | undefined): Record<string, string | boolean | readonly (readonly string[])[]> => ({
  ...(tls?.caFile ? { ca: tls.caFile } : {}),
  ...(tls?.certFile ? { client: [[tls.certFile, tls.keyFile ?? '']] } : {}),
  ...(tls?.insecureSkipVerify ? { skip_verify: true } : {}),
})

/** containerd spells a port in a directory's name `_5000_`. */
const directoryOf = (host: string): string => host.replace(/:(\d+)$/, '_$1_')

/** What was there before is gone afterwards. containerd reads it at each pull. */
export function writeRegistryHosts(directory: string, registries: Registries): void {
  rmSync(directory, { recursive: true, force: true })
  for (const { host, toml } of registryHosts(registries)) {
    const own = join(directory, directoryOf(host))
    mkdirSync(own, { recursive: true, mode: 0o700 })
    writeFileSync(join(own, 'hosts.toml'), toml, { mode: 0o600 })
  }
}

/** By the host that is asked. */
export function registryLogins({ auths }: Registries): Record<string, Record<string, string>> {
  return Object.fromEntries([...auths].filter(([host]) => host !== '*').map(([host, auth]) => [host === 'docker.io' ? 'registry-1.docker.io' : host, authToml(auth)]))
}

const authToml = ({ username = '', password = '', auth = '', identityToken = '' }: RegistryAuth): Record<string, string> =>
  ({ ...(auth ? { auth } : {}), ...(username ? { username, password } : {}), ...(identityToken ? { identitytoken: identityToken } : {}) })

interface RewritingMirror {
  readonly host: string
  readonly rewrite: (repository: string) => string
  readonly endpoints: readonly { readonly alias: string; readonly url: URL }[]
}

function rewritingMirrors(registries: Registries): RewritingMirror[] {
  return [...registries.mirrors].filter(([, { rewrites }]) => rewrites.length > 0).map(([host, { endpoints, rewrites }], index) => ({
    host,
    rewrite: (repository) => {
      const fitting = rewrites.find(({ pattern }) => pattern.test(repository))
      return fitting ? rewrite(repository, fitting) : repository
    },
    endpoints: endpoints.map((endpoint, at) => ({ alias: `m${index}-${at}.${rewrittenDomain}`, url: urlOf(endpoint, registries) })),
  }))
}

/** The names to pull an image by before its own, in this order; `fullName` is complete. */
export function rewrittenNames(registries: Registries): (fullName: string) => readonly string[] {
  const mirrors = rewritingMirrors(registries)
  return (fullName) => {
    const [, host = '', repository = '', version = ''] = /^([^/]+)\/([^:@]+)(.*)$/.exec(fullName) ?? []
    const mirror = mirrors.find((each) => each.host === host) ?? (registries.mirrors.has(host) ? undefined : mirrors.find((each) => each.host === '*'))
    return (mirror?.endpoints ?? []).map(({ alias }) => `${alias}/${mirror?.rewrite(repository)}${version}`)
  }
}
