// Ingress: HTTP routes into Services.
import { dnsLabel1035Faults, dnsLabelFaults, dnsSubdomainFaults, wildcardSubdomainFaults } from '../../api/names.ts'
import type { HTTPIngressPath, Ingress, IngressBackend, IngressRule, IngressTLS } from '../../api/types-service.ts'
import { ingresses } from '../../api/types-service.ts'
import { ageColumn, nameColumn, none, text } from './columns.ts'
import { define, subresource } from './define.ts'
import { checkLocalReference } from './ingress-class.ts'
import { checkIp, ipWarnings, isIpAddress } from './ip-rules.ts'
import type { Errors } from './rules.ts'
import { addFaults, checkDnsSubdomain, checkPortName, checkPortNumber, invalid, notSupported, required } from './rules.ts'

const shownHosts = 3
const classAnnotation = 'kubernetes.io/ingress.class'

function hostsText({ spec }: Ingress): string {
  const rules = spec.rules ?? []
  const named = rules.flatMap(({ host }, index) => (host ? { host, index } : []))
  if (named.length === 0) return '*'
  const shown = named.slice(0, shownHosts)
  const text = shown.map(({ host }) => host).join(',')
  // Counted are rules, those without a host too.
  return shown.length === shownHosts && (shown.at(-1)?.index ?? 0) < rules.length - 1 ? `${text} + ${rules.length - shownHosts} more...` : text
}

