// APIService: a group-version that this server or another one serves.
import { dnsLabel1035Faults, dnsSubdomainFaults, pathSegmentFaults, portNumberFaults } from '../../api/names.ts'
import type { KubeObject } from '../../api/object.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import { bareStatus, define, named, subresource } from './define.ts'
import type { Errors } from './rules.ts'
import { addFaults, invalid, notSupported, required } from './rules.ts'

interface ApiService extends KubeObject {
  spec: {
    group?: string
    version?: string
    groupPriorityMinimum?: number
    versionPriority?: number
    caBundle?: string
    insecureSkipTLSVerify?: boolean
    service?: { name?: string; namespace?: string; port?: number } | null
  }
  status?: { conditions?: { type: string; status: string; reason?: string; message?: string }[] }
}

function checkGroupVersion(out: Errors, group: string, version: string): void {
  if (group === '' && version !== 'v1') out.push(required('spec.group', 'only v1 may have an empty group and it better be legacy kube'))
  if (group !== '') addFaults(out, 'spec.group', group, dnsSubdomainFaults(group))
  addFaults(out, 'spec.version', version, dnsLabel1035Faults(version))
}

function validate({ metadata, spec }: ApiService): Errors {
  const out: Errors = []
  const { group = '', version = '', groupPriorityMinimum = 0, versionPriority = 0, service, caBundle = '', insecureSkipTLSVerify = false } = spec
  const name = `${version}.${group}`
  if (metadata.name !== name && pathSegmentFaults(metadata.name ?? '').length === 0) out.push(invalid('metadata.name', metadata.name, `must be \`spec.version+"."+spec.group\`: "${name}"`))
  checkGroupVersion(out, group, version)
  if (groupPriorityMinimum <= 0 || groupPriorityMinimum > 20_000) out.push(invalid('spec.groupPriorityMinimum', groupPriorityMinimum, 'must be positive and less than 20000'))
  if (versionPriority <= 0 || versionPriority > 1000) out.push(invalid('spec.versionPriority', versionPriority, 'must be positive and less than 1000'))
  if (!service) {
    if (caBundle !== '') out.push(invalid('spec.caBundle', `${Buffer.byteLength(caBundle, 'base64')} bytes`, 'local APIServices may not have a caBundle'))
    if (insecureSkipTLSVerify) out.push(invalid('spec.insecureSkipTLSVerify', true, 'local APIServices may not have insecureSkipTLSVerify'))
    return out
  }
  if (!service.namespace) out.push(required('spec.service.namespace'))
  if (!service.name) out.push(required('spec.service.name'))
  const { port = 0 } = service
  for (const fault of portNumberFaults(port)) out.push(invalid('spec.service.port', port, `port is not valid: ${fault}`))
  if (insecureSkipTLSVerify && caBundle !== '') out.push(invalid('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present'))
  return out
}

const statuses = ['True', 'False', 'Unknown']

function statusErrors({ status }: ApiService): Errors {
  const out: Errors = []
  for (const [index, condition] of (status?.conditions ?? []).entries()) {
    if (!statuses.includes(condition.status)) out.push(notSupported(`status.conditions[${index}].status`, condition.status, statuses))
  }
  return out
}

function availableText({ status }: ApiService): string {
  const available = status?.conditions?.find(({ type }) => type === 'Available')
  if (!available) return 'Unknown'
  return available.status !== 'True' && available.reason ? `${available.status} (${available.reason})` : available.status
}

export default define(named<ApiService>('apiregistration.k8s.io/v1', 'apiservices'), {
  finalizers: 'any',
  generation: false,
  requireVersionOnUpdate: true,
  // The core group's is named `v1.`.
  names: 'path-segment',
  defaults(draft) {
    draft.spec ??= {}
    if (draft.spec.service) draft.spec.service.port ??= 443
  },
  validate,
  subresources: [subresource<ApiService>('status', { merge: bareStatus, validate: statusErrors })],
  columns: [
    nameColumn,
    text('Service', 'Local, or the Service that serves the group-version.', ({ spec }) => (spec.service ? `${spec.service.namespace ?? ''}/${spec.service.name ?? ''}` : 'Local')),
    text('Available', 'Whether it can be reached.', availableText),
    ageColumn,
  ],
})
