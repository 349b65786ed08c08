// PodSecurity: pods keep to the level that their namespace's labels state; what would make others is warned about.
import { equalJson } from '../api/json.ts'
import { invalidObject } from '../api/field-error.ts'
import type { AnyObject, ObjectMeta } from '../api/object.ts'
import type { Namespace } from '../api/types-config.ts'
import { namespaces } from '../api/types-config.ts'
import type { Container, Pod, PodSpec } from '../api/types-pod.ts'
import { pods } from '../api/types-pod.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import { isAbout, isResource, refusal } from './admission.ts'
import type { PolicyLevel } from './pod-security-checks.ts'
import { detailText, levelText, reasonText, violationsOf } from './pod-security-checks.ts'
import type { PodSecurityPolicy } from './pod-security-policy.ts'
import { openPolicy, policyOf, strictness } from './pod-security-policy.ts'

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

const ignoredSubresources = new Set(['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status', 'resize'])

/** Of what can change in a pod, images, annotations of seccomp and new containers count. */
function isSignificant(pod: Pod, old: Pod): boolean {
  const facts = ({ metadata, spec }: Pod): unknown => [
    metadata.annotations?.['seccomp.security.alpha.kubernetes.io/pod'] ?? '',
    ...[spec.containers, spec.initContainers ?? [], spec.ephemeralContainers ?? []].map((list: readonly Container[]) => list.map(({ name, image }) =>
      [name, image ?? '', metadata.annotations?.[`container.seccomp.security.alpha.kubernetes.io/${name}`] ?? ''])),
  ]
  return !equalJson(facts(pod), facts(old))
}

function checkNamespace(object: Readonly<AnyObject>, request: AdmissionRequest, defaults: PodSecurityPolicy, exempt: PodSecurityExemptions): void {
  const { old } = request
  const policy = policyOf(object.metadata.labels, defaults)
  const before = old ? policyOf(old.metadata.labels, defaults) : openPolicy
  if (policy.errors.length > 0 && !equalJson(policy.errors, before.errors)) throw invalidObject(request.definition.resource, request.name, policy.errors)
  if (!old || equalJson(policy.enforce, before.enforce)) return
  if (exempt.namespaces?.includes(request.name)) return request.warn(`namespace ${JSON.stringify(request.name)} is exempt from Pod Security, and the policy (${policyText(policy)}) will be ignored`)
  if (policy.enforce.version === before.enforce.version && strictness(policy.enforce.level) <= strictness(before.enforce.level)) return
  warnOfPods(policy.enforce, request)
}

const mostPods = 3000

/** Tells which pods that run already would be refused now. */
function warnOfPods(level: PolicyLevel, request: AdmissionRequest): void {
  if (level.level === 'privileged') return
  const all = request.view.list<Pod>(pods, request.name)
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
    const others = names.length - 1
    return `${names[0]!}${others === 0 ? '' : ` (and ${others} other ${others === 1 ? 'pod' : 'pods'})`}: ${reason}`
  })
  for (const text of texts.sort()) request.warn(text)
}

/** What the audit log tells of pod security. */
const noted = (request: AdmissionRequest, key: 'enforce-policy' | 'audit-violations' | 'exempt' | 'error', value: string): void =>
  request.annotate?.(`pod-security.kubernetes.io/${key}`, value)

function evaluate(policy: PodSecurityPolicy, { metadata = {}, spec }: Template, request: AdmissionRequest, enforces: boolean): void {
  if (!spec) return
  if (policy.errors.length > 0) noted(request, 'error', `Failed to parse policy: ${policy.errors.map((error) => `${error.field}: ${error.text}`).join(', ')}`)
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

const policyText = (policy: PodSecurityPolicy): string => (['enforce', 'audit', 'warn'] as const).map((mode) => `${mode}=${JSON.stringify(levelText(policy[mode]))}`).join(', ')

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
      if (policy === openPolicy) return isPod ? noted(request, 'enforce-policy', levelText(policy.enforce)) : undefined
      if (isPod && old && !isSignificant(object as unknown as Pod, old as unknown as Pod)) return
      const template = templateOf ? templateOf(object) : object as Template
      if (!template) return
      if (exempt.runtimeClasses?.includes(template.spec?.runtimeClassName ?? '')) return noted(request, 'exempt', 'runtimeClass')
      evaluate(policy, template, request, isPod)
    },
  }
}
