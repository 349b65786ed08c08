// PodSecurity: pods keep to the level that their namespace's labels state; what would make others is warned about.
import { equalJson } from '../api/json.ts'
import { invalidObject } from '../api/field-error.ts'
import type { AnyObject, ObjectMeta } from '../api/object.ts'
import type { Namespace } from '../api/types-config.ts'
import { aggregateText } from '../api/status-error.ts'
import { namespaces } from '../api/types-config.ts'
import type { Container, Pod, PodSpec } from '../api/types-pod.ts'
import { pods } from '../api/types-pod.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import { isAbout, isResource, refusal } from './admission.ts'
import type { PolicyLevel } from './pod-security-checks.ts'
import { detailText, levelText, reasonText, violationsOf } from './pod-security-checks.ts'
import type { PodSecurityPolicy } from './pod-security-policy.ts'
import { isFullyOpen, labelOf, openPolicy, policyOf, strictness } from './pod-security-policy.ts'

export interface PodSecurityOptions {
  /** Of namespaces that state no policy; open to all when left out. */
  readonly defaults?: PodSecurityPolicy
  readonly exemptions?: PodSecurityExemptions
}

export interface PodSecurityExemptions {
  readonly usernames?: readonly string[]
  readonly namespaces?: readonly string[]
  readonly runtimeClasses?: readonly string[]
}

interface Template {
  readonly metadata?: ObjectMeta
  readonly spec?: PodSpec
}

const workloads = new Map<string, (object: AnyObject) => Template | undefined>([
  ...['/replicationcontrollers', 'apps/replicasets', 'apps/deployments', 'apps/statefulsets', 'apps/daemonsets', 'batch/jobs']
    .map((key) => [key, (object: AnyObject) => (object.spec as { template?: Template } | undefined)?.template] as const),
  ['/podtemplates', (object) => object.template as Template | undefined],
  ['batch/cronjobs', (object) => (object.spec as { jobTemplate?: { spec?: { template?: Template } } } | undefined)?.jobTemplate?.spec?.template],
])

const ignoredSubresources = new Set(['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status'])

/** Of what can change in a pod, images and new containers count. */
function isSignificant({ spec }: Pod, { spec: old }: Pod): boolean {
  const images = (list: readonly Container[] | undefined): unknown => (list ?? []).map(({ image }) => image ?? '')
  if (!equalJson([images(spec.containers), images(spec.initContainers)], [images(old.containers), images(old.initContainers)])) return true
  const before = new Map((old.ephemeralContainers ?? []).map(({ name, image }) => [name, image]))
  return (spec.ephemeralContainers ?? []).some(({ name, image }) => !before.has(name) || before.get(name) !== image)
}

const modes = ['enforce', 'audit', 'warn'] as const

/** What an exempt namespace states in vain; undefined when that is nothing. */
function statedInVain(policy: PodSecurityPolicy, labels: Readonly<Record<string, string>>, defaults: PodSecurityPolicy): string | undefined {
  const isSame = (a: PolicyLevel, b: PolicyLevel): boolean => a.level === b.level && (a.level === 'privileged' || a.version === b.version)
  if (isFullyOpen(policy) || modes.every((mode) => isSame(policy[mode], defaults[mode]))) return undefined
  return modes.filter((mode) => policy[mode].level !== 'privileged' && (labels[labelOf(mode)] !== undefined || labels[labelOf(`${mode}-version`)] !== undefined))
    .map((mode) => `${mode}=${levelText(policy[mode])}`).join(', ')
}

function checkNamespace(object: Readonly<AnyObject>, request: AdmissionRequest, defaults: PodSecurityPolicy, exempt: PodSecurityExemptions): void {
  const { old, name } = request
  const labels = object.metadata.labels ?? {}
  const policy = policyOf(labels, defaults)
  const before = old ? policyOf(old.metadata.labels, defaults) : undefined
  if (policy.errors.length > 0 && !equalJson(policy.errors, before?.errors)) throw invalidObject(request.definition.resource, name, policy.errors)
  if (before) {
    const [{ level, version }, was] = [policy.enforce, before.enforce]
    if (level === 'privileged' || (version === was.version && strictness(level) <= strictness(was.level))) return
  }
  if (exempt.namespaces?.includes(name)) {
    const stated = statedInVain(policy, labels, defaults)
    if (stated !== undefined) request.warn(`namespace ${JSON.stringify(name)} is exempt from Pod Security, and the policy (${stated}) will be ignored`)
  } else if (before) warnOfPods(policy.enforce, request, exempt)
}

const mostPods = 3000

