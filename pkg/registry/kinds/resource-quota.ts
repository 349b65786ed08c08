// ResourceQuota: how much a namespace may use, and how much it does.
import { resourceQuotas } from '../../api/types-config.ts'
import type { ResourceQuota } from '../../api/types-config.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import { define } from './define.ts'
import type { Errors } from './rules.ts'
import { checkImmutable, checkResourceName, checkResourceQuantity, duplicate, invalid, notSupported, required } from './rules.ts'

const scopes = ['BestEffort', 'CrossNamespacePodAffinity', 'NotBestEffort', 'NotTerminating', 'PriorityClass', 'Terminating', 'VolumeAttributesClass']

// `pods: 1/10, …`: what is used of what is allowed, in name order.
function usageText({ status, spec }: ResourceQuota, limits: boolean): string {
  const hard = status?.hard ?? spec?.hard ?? {}
  return Object.keys(hard).filter((name) => name.includes('limits') === limits).sort()
    .map((name) => `${name}: ${status?.used?.[name] ?? '0'}/${hard[name]}`).join(', ')
}

function checkScopes(out: Errors, spec: ResourceQuota['spec']): void {
  for (const [index, scope] of (spec.scopes ?? []).entries()) {
    if (!scopes.includes(scope)) out.push(invalid(`spec.scopes[${index}]`, scope, 'unsupported scope'))
    if (spec.scopes?.indexOf(scope) !== index) out.push(duplicate(`spec.scopes[${index}]`, scope))
  }
  const exclusive = [['BestEffort', 'NotBestEffort'], ['Terminating', 'NotTerminating']]
  for (const pair of exclusive) if (pair.every((scope) => spec.scopes?.includes(scope))) out.push(invalid('spec.scopes', spec.scopes, 'conflicting scopes'))
  for (const [index, { scopeName, operator, values = [] }] of (spec.scopeSelector?.matchExpressions ?? []).entries()) {
    const path = `spec.scopeSelector.matchExpressions[${index}]`
    if (!scopeName) out.push(required(`${path}.scopeName`))
    else if (!scopes.includes(scopeName)) out.push(invalid(`${path}.scopeName`, scopeName, 'unsupported scope'))
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
      checkResourceName(out, `spec.hard[${name}]`, name)
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
