// ResourceQuota: how much a namespace may use, and how much it does.
import { resourceQuotas } from '../../api/types-config.ts'
import type { ResourceQuota, ScopeSelector } from '../../api/types-config.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import { define, subresource } from './define.ts'
import { checkQuotaResourceName, checkResourceQuantity, isQuotaResource } from './resource-names.ts'
import type { Errors } from './rules.ts'
import { immutableText, invalid, required } from './rules.ts'

const scopes = ['BestEffort', 'CrossNamespacePodAffinity', 'NotBestEffort', 'NotTerminating', 'PriorityClass', 'Terminating', 'VolumeAttributesClass']

const computeNames = ['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory']
const volumeNames = ['requests.storage', 'persistentvolumeclaims']
/** Scopes that a pod is in or not; they have no values. */
const existing = new Set(['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity'])
const existText = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
const exclusive = [['BestEffort', 'NotBestEffort'], ['Terminating', 'NotTerminating']]

/** Scopes choose among pods, or among claims; other counts can't be scoped. */
function isScopable(scope: string, name: string): boolean {
  if (scope === 'BestEffort') return name === 'pods'
  if (scope === 'VolumeAttributesClass') return volumeNames.includes(name)
  if (!scopes.includes(scope)) return true
  return name === 'pods' || computeNames.includes(name)
}

// `pods: 1/10, …`: what is used of what is allowed, in name order.
function usageText({ status }: ResourceQuota, limits: boolean): string {
  const hard = status?.hard ?? {}
  return Object.keys(hard).filter((name) => name.startsWith('limits.') === limits).sort()
    .map((name) => `${name}: ${status?.used?.[name] ?? '0'}/${hard[name]}`).join(', ')
}

interface Scoped {
  readonly path: string
  readonly scope: string
  /** What is told of: the list of scopes, or the selector. */
  readonly shown: unknown
}

function checkScope(out: Errors, hard: readonly string[], { path, scope, shown }: Scoped): void {
  for (const name of hard) if (isQuotaResource(name) && !isScopable(scope, name)) out.push(invalid(path, shown, 'unsupported scope applied to resource'))
}

function checkExclusive(out: Errors, path: string, named: readonly string[], shown: unknown): void {
  for (const pair of exclusive) if (pair.every((scope) => named.includes(scope))) out.push(invalid(path, shown, 'conflicting scopes'))
}

type Requirement = NonNullable<ScopeSelector['matchExpressions']>[number]

/** As the API's own form of it is shown. */
const shownSelector = (selector: ScopeSelector): object => ({
  MatchExpressions: (selector.matchExpressions ?? []).map(({ scopeName, operator, values }) => ({ ScopeName: scopeName ?? '', Operator: operator ?? '', Values: values ?? null })),
})

function checkOperator(out: Errors, path: string, { scopeName, operator = '', values = [] }: Requirement): void {
  if (existing.has(scopeName) && operator !== 'Exists') out.push(invalid(`${path}.operator`, operator, existText))
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) out.push(required(`${path}.values`, "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"))
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) out.push(invalid(`${path}.values`, values, "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"))
  } else out.push(invalid(`${path}.operator`, operator, 'not a valid selector operator'))
}

/** The paths have no positions, as upstream's have none. */
function checkScopes(out: Errors, spec: ResourceQuota['spec']): void {
  const hard = Object.keys(spec.hard ?? {}).sort()
  const named = spec.scopes ?? []
  for (const scope of named) {
    if (!scopes.includes(scope)) out.push(invalid('spec.scopes', named, 'unsupported scope'))
    checkScope(out, hard, { path: 'spec.scopes', scope, shown: named })
  }
  checkExclusive(out, 'spec.scopes', named, named)
  const { scopeSelector } = spec
  const path = 'spec.scopeSelector.matchExpressions'
  const shown = shownSelector(scopeSelector ?? {})
  const requirements = scopeSelector?.matchExpressions ?? []
  for (const requirement of requirements) {
    const scope = requirement.scopeName ?? ''
    if (!scopes.includes(scope)) out.push(invalid(`${path}.scopeName`, scope, 'unsupported scope'))
    checkScope(out, hard, { path, scope, shown })
    checkOperator(out, path, requirement)
  }
  checkExclusive(out, path, requirements.map(({ scopeName }) => scopeName), spec.scopes ?? null)
}

function checkAmounts(out: Errors, path: string, amounts: Readonly<Record<string, string>> | undefined): void {
  for (const [name, value] of Object.entries(amounts ?? {})) {
    checkQuotaResourceName(out, `${path}[${name}]`, name)
    checkResourceQuantity(out, `${path}[${name}]`, { name, value })
  }
}

export default define(resourceQuotas, {
  generation: false,
  defaults(draft) {
    draft.spec ??= {}
  },
  validate({ spec }, old) {
    const out: Errors = []
    checkAmounts(out, 'spec.hard', spec.hard)
    checkScopes(out, spec)
    const setOf = (names: readonly string[] = []): string => [...new Set(names)].sort().join()
    if (old && setOf(spec.scopes) !== setOf(old.spec.scopes)) out.push(invalid('spec.scopes', spec.scopes ?? null, immutableText))
    return out
  },
  subresources: [
    subresource<ResourceQuota>('status', {
      validate({ status }) {
        const out: Errors = []
        checkAmounts(out, 'status.hard', status?.hard)
        checkAmounts(out, 'status.used', status?.used)
        return out
      },
    }),
  ],
  columns: [
    nameColumn,
    text('Request', 'Used and allowed requests and counts.', (object) => usageText(object, false)),
    text('Limit', 'Used and allowed limits.', (object) => usageText(object, true)),
    ageColumn,
  ],
})
