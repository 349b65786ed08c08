// Checks of what a pod says about where it may run: tolerations, affinity, spreading.
import type { Affinity, PodAffinityTerm, PodSpec, Toleration, TopologySpreadConstraint, WeightedPodAffinityTerm } from '../../api/types-pod.ts'
import type { NodeSelector, NodeSelectorRequirement, NodeSelectorTerm } from '../../api/types-volume.ts'
import type { Errors } from './rules.ts'
import {
  checkDnsLabel, checkLabelKey, checkLabelSelector, checkLabelValue, checkOptionalOneOf, checkPositive, duplicate, forbiddenField, invalid, notSupported, required,
} from './rules.ts'

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

export function checkTolerations(out: Errors, path: string, tolerations: readonly Toleration[] | undefined): void {
  for (const [index, { key = '', operator = '', value = '', effect = '', tolerationSeconds }] of (tolerations ?? []).entries()) {
    const at = `${path}[${index}]`
    if (key !== '') checkLabelKey(out, `${at}.key`, key)
    else if (operator !== 'Exists') out.push(invalid(`${at}.operator`, operator, "operator must be Exists when `key` is empty, which means \"match all values and all keys\""))
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') out.push(invalid(`${at}.effect`, effect, 'effect must be \'NoExecute\' when `tolerationSeconds` is set'))
    if (operator === 'Exists') {
      if (value !== '') out.push(invalid(`${at}.operator`, value, 'value must be empty when `operator` is \'Exists\''))
    } else if (operator === '' || operator === 'Equal') checkLabelValue(out, `${at}.operator`, value)
    else out.push(notSupported(`${at}.operator`, operator, ['Equal', 'Exists']))
    if (effect !== '' && !effects.includes(effect)) out.push(notSupported(`${at}.effect`, effect, effects))
  }
}

function checkRequirement(out: Errors, path: string, { key, operator, values = [] }: NodeSelectorRequirement): void {
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) out.push(required(`${path}.values`, 'must be specified when `operator` is \'In\' or \'NotIn\''))
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) out.push(forbiddenField(`${path}.values`, 'may not be specified when `operator` is \'Exists\' or \'DoesNotExist\''))
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1) out.push(required(`${path}.values`, 'must be specified single value when `operator` is \'Lt\' or \'Gt\''))
  } else out.push(invalid(`${path}.operator`, operator ?? '', 'not a valid selector operator'))
  checkLabelKey(out, `${path}.key`, key ?? '')
}

function checkField(out: Errors, path: string, { key, operator, values = [] }: NodeSelectorRequirement): void {
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length !== 1) out.push(required(`${path}.values`, 'must be only one value when `operator` is \'In\' or \'NotIn\' for node field selector'))
  } else out.push(invalid(`${path}.operator`, operator ?? '', 'not a valid selector operator'))
  if (key !== 'metadata.name') out.push(invalid(`${path}.key`, key ?? '', 'not a valid field selector key'))
}

function checkNodeTerm(out: Errors, path: string, term: NodeSelectorTerm): void {
  for (const [index, requirement] of (term.matchExpressions ?? []).entries()) checkRequirement(out, `${path}.matchExpressions[${index}]`, requirement)
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
  for (const [index, name] of (term?.namespaces ?? []).entries()) checkDnsLabel(out, `${path}.namespaces[${index}]`, name)
  if (!term?.topologyKey) out.push(required(`${path}.topologyKey`, 'can not be empty'))
  else checkLabelKey(out, `${path}.topologyKey`, term.topologyKey)
  if (term?.matchLabelKeys?.length && !term.labelSelector) out.push(forbiddenField(`${path}.matchLabelKeys`, 'must not be specified when labelSelector is not set'))
  if (term?.mismatchLabelKeys?.length && !term.labelSelector) out.push(forbiddenField(`${path}.mismatchLabelKeys`, 'must not be specified when labelSelector is not set'))
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
      checkNodeTerm(out, `${term}.preference`, preference ?? {})
    }
  }
  if (podAffinity) checkPodTerms(out, `${path}.podAffinity`, podAffinity)
  if (podAntiAffinity) checkPodTerms(out, `${path}.podAntiAffinity`, podAntiAffinity)
}

export function checkSpread(out: Errors, path: string, constraints: readonly TopologySpreadConstraint[]): void {
  const seen = new Set<string>()
  for (const [index, constraint] of constraints.entries()) {
    const at = `${path}[${index}]`
    if (!((constraint.maxSkew ?? 0) > 0)) out.push(invalid(`${at}.maxSkew`, constraint.maxSkew ?? 0, 'must be greater than zero'))
    if (!constraint.topologyKey) out.push(required(`${at}.topologyKey`, 'can not be empty'))
    else checkLabelKey(out, `${at}.topologyKey`, constraint.topologyKey)
    const how = constraint.whenUnsatisfiable
    if (how !== 'DoNotSchedule' && how !== 'ScheduleAnyway') out.push(notSupported(`${at}.whenUnsatisfiable`, how ?? '', ['DoNotSchedule', 'ScheduleAnyway']))
    const identity = `{${constraint.topologyKey}, ${how}}`
    if (seen.has(identity)) out.push(duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, identity))
    seen.add(identity)
    checkPositive(out, `${at}.minDomains`, constraint.minDomains)
    if (constraint.minDomains !== undefined && how !== 'DoNotSchedule') {
      out.push(invalid(`${at}.minDomains`, constraint.minDomains, `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${how}`))
    }
    checkOptionalOneOf(out, `${at}.nodeAffinityPolicy`, constraint.nodeAffinityPolicy, ['Honor', 'Ignore'])
    checkOptionalOneOf(out, `${at}.nodeTaintsPolicy`, constraint.nodeTaintsPolicy, ['Honor', 'Ignore'])
    checkLabelSelector(out, `${at}.labelSelector`, constraint.labelSelector)
    if (constraint.matchLabelKeys?.length && !constraint.labelSelector) out.push(forbiddenField(`${at}.matchLabelKeys`, 'must not be specified when labelSelector is not set'))
  }
}

/** Everything about placement in a pod's spec. */
export function checkScheduling(out: Errors, path: string, spec: PodSpec): void {
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) {
    checkLabelKey(out, `${path}.nodeSelector`, key)
    checkLabelValue(out, `${path}.nodeSelector`, value)
  }
  checkTolerations(out, `${path}.tolerations`, spec.tolerations)
  if (spec.affinity) checkAffinity(out, `${path}.affinity`, spec.affinity)
  checkSpread(out, `${path}.topologySpreadConstraints`, spec.topologySpreadConstraints ?? [])
  const gates = spec.schedulingGates ?? []
  for (const [index, { name }] of gates.entries()) {
    checkLabelKey(out, `${path}.schedulingGates[${index}]`, name ?? '')
    if (gates.findIndex((gate) => gate.name === name) !== index) out.push(duplicate(`${path}.schedulingGates[${index}]`, name))
  }
  if (gates.length > 0 && spec.nodeName) out.push(forbiddenField(`${path}.nodeName`, 'cannot be set until all schedulingGates have been cleared'))
}
