// APIService: a group-version that this server or another one serves.
import type { KubeObject } from '../../api/object.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import { define, named } from './define.ts'
import type { Errors } from './rules.ts'
import { checkPortNumber, forbiddenField, invalid, required } from './rules.ts'

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

function validate({ metadata, spec }: ApiService): Errors {
  const out: Errors = []
  const { group = '', version = '', groupPriorityMinimum = 0, versionPriority = 0, service } = spec
  const name = `${version}.${group}`
  if (metadata.name !== name) out.push(invalid('metadata.name', metadata.name, `must be \`spec.version+"."+spec.group\`: "${name}"`))
  if (version === '') out.push(required('spec.version'))
  if (groupPriorityMinimum <= 0 || groupPriorityMinimum > 20_000) out.push(invalid('spec.groupPriorityMinimum', groupPriorityMinimum, 'must be positive and less than 20000'))
  if (versionPriority <= 0 || versionPriority > 1000) out.push(invalid('spec.versionPriority', versionPriority, 'must be positive and less than 1000'))
  if (!service) {
    if (spec.caBundle) out.push(forbiddenField('spec.caBundle', 'local APIServices may not have a caBundle'))
    if (spec.insecureSkipTLSVerify) out.push(forbiddenField('spec.insecureSkipTLSVerify', 'local APIServices may not have insecureSkipTLSVerify'))
    return out
  }
  if (!service.namespace) out.push(required('spec.service.namespace'))
  if (!service.name) out.push(required('spec.service.name'))
  if (service.port !== undefined) checkPortNumber(out, 'spec.service.port', service.port)
  if (spec.insecureSkipTLSVerify && spec.caBundle) out.push(invalid('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present'))
  return out
}

function availableText({ status }: ApiService): string {
  const available = status?.conditions?.find(({ type }) => type === 'Available')
  if (!available) return 'Unknown'
  return available.status === 'True' ? 'True' : `${available.status} (${available.reason ?? ''})`
}

export default define(named<ApiService>('apiregistration.k8s.io/v1', 'apiservices'), {
  generation: false,
  // The core group's is named `v1.`.
  names: 'path-segment',
  defaults(draft) {
    draft.spec ??= {}
    if (draft.spec.service) draft.spec.service.port ??= 443
  },
  validate,
  columns: [
    nameColumn,
    text('Service', 'Local, or the Service that serves the group-version.', ({ spec }) => (spec.service ? `${spec.service.namespace ?? ''}/${spec.service.name ?? ''}` : 'Local')),
    text('Available', 'Whether it can be reached.', availableText),
    ageColumn,
  ],
})