function addressText({ status }: Ingress): string {
  return [...new Set((status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').filter((address) => address !== ''))].sort().join(',')
}

/** What an update may keep since the old object has it. */
interface Leniency {
  readonly secretNames: boolean
  readonly wildcardRules: boolean
  readonly serviceNames: boolean
}

const strict: Leniency = { secretNames: false, wildcardRules: false, serviceNames: false }

function leniencyFor({ spec }: Ingress): Leniency {
  const backends = [spec.defaultBackend, ...(spec.rules ?? []).flatMap(({ http }) => (http?.paths ?? []).map(({ backend }) => backend))]
  return {
    secretNames: (spec.tls ?? []).some(({ secretName }) => secretName && dnsSubdomainFaults(secretName).length > 0),
    wildcardRules: (spec.rules ?? []).some((rule) => rule.host?.includes('*') && checkedPaths(rule, strict).length > 0),
    serviceNames: backends.some((backend) => {
      const name = backend?.service?.name ?? ''
      return dnsLabelFaults(name).length === 0 && dnsLabel1035Faults(name).length > 0
    }),
  }
}

function checkedPaths(rule: IngressRule, leniency: Leniency): Errors {
  const out: Errors = []
  checkPaths(out, '', rule, leniency)
  return out
}

function checkBackend(out: Errors, path: string, backend: IngressBackend | undefined, { serviceNames }: Leniency): void {
  const { service, resource } = backend ?? {}
  if (service && resource) out.push(invalid(path, '', 'cannot set both resource and service backends'))
  else if (resource) checkLocalReference(out, `${path}.resource`, resource)
  else if (!service) out.push(invalid(path, '', 'resource or service backend is required'))
  else {
    if (!service.name) out.push(required(`${path}.service.name`))
    else addFaults(out, `${path}.service.name`, service.name, serviceNames ? dnsLabelFaults(service.name) : dnsLabel1035Faults(service.name))
    const { name = '', number = 0 } = service.port ?? {}
    if (name !== '' && number !== 0) out.push(invalid(path, '', 'cannot set both port name & port number'))
    else if (name !== '') checkPortName(out, `${path}.service.port.name`, name)
    else if (number !== 0) checkPortNumber(out, `${path}.service.port.number`, number)
    else out.push(required(path, 'port name or number is required'))
  }
}

const badSegments = ['//', '/./', '/../', '%2f', '%2F']

function checkPath(out: Errors, at: string, { path = '', pathType, backend }: HTTPIngressPath, leniency: Leniency): void {
  if (pathType === undefined) return void out.push(required(`${at}.pathType`, 'pathType must be specified'))
  const wrong = (detail: string): unknown => out.push(invalid(`${at}.path`, path, detail))
  if (pathType === 'Exact' || pathType === 'Prefix') {
    if (!path.startsWith('/')) wrong('must be an absolute path')
    for (const part of badSegments) if (path.includes(part)) wrong(`must not contain '${part}'`)
    for (const end of ['/..', '/.']) if (path.endsWith(end)) wrong(`cannot end with '${end}'`)
  } else if (pathType !== 'ImplementationSpecific') out.push(notSupported(`${at}.pathType`, pathType, ['Exact', 'ImplementationSpecific', 'Prefix']))
  else if (path !== '' && !path.startsWith('/')) wrong('must be an absolute path')
  checkBackend(out, `${at}.backend`, backend, leniency)
}

function checkPaths(out: Errors, path: string, { http }: IngressRule, leniency: Leniency): void {
  if (!http) return
  if (!http.paths?.length) out.push(required(`${path}.http.paths`))
  for (const [index, one] of (http.paths ?? []).entries()) checkPath(out, `${path}.http.paths[${index}]`, one, leniency)
}

const checkHost = (out: Errors, path: string, host: string): void =>
  addFaults(out, path, host, host.includes('*') ? wildcardSubdomainFaults(host) : dnsSubdomainFaults(host))

function checkRule(out: Errors, path: string, rule: IngressRule, leniency: Leniency): void {
  const { host = '' } = rule
  if (isIpAddress(host)) out.push(invalid(`${path}.host`, host, 'must be a DNS name, not an IP address'))
  if (host !== '') checkHost(out, `${path}.host`, host)
  if (!host.includes('*') || !leniency.wildcardRules) checkPaths(out, path, rule, leniency)
}

function checkTls(out: Errors, path: string, { hosts = [], secretName }: IngressTLS, { secretNames }: Leniency): void {
  for (const [index, host] of hosts.entries()) checkHost(out, `${path}.hosts[${index}]`, host)
  if (secretName && !secretNames) checkDnsSubdomain(out, `${path}.secretName`, secretName)
}

function validate({ metadata, spec }: Ingress, old?: Ingress): Errors {
  const out: Errors = []
  const leniency = old ? leniencyFor(old) : strict
  if (!spec.rules?.length && !spec.defaultBackend) out.push(invalid('spec', null, 'either `defaultBackend` or `rules` must be specified'))
  if (spec.defaultBackend) checkBackend(out, 'spec.defaultBackend', spec.defaultBackend, leniency)
  for (const [index, rule] of (spec.rules ?? []).entries()) checkRule(out, `spec.rules[${index}]`, rule, leniency)
  for (const [index, tls] of (spec.tls ?? []).entries()) checkTls(out, `spec.tls[${index}]`, tls, leniency)
  if (spec.ingressClassName !== undefined) checkDnsSubdomain(out, 'spec.ingressClassName', spec.ingressClassName)
  const annotation = metadata.annotations?.[classAnnotation]
  if (!old && annotation !== undefined && spec.ingressClassName !== undefined && annotation !== spec.ingressClassName) {
    out.push(invalid(`annotations.${classAnnotation}`, annotation, 'must match `ingressClassName` when both are specified'))
  }
  return out
}

const ingressPath = 'status.loadBalancer.ingress'

function validateStatus({ status }: Ingress, old: Ingress): Errors {
  const out: Errors = []
  const known = (old.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip || [])
  for (const [index, { ip, hostname }] of (status?.loadBalancer?.ingress ?? []).entries()) {
    if (ip) checkIp(out, `${ingressPath}[${index}].ip`, ip, known)
    if (!hostname) continue
    checkDnsSubdomain(out, `${ingressPath}[${index}].hostname`, hostname)
    if (isIpAddress(hostname)) out.push(invalid(`${ingressPath}[${index}].hostname`, hostname, 'must be a DNS name, not an IP address'))
  }
  return out
}

export default define(ingresses, {
  initialStatus: () => ({ loadBalancer: {} }),
  defaults(draft) {
    draft.spec ??= {}
  },
  validate,
  warnings: ({ metadata, spec }, old) => (!old && metadata.annotations?.[classAnnotation] !== undefined && spec.ingressClassName === undefined
    ? [`annotation ${JSON.stringify(classAnnotation)} is deprecated, please use 'spec.ingressClassName' instead`] : []),
  subresources: [subresource('status', {
    validate: validateStatus,
    warnings: ({ status }) => (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }, index) => (ip ? ipWarnings(`${ingressPath}[${index}]`, ip) : [])),
  })],
  columns: [
    nameColumn,
    text('Class', 'Class of the ingress.', ({ spec }) => spec.ingressClassName ?? none),
    text('Hosts', 'Hosts whose requests are routed.', hostsText),
    text('Address', 'Where requests enter.', addressText),
    text('Ports', 'Ports that are open.', ({ spec }) => (spec.tls?.length ? '80, 443' : '80')),
    ageColumn,
  ],
})
