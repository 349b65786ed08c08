// Checks of what a pod says about where it may run: tolerations, affinity, spreading.
import { labelValueFaults } from '../../api/names.ts'
import type { LabelSelector } from '../../api/types-common.ts'
import type { Affinity, PodAffinityTerm, Toleration, TopologySpreadConstraint, WeightedPodAffinityTerm } from '../../api/types-pod.ts'
import type { NodeSelector, NodeSelectorRequirement, NodeSelectorTerm } from '../../api/types-volume.ts'
import type { Errors } from './rules.ts'
import { checkDnsLabel, checkDnsSubdomain, checkLabelKey, checkLabelSelector, checkLabelValue, checkOptionalOneOf, duplicate, forbiddenField, invalid, notSupported, repeats, required } from './rules.ts'

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

export function checkTolerations(out: Errors, path: string, tolerations: readonly Toleration[] | undefined): void {
  for (const [index, { key = '', operator = '', value = '', effect = '', tolerationSeconds }] of (tolerations ?? []).entries()) {
    const at = `${path}[${index}]`
    if (key !== '') checkLabelKey(out, `${at}.key`, key)
    else if (operator !== 'Exists') out.push(invalid(`${at}.operator`, operator, "operator must be Exists when `key` is empty, which means \"match all values and all keys\""))
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') out.push(invalid(`${at}.effect`, effect, 'effect must be \'NoExecute\' when `tolerationSeconds` is set'))
    if (operator === 'Exists') {
      if (value !== '') out.push(invalid(`${at}.operator`, value, 'value must be empty when `operator` is \'Exists\''))
    } else if (operator === '' || operator === 'Equal') {
      const faults = labelValueFaults(value)
      if (faults.length > 0) out.push(invalid(`${at}.operator`, value, faults.join(';')))
    } else out.push(notSupported(`${at}.operator`, operator, operator === 'Lt' || operator === 'Gt' ? ['Equal', 'Exists', 'Lt', 'Gt'] : ['Equal', 'Exists']))
    if (effect !== '' && !effects.includes(effect)) out.push(notSupported(`${at}.effect`, effect, effects))
  }
}

function checkRequirement(out: Errors, path: string, { key, operator, values = [] }: NodeSelectorRequirement, preferred: boolean): void {
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) out.push(required(`${path}.values`, 'must be specified when `operator` is \'In\' or \'NotIn\''))
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) out.push(forbiddenField(`${path}.values`, 'may not be specified when `operator` is \'Exists\' or \'DoesNotExist\''))
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1) out.push(required(`${path}.values`, 'must be specified single value when `operator` is \'Lt\' or \'Gt\''))
  } else out.push(invalid(`${path}.operator`, operator ?? '', 'not a valid selector operator'))
  checkLabelKey(out, `${path}.key`, key ?? '')
  // What is only preferred may name labels that no node can have.
  if (!preferred) for (const [index, value] of values.entries()) checkLabelValue(out, `${path}.values[${index}]`, value)
}

function checkField(out: Errors, path: string, { key, operator, values = [] }: NodeSelectorRequirement): void {
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length !== 1) out.push(required(`${path}.values`, 'must be only one value when `operator` is \'In\' or \'NotIn\' for node field selector'))
  } else out.push(invalid(`${path}.operator`, operator ?? '', 'not a valid selector operator'))
  if (key !== 'metadata.name') out.push(invalid(`${path}.key`, key ?? '', 'not a valid field selector key'))
  else for (const [index, value] of values.entries()) checkDnsSubdomain(out, `${path}.values[${index}]`, value)
}

function checkNodeTerm(out: Errors, path: string, term: NodeSelectorTerm, preferred = false): void {
  for (const [index, requirement] of (term.matchExpressions ?? []).entries()) checkRequirement(out, `${path}.matchExpressions[${index}]`, requirement, preferred)
  for (const [index, requirement] of (term.matchFields ?? []).entries()) checkField(out, `${path}.matchFields[${index}]`, requirement)
}

export function checkNodeSelector(out: Errors, path: string, selector: NodeSelector): void {
  const terms = selector.nodeSelectorTerms ?? []
  if (terms.length === 0) out.push(required(`${path}.nodeSelectorTerms`, 'must have at least one node selector term'))
  for (const [index, term] of terms.entries()) checkNodeTerm(out, `${path}.nodeSelectorTerms[${index}]`, term)
}

function checkPodTerm(out: Errors, path: string, term: PodAffinityTerm | undefined): void {
  checkLabelSelector(out, `${path}.labelSelector`, term?.labelSelector)
  checkLabelSelector(out, `${path}.namespaceSelector`, term?.namespaceSelector)
  for (const name of term?.namespaces ?? []) checkDnsLabel(out, `${path}.namespace`, name)
  checkLabelKeys(out, path, term ?? {})
  if (!term?.topologyKey) out.push(required(`${path}.topologyKey`, 'can not be empty'))
  checkLabelKey(out, `${path}.topologyKey`, term?.topologyKey ?? '')
}

