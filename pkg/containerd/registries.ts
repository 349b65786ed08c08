// What an administrator says about image registries, in k3s' registries.yaml: mirrors with endpoints and rewrites, logins and TLS of hosts. Pure.
import { loadAll } from 'js-yaml'

export interface RegistryAuth {
  readonly username?: string
  readonly password?: string
  readonly auth?: string
  readonly identityToken?: string
}

export interface RegistryTls {
  readonly caFile?: string
  readonly certFile?: string
  readonly keyFile?: string
  readonly insecureSkipVerify?: boolean
}

export interface RegistryRewrite {
  readonly pattern: RegExp
  readonly replacement: string
}

export interface RegistryMirror {
  /** URLs or hosts, tried in this order before the registry itself. */
  readonly endpoints: readonly string[]
  /** The first that fits changes the repository's name for the endpoints; the registry itself is asked for the name as it is. */
  readonly rewrites: readonly RegistryRewrite[]
}

/** Keys are hosts with their ports; `*` stands for all that are not named. */
export interface Registries {
  readonly mirrors: ReadonlyMap<string, RegistryMirror>
  readonly auths: ReadonlyMap<string, RegistryAuth>
  readonly tls: ReadonlyMap<string, RegistryTls>
}

export const noRegistries: Registries = { mirrors: new Map(), auths: new Map(), tls: new Map() }

type Mapping = Readonly<Record<string, unknown>>

/** Throws an Error that names the place of what is not as it must be. */
export function parseRegistries(text: string): Registries {
  const top = mapping(loadAll(text)[0] ?? {}, 'the file', ['mirrors', 'configs', 'auths'])
  const mirrors = new Map(Object.entries(mapping(top['mirrors'] ?? {}, 'mirrors')).map(([host, value]) => [host, mirrorOf(value, `mirrors.${host}`)]))
  const auths = new Map<string, RegistryAuth>()
  const tls = new Map<string, RegistryTls>()
  for (const [host, value] of Object.entries(mapping(top['configs'] ?? {}, 'configs'))) {
    const config = mapping(value ?? {}, `configs.${host}`, ['auth', 'tls'])
    if (config['auth']) auths.set(host, authOf(config['auth'], `configs.${host}.auth`))
    if (config['tls']) tls.set(host, tlsOf(config['tls'], `configs.${host}.tls`))
  }
  // The older spelling: logins alone.
  for (const [host, value] of Object.entries(mapping(top['auths'] ?? {}, 'auths'))) auths.set(host, authOf(value, `auths.${host}`))
  return { mirrors, auths, tls }
}

function mirrorOf(value: unknown, where: string): RegistryMirror {
  const { endpoint, rewrite } = mapping(value ?? {}, where, ['endpoint', 'rewrite'])
  const endpoints = list(endpoint ?? [], `${where}.endpoint`)
  for (const each of endpoints) endpointUrl(each, {}, `${where}.endpoint`)
  const rewrites = Object.entries(mapping(rewrite ?? {}, `${where}.rewrite`)).map(([pattern, replacement]) => rewriteOf(pattern, replacement, `${where}.rewrite`))
  return { endpoints, rewrites }
}

function rewriteOf(pattern: string, replacement: unknown, where: string): RegistryRewrite {
  try {
    return { pattern: new RegExp(pattern), replacement: word(replacement, `${where}.${pattern}`) }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new Error(`${where}: ${JSON.stringify(pattern)} is no regular expression`)
  }
}

/** As Go replaces: `$1`, `${1}` and names are groups; nothing right behind a match is none. */
export function rewrite(text: string, { pattern, replacement }: RegistryRewrite): string {
  let end = -1
  return [...text.matchAll(new RegExp(pattern, 'g'))].filter((match) => {
    const again = match[0] === '' && match.index === end
    end = match.index + match[0].length
    return !again
  }).reverse().reduce((done, match) => done.slice(0, match.index) + expanded(replacement, match) + done.slice(match.index + match[0].length), text)
}

const expanded = (replacement: string, match: RegExpExecArray): string => replacement.replace(/\$(?:(\$)|\{(\w+)\}|(\w+))/g, (_all, dollar: string | undefined, braced: string | undefined, bare: string | undefined) => {
  const name = braced ?? bare ?? ''
  return dollar ?? (/^\d+$/.test(name) ? match[Number(name)] : match.groups?.[name]) ?? ''
})

function authOf(value: unknown, where: string): RegistryAuth {
  const { username, password, auth, identity_token: identityToken } = mapping(value, where, ['username', 'password', 'auth', 'identity_token'])
  return texts({ username, password, auth, identityToken }, where)
}

function tlsOf(value: unknown, where: string): RegistryTls {
  const { ca_file: caFile, cert_file: certFile, key_file: keyFile, insecure_skip_verify: skip } = mapping(value, where, ['ca_file', 'cert_file', 'key_file', 'insecure_skip_verify'])
  if (skip !== undefined && typeof skip !== 'boolean') throw new Error(`${where}.insecure_skip_verify: expected true or false, found ${JSON.stringify(skip)}`)
  return { ...texts({ caFile, certFile, keyFile }, where), ...(skip === undefined ? {} : { insecureSkipVerify: skip }) }
}

function mapping(value: unknown, where: string, known?: readonly string[]): Mapping {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${where}: expected a mapping, found ${JSON.stringify(value)}`)
  for (const key of Object.keys(value)) if (known && !known.includes(key)) throw new Error(`${where}: unknown key ${JSON.stringify(key)}; known are ${known.join(', ')}`)
  return value as Mapping
}

function list(value: unknown, where: string): string[] {
  if (!Array.isArray(value)) throw new Error(`${where}: expected a list, found ${JSON.stringify(value)}`)
  return value.map((item) => word(item, where))
}

function word(value: unknown, where: string): string {
  if (typeof value !== 'string' && typeof value !== 'number') throw new Error(`${where}: expected text, found ${JSON.stringify(value)}`)
  return String(value)
}

const texts = <K extends string>(values: Record<K, unknown>, where: string): Partial<Record<K, string>> =>
  Object.fromEntries(Object.entries(values).flatMap(([key, value]) => (value === undefined || value === null ? [] : [[key, word(value, where)]]))) as Partial<Record<K, string>>

/** What is known of the host: its own entry, or that of all. */
export const settingOf = <T>(settings: ReadonlyMap<string, T>, host: string): T | undefined =>
  settings.get(host) ?? (host === 'registry-1.docker.io' ? settings.get('docker.io') : undefined) ?? settings.get('*')

export interface EndpointOptions {
  /** TLS is configured for the host. */
  readonly secure?: boolean
}

/** With a scheme, a host and a path: a host of this machine on a port of its own is taken to speak plain HTTP, as Docker has it. */
export function endpointUrl(endpoint: string, { secure = false }: EndpointOptions = {}, where = 'endpoint'): URL {
  const bare = !/^[a-z]+:\/\//i.test(endpoint)
  const url = URL.parse(bare ? `https://${endpoint}` : endpoint)
  if (!url || !/^https?:$/.test(url.protocol) || url.host === '') throw new Error(`${where}: expected a host or a URL, found ${JSON.stringify(endpoint)}`)
  if (bare && !secure && url.port !== '' && isLocal(url.hostname)) url.protocol = 'http:'
  if (url.hostname === 'docker.io' || url.hostname === 'index.docker.io') url.hostname = 'registry-1.docker.io'
  if (url.pathname === '/' || url.pathname === '') url.pathname = '/v2'
  return url
}

const isLocal = (hostname: string): boolean => hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname)
