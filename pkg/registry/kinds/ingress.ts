// Ingress and IngressClass: HTTP routes into Services.
import { wildcardSubdomainFaults } from '../../api/names.ts'
import type { Ingress, IngressBackend, IngressRule } from '../../api/types-service.ts'
import { ingressClasses, ingresses } from '../../api/types-service.ts'
import type { Definition } from '../definition.ts'
import { ageColumn, nameColumn, none, text } from './columns.ts'
import { define } from './define.ts'
import type { Errors } from './rules.ts'
import {
  addFaults, checkDnsLabel1035, checkDnsSubdomain, checkImmutable, checkOneOf, checkPortName, checkPortNumber, forbiddenField, invalid, required,
} from './rules.ts'
import { isIP } from 'node:net'

const shownHosts = 3

function hostsText({ spec }: Ingress): string {
  const hosts = (spec.rules ?? []).flatMap(({ host }) => host || [])
  if (hosts.length === 0) return '*'
  const more = hosts.length - shownHosts
  return more > 0 ? `${hosts.slice(0, shownHosts).join(',')} + ${more} more...` : hosts.join(',')
}

function addressText({ status }: Ingress): string {
  return [...new Set((status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').filter((address) => address !== ''))].sort().join(',')
}

function checkBackend(out: Errors, path: string, backend: IngressBackend | undefined): void {
  const { service, resource } = backend ?? {}
  if (service && resource) out.push(invalid(path, '', 'cannot set both resource and service backends'))
  else if (!service && !resource) out.push(required(path, 'resource or service backend is required'))
  if (!service) return
  const at = `${path}.service`
  if (!service.name) out.push(required(`${at}.name`))
  else checkDnsLabel1035(out, `${at}.name`, service.name)
  const { name = '', number = 0 } = service.port ?? {}
  if (name !== '' && number !== 0) out.push(invalid(at, '', 'cannot set both port name & port number'))
  else if (name === '' && number === 0) out.push(required(`${at}.port`, 'port name or number is required'))
  else if (name !== '') checkPortName(out, `${at}.port.name`, name)
  else checkPortNumber(out, `${at}.port.number`, number)
}

const badSegments = ['//', '/./', '/../', '%2f', '%2F']

function checkPath(out: Errors, at: string, { path = '', pathType }: { path?: string; pathType?: string }): void {
  if (pathType === undefined) {
    out.push(required(`${at}.pathType`, 'pathType must be specified'))
    return
  }
  if (pathType === 'ImplementationSpecific') {
    if (path !== '' && !path.startsWith('/')) out.push(invalid(`${at}.path`, path, 'must be an absolute path'))
    return
  }
  checkOneOf(out, `${at}.pathType`, pathType, ['Exact', 'ImplementationSpecific', 'Prefix'])
  if (!path.startsWith('/')) out.push(invalid(`${at}.path`, path, 'must be an absolute path'))
  for (const part of badSegments) if (path.includes(part)) out.push(invalid(`${at}.path`, path, `must not contain '${part}'`))
  for (const end of ['/..', '/.']) if (path.endsWith(end)) out.push(invalid(`${at}.path`, path, `cannot end with '${end}'`))
}

function checkHost(out: Errors, path: string, host: string): void {
  if (isIP(host) !== 0) out.push(invalid(path, host, 'must be a DNS name, not an IP address'))
  else if (host.includes('*')) addFaults(out, path, host, wildcardSubdomainFaults(host))
  else checkDnsSubdomain(out, path, host)
}

function checkRule(out: Errors, path: string, rule: IngressRule): void {
  if (rule.host) checkHost(out, `${path}.host`, rule.host)
  if (!rule.http) return
  const paths = rule.http.paths ?? []
  if (paths.length === 0) out.push(required(`${path}.http.paths`))
  for (const [index, one] of paths.entries()) {
    checkPath(out, `${path}.http.paths[${index}]`, one)
    checkBackend(out, `${path}.http.paths[${index}].backend`, one.backend)
  }
}

function validate({ metadata, spec }: Ingress, old?: Ingress): Errors {
  const out: Errors = []
  if (!spec.rules?.length && !spec.defaultBackend) out.push(invalid('spec', spec.rules ?? [], 'either `defaultBackend` or `rules` must be specified'))
  if (spec.defaultBackend) checkBackend(out, 'spec.defaultBackend', spec.defaultBackend)
  for (const [index, rule] of (spec.rules ?? []).entries()) checkRule(out, `spec.rules[${index}]`, rule)
  for (const [index, { hosts = [] }] of (spec.tls ?? []).entries()) {
    for (const [position, host] of hosts.entries()) checkHost(out, `spec.tls[${index}].hosts[${position}]`, host)
  }
  if (spec.ingressClassName !== undefined) checkDnsSubdomain(out, 'spec.ingressClassName', spec.ingressClassName)
  const annotation = metadata.annotations?.['kubernetes.io/ingress.class']
  if (!old && annotation !== undefined && spec.ingressClassName !== undefined && annotation !== spec.ingressClassName) {
    out.push(invalid('metadata.annotations[kubernetes.io/ingress.class]', annotation, 'must match `ingressClassName` when both are specified'))
  }
  return out
}

const classes = define(ingressClasses, {
  defaults(draft) {
    draft.spec ??= {}
    if (draft.spec.parameters) draft.spec.parameters.scope ??= 'Cluster'
  },
  validate({ spec }, old) {
    const out: Errors = []
    if (!spec.controller) out.push(required('spec.controller'))
    else if (spec.controller.length > 250) out.push({ field: 'spec.controller', reason: 'FieldValueTooLong', text: 'Too long: may not be more than 250 bytes' })
    else if (!spec.controller.includes('/')) out.push(invalid('spec.controller', spec.controller, "must be a domain-prefixed path (such as \"acme.io/foo\")"))
    const { parameters } = spec
    if (parameters) {
      checkOneOf(out, 'spec.parameters.scope', parameters.scope, ['Cluster', 'Namespace'])
      if (!parameters.kind) out.push(required('spec.parameters.kind', 'kind is required'))
      if (!parameters.name) out.push(required('spec.parameters.name', 'name is required'))
      if (parameters.scope === 'Namespace' && !parameters.namespace) out.push(required('spec.parameters.namespace', "`parameters.scope` is set to 'Namespace'"))
      if (parameters.scope === 'Cluster' && parameters.namespace) out.push(forbiddenField('spec.parameters.namespace', "`parameters.scope` is set to 'Cluster'"))
    }
    if (old) checkImmutable(out, 'spec.controller', spec.controller, old.spec.controller)
    return out
  },
  columns: [
    nameColumn,
    text('Controller', 'Who carries out ingresses of the class.', ({ spec }) => spec.controller ?? ''),
    text('Parameters', 'Object with more settings.', ({ spec }) => {
      if (!spec.parameters) return none
      const { kind, apiGroup, name } = spec.parameters
      return `${kind}${apiGroup ? `.${apiGroup}` : ''}/${name}`
    }),
    ageColumn,
  ],
})

const routes = define(ingresses, {
  initialStatus: () => ({ loadBalancer: {} }),
  defaults(draft) {
    draft.spec ??= {}
  },
  validate,
  columns: [
    nameColumn,
    text('Class', 'Class of the ingress.', ({ metadata, spec }) => spec.ingressClassName ?? metadata.annotations?.['kubernetes.io/ingress.class'] ?? none),
    text('Hosts', 'Hosts whose requests are routed.', hostsText),
    text('Address', 'Where requests enter.', addressText),
    text('Ports', 'Ports that are open.', ({ spec }) => (spec.tls?.length ? '80, 443' : '80')),
    ageColumn,
  ],
})

const both: readonly Definition[] = [classes, routes]
export default both
