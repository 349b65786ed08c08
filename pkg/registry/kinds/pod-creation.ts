// What becomes of a pod that is made: labels of its own in its selectors, old annotations as fields, and that it is held.
import type { LabelSelector } from '../../api/types-common.ts'
import type { AppArmorProfile, Pod, PodAffinityTerm, WeightedPodAffinityTerm } from '../../api/types-pod.ts'
import type { RuleContext } from '../definition.ts'
import { timestamp } from '../object-metadata.ts'
import { placedContainers } from './placed-containers.ts'
import type { Errors } from './rules.ts'
import { same } from './rules.ts'
import { appArmorAdvice, appArmorContainerPrefix, appArmorProfileOf } from './security-annotations.ts'
import { checkAppArmor } from './security-context.ts'

interface Keyed {
  readonly labelSelector?: LabelSelector
  readonly matchLabelKeys?: string[]
  readonly mismatchLabelKeys?: string[]
}

/** The pods that are spoken of are those whose values of these labels are the pod's, or are not. */
function narrow({ labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] }: Keyed, labels: Readonly<Record<string, string>>): void {
  if (!labelSelector) return
  const requirements = ([[matchLabelKeys, 'In'], [mismatchLabelKeys, 'NotIn']] as const).flatMap(([keys, operator]) => keys
    .flatMap((key) => (labels[key] === undefined ? [] : [{ key, operator, values: [labels[key]] }])))
  if (requirements.length > 0) labelSelector.matchExpressions = [...labelSelector.matchExpressions ?? [], ...requirements]
}

function podTerms({ spec: { affinity = {} } }: Pod): Partial<PodAffinityTerm>[] {
  return [affinity.podAffinity, affinity.podAntiAffinity].flatMap((terms) => [
    ...(terms?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((wish: Partial<WeightedPodAffinityTerm>) => wish.podAffinityTerm ?? {}),
    ...terms?.requiredDuringSchedulingIgnoredDuringExecution ?? [],
  ])
}

function isProfile(profile: AppArmorProfile): boolean {
  const out: Errors = []
  checkAppArmor(out, '', profile)
  return out.length === 0
}

/** Profiles that were asked for in annotations are fields from here on; who asks so is told, also where no field can say it. */
function profilesFromAnnotations({ metadata: { annotations = {} }, spec }: Pod, warn: (text: string) => void): void {
  if (spec.os?.name === 'windows') return
  for (const { container } of placedContainers('', spec)) {
    const key = `${appArmorContainerPrefix}${container.name}`
    const annotation = annotations[key]
    if (annotation === undefined || container.securityContext?.appArmorProfile) continue
    const asked = appArmorProfileOf(annotation)
    const profile = asked && isProfile(asked) ? asked : undefined
    if (profile && same(profile, spec.securityContext?.appArmorProfile)) continue
    if (profile) container.securityContext = { ...container.securityContext, appArmorProfile: profile }
    warn(`metadata.annotations[${key}]: ${appArmorAdvice}`)
  }
}

export function preparePod(pod: Pod, { clock, warn }: RuleContext): void {
  const { metadata: { labels = {} }, spec, status } = pod
  for (const keyed of [...podTerms(pod), ...spec.topologySpreadConstraints ?? []]) narrow(keyed, labels)
  if (status && spec.schedulingGates?.length) {
    const message = 'Scheduling is blocked due to non-empty scheduling gates'
    status.conditions = [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message, lastTransitionTime: timestamp(clock.now()) }]
  }
  profilesFromAnnotations(pod, warn)
}
