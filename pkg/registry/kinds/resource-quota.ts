// ResourceQuota: how much a namespace may use, and how much it does.
import { resourceQuotas } from '../../api/types-config.ts'
import type { ResourceQuota } from '../../api/types-config.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import { define } from './define.ts'
import type { Errors } from './rules.ts'
import { checkImmutable, checkResourceName, checkResourceQuantity, duplicate, invalid, notSupported, required } from './rules.ts'

const scopes = ['BestEffort', 'CrossNamespacePodAffinity', 'NotBestEffort', 'NotTerminating', 'PriorityClass', 'Terminating', 'VolumeAttributesClass']

const computeNames = ['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory']
const volumeNames = ['requests.storage', 'persistentvolumeclaims']
const standardNames = new Set([
  ...computeNames, ...volumeNames, 'ephemeral-storage', 'requests.ephemeral-storage', 'limits.ephemeral-storage', 'pods', 'resourcequotas', 'services',
  'replicationcontrollers', 'secrets', 'configmaps', 'services.nodeports', 'services.loadbalancers',
])

const isStandard = (name: string): boolean => standardNames.has(name) || /^(requests\.)?hugepages-/.test(name)

function checkQuotaName(out: Errors, path: string, name: string): void {
  checkResourceName(out, path, name)
  if (!name.includes('/') && !isStandard(name)) out.push(invalid(path, name, 'must be a standard resource for quotas'))
}

/** Scopes that a pod is in or not; they have no values. */
const existing = new Set(['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity'])
const existText = "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"

/** Scopes choose among pods, or among claims; other counts can't be scoped. */
function isScopable(scope: string, name: string): boolean {
  if (scope === 'BestEffort') return name === 'pods'
  if (scope === 'VolumeAttributesClass') return volumeNames.includes(name)
  return name === 'pods' || computeNames.includes(name)
}

// `pods: 1/10, …`: what is used of what is allowed, in name order.
function usageText({ status, spec }: ResourceQuota, limits: boolean): string {
  const hard = status?.hard ?? spec?.hard ?? {}
  return Object.keys(hard).filter((name) => name.includes('limits') === limits).sort()
    .map((name) => `${name}: ${status?.used?.[name] ?? '0'}/${hard[name]}`).join(', ')
}

function checkScopes(out: Errors, spec: ResourceQuota['spec']): void {
  const names = Object.keys(spec.hard ?? {}).filter(isStandard).sort()
  const checkScopable = (path: string, scope: string, shown: unknown): void => {
    if (scopes.includes(scope)) for (const name of names) if (!isScopable(scope, name)) out.push(invalid(path, shown, 'unsupported scope applied to resource'))
  }
  for (const [index, scope] of (spec.scopes ?? []).entries()) {
    if (!scopes.includes(scope)) out.push(invalid(`spec.scopes[${index}]`, scope, 'unsupported scope'))
    checkScopable('spec.scopes', scope, spec.scopes)
    if (spec.scopes?.indexOf(scope) !== index) out.push(duplicate(`spec.scopes[${index}]`, scope))
  }
  const exclusive = [['BestEffort', 'NotBestEffort'], ['Terminating', 'NotTerminating']]
  for (const pair of exclusive) if (pair.every((scope) => spec.scopes?.includes(scope))) out.push(invalid('spec.scopes', spec.scopes, 'conflicting scopes'))
  for (const [index, { scopeName, operator, values = [] }] of (spec.scopeSelector?.matchExpressions ?? []).entries()) {
    const path = `spec.scopeSelector.matchExpressions[${index}]`
    if (!scopeName) out.push(required(`${path}.scopeName`))
    else if (!scopes.includes(scopeName)) out.push(invalid(`${path}.scopeName`, scopeName, 'unsupported scope'))
    checkScopable(path, scopeName, spec.scopeSelector)
    if (existing.has(scopeName) && operator !== 'Exists') out.push(invalid(`${path}.operator`, operator, existText))
    if (!['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(operator)) out.push(notSupported(`${path}.operator`, operator, ['DoesNotExist', 'Exists', 'In', 'NotIn']))
    else if ((operator === 'In' || operator === 'NotIn') && values.length === 0) out.push(required(`${path}.values`, 'must be at least one value when `operator` is \'In\' or \'NotIn\' for scope selector'))
    else if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0) out.push(invalid(`${path}.values`, values, 'must be no value when `operator` is \'Exists\' or \'DoesNotExist\' for scope selector'))
  }
}

export default define(resourceQuotas, {
  generation: false,
  defaults(draft) {
    draft.spec ??= {}
  },
  validate({ spec }, old) {
    const out: Errors = []
    for (const [name, value] of Object.entries(spec.hard ?? {})) {
      checkQuotaName(out, `spec.hard[${name}]`, name)
      checkResourceQuantity(out, `spec.hard[${name}]`, { name, value })
    }
    checkScopes(out, spec)
    if (old) checkImmutable(out, 'spec.scopes', spec.scopes, old.spec.scopes)
    return out
  },
  columns: [
    nameColumn,
    text('Request', 'Used and allowed requests and counts.', (object) => usageText(object, false)),
    text('Limit', 'Used and allowed limits.', (object) => usageText(object, true)),
    ageColumn,
  ],
})
