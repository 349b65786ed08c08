// Checks of how a webhook is reached, by URL or by Service: those of admission, and those of conversion.
import { dnsLabel1035Faults, dnsSubdomainFaults, portNumberFaults } from '../../api/names.ts'
import type { Errors } from './rules.ts'
import { invalid, repeats, required } from './rules.ts'

export interface WebhookClient {
  url?: string
  caBundle?: string
  service?: { name?: string; namespace?: string; path?: string; port?: number }
}

const form = '; desired format: https://host[/path]'

export function checkWebhookClient(out: Errors, path: string, client: WebhookClient | undefined): void {
  const { url, service } = client ?? {}
  if ((url === undefined) === (service === undefined)) return void out.push(required(path, 'exactly one of url or service is required'))
  if (url !== undefined) checkUrl(out, `${path}.url`, url)
  if (!service) return
  if (!service.name) out.push(required(`${path}.service.name`))
  if (!service.namespace) out.push(required(`${path}.service.namespace`))
  const { port = 0 } = service
  for (const fault of portNumberFaults(port)) out.push(invalid(`${path}.service.port`, port, `port is not valid: ${fault}`))
  checkPath(out, `${path}.service.path`, service.path ?? '')
}

function checkUrl(out: Errors, path: string, text: string): void {
  const [, scheme = '', , authority = ''] = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(\/\/([^/?#]*))?/.exec(text) ?? []
  const [host = '', user] = authority.split('@').reverse()
  const [, query, fragment] = /^[^?#]*(\?[^#]*)?(#.*)?$/s.exec(text) ?? []
  if (scheme.toLowerCase() !== 'https') out.push(invalid(path, scheme, `'https' is the only allowed URL scheme${form}`))
  if (host === '') out.push(invalid(path, host, `host must be specified${form}`))
  if (user !== undefined) out.push(invalid(path, user, 'user information is not permitted in the URL'))
  if (fragment && fragment.length > 1) out.push(invalid(path, fragment.slice(1), 'fragments are not permitted in the URL'))
  if (query && query.length > 1) out.push(invalid(path, query.slice(1), 'query parameters are not permitted in the URL'))
}

function checkPath(out: Errors, path: string, text: string): void {
  if (text === '' || text === '/') return
  if (text === '//') return void out.push(invalid(path, text, 'segment[0] may not be empty'))
  if (!text.startsWith('/')) out.push(invalid(path, text, "must start with a '/'"))
  const whole = text.startsWith('/') ? text.slice(1) : text
  for (const [index, segment] of (whole.endsWith('/') ? whole.slice(0, -1) : whole).split('/').entries()) {
    if (segment === '') out.push(invalid(path, text, `segment[${index}] may not be empty`))
    else for (const fault of dnsSubdomainFaults(segment)) out.push(invalid(path, text, `segment[${index}]: ${fault}`))
  }
}

const knownVersions = ['v1', 'v1beta1']

/** Reviews are spoken in versions, of which at least one must be known here; `lenient` where none was known before. */
export function checkReviewVersions(out: Errors, path: string, versions: readonly string[], { missing = '', lenient = false } = {}): void {
  if (versions.length === 0) return void out.push(required(path, missing))
  const again = new Set(repeats(versions))
  for (const [index, version] of versions.entries()) {
    if (again.has(index)) out.push(invalid(`${path}[${index}]`, version, 'duplicate version'))
    else for (const fault of dnsLabel1035Faults(version)) out.push(invalid(`${path}[${index}]`, version, fault))
  }
  if (!lenient && !versions.some(isKnownReviewVersion)) out.push(invalid(path, versions, `must include at least one of ${knownVersions.join(', ')}`))
}

export const isKnownReviewVersion = (version: string): boolean => knownVersions.includes(version)