interface LabelKeys {
  readonly matchLabelKeys?: string[]
  readonly mismatchLabelKeys?: string[]
  readonly labelSelector?: LabelSelector
}

/** Keys whose values come from the pod itself, and are added to the selector. */
function checkLabelKeys(out: Errors, path: string, keys: LabelKeys): void {
  const { matchLabelKeys = [], mismatchLabelKeys = [], labelSelector } = keys
  for (const field of ['matchLabelKeys', 'mismatchLabelKeys'] as const) {
    const list = keys[field] ?? []
    if (list.length > 0 && !labelSelector) out.push(forbiddenField(`${path}.${field}`, 'must not be specified when labelSelector is not set'))
    else for (const [index, key] of list.entries()) checkLabelKey(out, `${path}.${field}[${index}]`, key)
  }
  const seen = new Set(Object.keys(labelSelector?.matchLabels ?? {}))
  for (const { key = '' } of labelSelector?.matchExpressions ?? []) {
    // One is the requirement that was made of the key; the path has no field, as in Kubernetes.
    if (seen.has(key) && matchLabelKeys.includes(key)) out.push(invalid(`${path}[${matchLabelKeys.lastIndexOf(key)}]`, key, 'exists in both matchLabelKeys and labelSelector'))
    seen.add(key)
  }
  for (const [index, key] of matchLabelKeys.entries()) {
    if (mismatchLabelKeys.includes(key)) out.push(invalid(`${path}.matchLabelKeys[${index}]`, key, 'exists in both matchLabelKeys and mismatchLabelKeys'))
  }
}

interface PodTerms {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: PodAffinityTerm[]
  readonly preferredDuringSchedulingIgnoredDuringExecution?: WeightedPodAffinityTerm[]
}

function checkPodTerms(out: Errors, path: string, terms: PodTerms): void {
  for (const [index, term] of (terms.requiredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    checkPodTerm(out, `${path}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`, term)
  }
  for (const [index, { weight, podAffinityTerm }] of (terms.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    const at = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`
    checkWeight(out, `${at}.weight`, weight)
    checkPodTerm(out, `${at}.podAffinityTerm`, podAffinityTerm)
  }
}

function checkWeight(out: Errors, path: string, weight = 0): void {
  if (weight < 1 || weight > 100) out.push(invalid(path, weight, 'must be in the range 1-100'))
}

export function checkAffinity(out: Errors, path: string, affinity: Affinity): void {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity
  if (nodeAffinity) {
    const at = `${path}.nodeAffinity`
    const needed = nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution
    if (needed) checkNodeSelector(out, `${at}.requiredDuringSchedulingIgnoredDuringExecution`, needed)
    for (const [index, { weight, preference }] of (nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      const term = `${at}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`
      checkWeight(out, `${term}.weight`, weight)
      checkNodeTerm(out, `${term}.preference`, preference ?? {}, true)
    }
  }
  if (podAffinity) checkPodTerms(out, `${path}.podAffinity`, podAffinity)
  if (podAntiAffinity) checkPodTerms(out, `${path}.podAntiAffinity`, podAntiAffinity)
}

export function checkSpread(out: Errors, path: string, constraints: readonly TopologySpreadConstraint[]): void {
  for (const [index, constraint] of constraints.entries()) {
    const at = `${path}[${index}]`
    const { maxSkew = 0, topologyKey = '', whenUnsatisfiable: how = '', minDomains } = constraint
    if (maxSkew <= 0) out.push(invalid(`${at}.maxSkew`, maxSkew, 'must be greater than zero'))
    if (!topologyKey) out.push(required(`${at}.topologyKey`, 'can not be empty'))
    if (how !== 'DoNotSchedule' && how !== 'ScheduleAnyway') out.push(notSupported(`${at}.whenUnsatisfiable`, how, ['DoNotSchedule', 'ScheduleAnyway']))
    const again = constraints.slice(index + 1).some((other) => (other.topologyKey ?? '') === topologyKey && (other.whenUnsatisfiable ?? '') === how)
    if (again) out.push(duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${how}}`))
    if (minDomains !== undefined && minDomains <= 0) out.push(invalid(`${at}.minDomains`, minDomains, 'must be greater than zero'))
    if (minDomains !== undefined && how !== 'DoNotSchedule') {
      out.push(invalid(`${at}.minDomains`, minDomains, `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${how}`))
    }
    for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) checkOptionalOneOf(out, `${at}.${field}`, constraint[field], ['Honor', 'Ignore'])
    checkLabelKeys(out, at, { ...constraint, mismatchLabelKeys: [] })
    checkLabelSelector(out, `${at}.labelSelector`, constraint.labelSelector)
  }
}

export function checkGates(out: Errors, path: string, gates: readonly { readonly name: string }[]): void {
  const again = new Set(repeats(gates.map(({ name }) => name)))
  for (const [index, { name }] of gates.entries()) {
    checkLabelKey(out, `${path}[${index}]`, name ?? '')
    if (again.has(index)) out.push(duplicate(`${path}[${index}]`, name))
  }
}
