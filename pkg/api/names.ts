// What may be a name, a label or a key, with Kubernetes' texts for what may not. Each check answers a list of faults, empty for a good value.

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const subdomain = `${label}(\\.${label})*`
const underscoredLabel = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
const underscored = `${underscoredLabel}(\\.${underscoredLabel})*`
const label1035 = '[a-z]([-a-z0-9]*[a-z0-9])?'
const qualified = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const labelText = `(${qualified})?`
const configKey = '[-._a-zA-Z0-9]+'
const envName = '[-._a-zA-Z][-._a-zA-Z0-9]*'
const headerName = '[-A-Za-z0-9]+'
const wildcard = `\\*\\.${subdomain}`

const whole = (source: string): RegExp => new RegExp(`^(?:${source})$`)
const patterns = {
  label: whole(label), subdomain: whole(subdomain), underscored: whole(underscored), label1035: whole(label1035), qualified: whole(qualified), labelText: whole(labelText),
  configKey: whole(configKey), envName: whole(envName), headerName: whole(headerName), wildcard: whole(wildcard),
}

const subdomainFault = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"

const underscoredFault = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"

function regexFault(message: string, pattern: string, ...examples: string[]): string {
  const shown = examples.map((example, index) => `${index > 0 ? ' or ' : ''}'${example}', `).join('')
  return examples.length === 0 ? `${message} (regex used for validation is '${pattern}')` : `${message} (e.g. ${shown}regex used for validation is '${pattern}')`
}

const tooLong = (value: string, max: number, unit: 'characters' | 'bytes'): string[] =>
  Buffer.byteLength(value) > max ? [`must be no more than ${max} ${unit}`] : []

export function dnsLabelFaults(value: string): string[] {
  const faults = tooLong(value, 63, 'characters')
  if (patterns.label.test(value)) return faults
  if (patterns.subdomain.test(value)) return [...faults, 'must not contain dots']
  return [...faults, regexFault("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character", label, 'my-name', '123-abc')]
}

export function dnsSubdomainFaults(value: string): string[] {
  const faults = tooLong(value, 253, 'characters')
  return patterns.subdomain.test(value) ? faults : [...faults, regexFault(subdomainFault, subdomain, 'example.com')]
}

/** A domain to search in; its labels may start with an underscore and have more of them. */
export function searchDomainFaults(value: string): string[] {
  const faults = tooLong(value, 253, 'characters')
  return patterns.underscored.test(value) ? faults : [...faults, regexFault(underscoredFault, underscored, 'example.com')]
}

export function wildcardSubdomainFaults(value: string): string[] {
  const faults = tooLong(value, 253, 'characters')
  if (patterns.wildcard.test(value)) return faults
  return [...faults, regexFault("a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character", wildcard, '*.example.com')]
}

export function dnsLabel1035Faults(value: string): string[] {
  const faults = tooLong(value, 63, 'characters')
  if (patterns.label1035.test(value)) return faults
  return [...faults, regexFault("a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character", label1035, 'my-name', 'abc-123')]
}

/** Names that are one segment of a URL, and nothing more. */
export function pathSegmentFaults(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`]
  return ['/', '%'].filter((part) => value.includes(part)).map((part) => `may not contain '${part}'`)
}

const qualifiedFault = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"

/** Label keys, annotation keys, finalizers, resource names: an optional DNS prefix and a name. */
export function qualifiedNameFaults(value: string): string[] {
  const parts = value.split('/')
  if (parts.length > 2) {
    return [`a valid label key ${regexFault(qualifiedFault, qualified, 'MyName', 'my.name', '123-abc')} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`]
  }
  const faults: string[] = []
  const name = parts.at(-1) ?? ''
  if (parts.length === 2) {
    const prefix = parts[0] ?? ''
    if (prefix === '') faults.push('prefix part must be non-empty')
    else faults.push(...dnsSubdomainFaults(prefix).map((fault) => `prefix part ${fault}`))
  }
  if (name === '') faults.push('name part must be non-empty')
  else faults.push(...tooLong(name, 63, 'bytes').map((fault) => `name part ${fault}`))
  if (!patterns.qualified.test(name)) faults.push(`name part ${regexFault(qualifiedFault, qualified, 'MyName', 'my.name', '123-abc')}`)
  return faults
}

export function labelValueFaults(value: string): string[] {
  const faults = tooLong(value, 63, 'bytes')
  if (patterns.labelText.test(value)) return faults
  return [...faults, regexFault("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character", labelText, 'MyValue', 'my_value', '12345')]
}

/** Keys of ConfigMaps and Secrets. */
export function configKeyFaults(value: string): string[] {
  const faults = tooLong(value, 253, 'characters')
  if (!patterns.configKey.test(value)) {
    faults.push(regexFault("a valid config key must consist of alphanumeric characters, '-', '_' or '.'", configKey, 'key.name', 'KEY_NAME', 'key-name'))
  }
  return [...faults, ...dotFaults(value)]
}

function dotFaults(value: string): string[] {
  if (value === '.') return ["must not be '.'"]
  if (value === '..') return ["must not be '..'"]
  return value.startsWith('..') ? ["must not start with '..'"] : []
}

/** Names of environment variables, as v1.34 and later accept them: printable ASCII but `=`. */
export function envNameFaults(value: string): string[] {
  if (value === '') return ['environment variable name must be non-empty']
  return /^[ -<>-~]+$/.test(value) ? [] : ["a valid environment variable name must consist only of printable ASCII characters other than '='"]
}

export function headerNameFaults(value: string): string[] {
  return patterns.headerName.test(value) ? [] : [regexFault("a valid HTTP header must consist of alphanumeric characters or '-'", headerName, 'X-Header-Name')]
}

const conditionReason = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?'
const conditionReasonPattern = whole(conditionReason)

/** Reasons of conditions: one word, or a few that are listed. */
export function conditionReasonFaults(value: string): string[] {
  if (conditionReasonPattern.test(value)) return []
  return [regexFault("a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'", conditionReason, 'my_name', 'MY_NAME', 'MyName', 'ReasonA,ReasonB', 'ReasonA:ReasonB')]
}

/** Port names (IANA service names). */
export function portNameFaults(value: string): string[] {
  const faults: string[] = []
  if (value.length > 15) faults.push('must be no more than 15 characters')
  if (!/^[-a-z0-9]+$/.test(value)) faults.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
  if (!/[a-z]/.test(value)) faults.push('must contain at least one letter (a-z)')
  if (value.includes('--')) faults.push('must not contain consecutive hyphens')
  if (/^-|-$/.test(value)) faults.push('must not begin or end with a hyphen')
  return faults
}

export function portNumberFaults(value: unknown): string[] {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65535 ? [] : ['must be between 1 and 65535, inclusive']
}