/** One pod of each controller comes before its others. */
function inOrderOfNews(all: readonly Pod[]): Pod[] {
  const seen = new Set<string>()
  const [first, more]: [Pod[], Pod[]] = [[], []]
  for (const pod of all) {
    const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller)?.uid
    ;(owner !== undefined && seen.has(owner) ? more : first).push(pod)
    if (owner !== undefined) seen.add(owner)
  }
  return [...first, ...more]
}

/** Tells which pods that run already would be refused now. */
function warnOfPods(level: PolicyLevel, request: AdmissionRequest, exempt: PodSecurityExemptions): void {
  const all = inOrderOfNews(request.view.list<Pod>(pods, request.name).filter(({ spec }) => !exempt.runtimeClasses?.includes(spec.runtimeClassName ?? '')))
  const checked = all.slice(0, mostPods)
  const byReason = new Map<string, string[]>()
  for (const pod of checked) {
    const violations = violationsOf(level, pod.metadata, pod.spec)
    if (violations.length === 0) continue
    const reason = reasonText(violations)
    byReason.set(reason, [...byReason.get(reason) ?? [], pod.metadata.name ?? ''])
  }
  if (checked.length < all.length) request.warn(`new PodSecurity enforce level only checked against the first ${checked.length} of ${all.length} existing pods`)
  if (byReason.size > 0) request.warn(`existing pods in namespace ${JSON.stringify(request.name)} violate the new PodSecurity enforce level ${JSON.stringify(levelText(level))}`)
  const texts = [...byReason].map(([reason, names]) => {
    const first = names.reduce((a, b) => (b < a ? b : a))
    const others = names.length - 1
    return `${first}${others === 0 ? '' : ` (and ${others} other ${others === 1 ? 'pod' : 'pods'})`}: ${reason}`
  })
  for (const text of texts.sort()) request.warn(text)
}

/** What the audit log tells of pod security. */
const noted = (request: AdmissionRequest, key: 'enforce-policy' | 'audit-violations' | 'exempt' | 'error', value: string): void =>
  request.annotate?.(`pod-security.kubernetes.io/${key}`, value)

function evaluate(policy: PodSecurityPolicy, { metadata = {}, spec }: Template, request: AdmissionRequest, enforces: boolean): void {
  if (!spec) return
  const faults = policy.errors.map((error) => `${error.field}: ${error.text}`)
  if (faults.length > 0) noted(request, 'error', `Failed to parse policy: ${aggregateText(faults)}`)
  if (request.annotate) {
    const audited = violationsOf(policy.audit, metadata, spec)
    if (audited.length > 0) noted(request, 'audit-violations', `would violate PodSecurity ${JSON.stringify(levelText(policy.audit))}: ${detailText(audited)}`)
  }
  if (enforces) {
    noted(request, 'enforce-policy', levelText(policy.enforce))
    const violations = violationsOf(policy.enforce, metadata, spec)
    if (violations.length > 0) throw refusal(request, `violates PodSecurity ${JSON.stringify(levelText(policy.enforce))}: ${detailText(violations)}`)
  }
  const warned = violationsOf(policy.warn, metadata, spec)
  if (warned.length > 0) request.warn(`would violate PodSecurity ${JSON.stringify(levelText(policy.warn))}: ${detailText(warned)}`)
}

export function podSecurity({ defaults = openPolicy, exemptions: exempt = {} }: PodSecurityOptions = {}): AdmissionPlugin {
  return {
    name: 'PodSecurity',
    validate(object, request) {
      if (request.operation === 'DELETE') return
      if (isAbout(request, namespaces)) return checkNamespace(object, request, defaults, exempt)
      const { definition: { resource }, namespace, subresource, old } = request
      if (namespace === undefined) return
      const isPod = isResource(request.definition, pods.group, pods.plural)
      const templateOf = isPod ? undefined : workloads.get(`${resource.group}/${resource.plural}`)
      if (isPod ? ignoredSubresources.has(subresource ?? '') : !templateOf || subresource !== undefined) return
      if (exempt.namespaces?.includes(namespace)) return noted(request, 'exempt', 'namespace')
      if (exempt.usernames?.includes(request.user.username)) return noted(request, 'exempt', 'user')
      const policy = policyOf(request.view.get<Namespace>(namespaces, { name: namespace })?.metadata.labels, defaults)
      if (policy.errors.length === 0 && (isPod ? isFullyOpen(policy) : policy.warn.level === 'privileged' && policy.audit.level === 'privileged')) {
        return isPod ? noted(request, 'enforce-policy', levelText(openPolicy.enforce)) : undefined
      }
      if (isPod && old && !isSignificant(object as unknown as Pod, old as unknown as Pod)) return
      const template = templateOf ? templateOf(object) : object as Template
      if (!template) return
      if (exempt.runtimeClasses?.includes(template.spec?.runtimeClassName ?? '')) return noted(request, 'exempt', 'runtimeClass')
      evaluate(policy, template, request, isPod)
    },
  }
}
