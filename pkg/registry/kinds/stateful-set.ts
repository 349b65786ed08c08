// StatefulSet: numbered pods with names and volumes of their own.
import type { PodTemplateSpec } from '../../api/types-pod.ts'
import { statefulSets } from '../../api/types-workload.ts'
import type { RollingUpdateStatefulSetStrategy, StatefulSet } from '../../api/types-workload.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import { define } from './define.ts'
import { defaultPodTemplate } from './pod-spec-defaults.ts'
import { inGo } from './go-values.ts'
import { checkPodTemplate } from './pod-spec-validation.ts'
import { templateWarnings } from './pod-warnings.ts'
import type { Errors } from './rules.ts'
import { checkAtMostAll, checkDnsLabel, checkNonNegative, checkNumberOrPercent, forbiddenField, invalid, notSupported, numberOrPercent, required, same } from './rules.ts'
import { checkClaimSpec, claimSpecWarnings } from './volume-rules.ts'
import { checkAlwaysRestarts, checkSelector, checkTemplateLabels, scaleSubresource, templateColumns } from './workload.ts'
import { atMostReplicas, countedStatus } from './workload-status.ts'

function defaults(object: StatefulSet): void {
  object.spec ??= { serviceName: '', template: {} }
  const { spec } = object
  spec.template ??= {}
  defaultPodTemplate(spec.template)
  spec.podManagementPolicy ||= 'OrderedReady'
  spec.updateStrategy ??= {}
  if (!spec.updateStrategy.type) {
    spec.updateStrategy.type = 'RollingUpdate'
    spec.updateStrategy.rollingUpdate ??= {}
  }
  const { type, rollingUpdate } = spec.updateStrategy
  if (type === 'RollingUpdate' && rollingUpdate) {
    rollingUpdate.partition ??= 0
  }
  spec.persistentVolumeClaimRetentionPolicy ??= {}
  spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= 'Retain'
  spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= 'Retain'
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= 10
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.apiVersion ??= 'v1'
    claim.kind ??= 'PersistentVolumeClaim'
    claim.spec ??= {}
    claim.spec.volumeMode ??= 'Filesystem'
    claim.status ??= {}
    claim.status.phase ||= 'Pending'
  }
}

// What may change after creation; the rest of the spec names the pods and their volumes.
const changeable = ['replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy', 'minReadySeconds']
const forbiddenText = 'updates to statefulset spec for fields other than \'replicas\', \'ordinals\', \'template\', \'updateStrategy\', '
  + '\'revisionHistoryLimit\', \'persistentVolumeClaimRetentionPolicy\' and \'minReadySeconds\' are forbidden'

function checkUpdateStrategy(out: Errors, path: string, { updateStrategy }: StatefulSet['spec']): void {
  const { type, rollingUpdate } = updateStrategy ?? {}
  const update = rollingUpdate ? inGo(rollingUpdate, { Partition: 0, MaxUnavailable: null }) : null
  if (!type) out.push(required(path))
  else if (type === 'OnDelete') {
    if (update) out.push(invalid(`${path}.rollingUpdate`, update, "only allowed for updateStrategy 'RollingUpdate'"))
  } else if (type !== 'RollingUpdate') out.push(invalid(path, { Type: type, RollingUpdate: update }, "must be 'RollingUpdate' or 'OnDelete'"))
  else checkRollingUpdate(out, `${path}.rollingUpdate`, rollingUpdate ?? {})
}

function checkRollingUpdate(out: Errors, path: string, { partition, maxUnavailable }: RollingUpdateStatefulSetStrategy): void {
  checkNonNegative(out, `${path}.partition`, partition)
  if (maxUnavailable === undefined) return
  checkNumberOrPercent(out, `${path}.maxUnavailable`, maxUnavailable)
  if (numberOrPercent(maxUnavailable) === 0) out.push(invalid(`${path}.maxUnavailable`, maxUnavailable, 'cannot be 0'))
  checkAtMostAll(out, `${path}.maxUnavailable`, maxUnavailable)
}

const managementPolicies = ['OrderedReady', 'Parallel']

function checkSpec(out: Errors, spec: StatefulSet['spec'], old: StatefulSet['spec'] | undefined): void {
  const { podManagementPolicy: policy, persistentVolumeClaimRetentionPolicy: retention, selector } = spec
  if (!policy) out.push(required('spec.podManagementPolicy'))
  else if (!managementPolicies.includes(policy)) out.push(invalid('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'"))
  checkUpdateStrategy(out, 'spec.updateStrategy', spec)
  for (const when of ['whenDeleted', 'whenScaled'] as const) {
    const value = retention?.[when] ?? ''
    if (retention && value !== 'Retain' && value !== 'Delete') out.push(notSupported(`spec.persistentVolumeClaimRetentionPolicy.${when}`, value, ['Retain', 'Delete']))
  }
  // These two cannot have changed.
  if (!old) for (const [index, claim] of (spec.volumeClaimTemplates ?? []).entries()) checkClaimSpec(out, `spec.volumeClaimTemplates[${index}].spec`, claim.spec ?? {})
  checkNonNegative(out, 'spec.replicas', spec.replicas)
  checkNonNegative(out, 'spec.minReadySeconds', spec.minReadySeconds)
  checkNonNegative(out, 'spec.ordinals.start', spec.ordinals?.start)
  if (!old && spec.serviceName) checkDnsLabel(out, 'spec.serviceName', spec.serviceName)
  if (!checkSelector(out, selector, 'statefulset')) out.push(invalid('spec.selector', selector, ''))
  else {
    checkTemplateLabels(out, selector, spec.template)
    checkPodTemplate(out, 'spec.template', asInPods(spec), old && asInPods(old))
  }
  checkAlwaysRestarts(out, spec.template, 'StatefulSet')
}

function validate({ spec }: StatefulSet, old?: StatefulSet): Errors {
  const out: Errors = []
  checkSpec(out, spec, old?.spec)
  if (old && !same(fixedPart(spec), fixedPart(old.spec))) out.push(forbiddenField('spec', forbiddenText))
  return out
}

/** The template as pods get it: claims come as volumes of their names, and go before volumes of the same name; host names are given to each pod. */
function asInPods({ template, volumeClaimTemplates = [] }: StatefulSet['spec']): PodTemplateSpec {
  if (!template.spec) return template
  const { hostname: _hostname, subdomain: _subdomain, ...spec } = template.spec
  const names = [...new Set(volumeClaimTemplates.map(({ metadata }) => metadata?.name ?? ''))]
  if (names.length === 0) return { ...template, spec }
  const own = (spec.volumes ?? []).filter(({ name }) => !names.includes(name))
  return { ...template, spec: { ...spec, volumes: [...own, ...names.map((name) => ({ name, persistentVolumeClaim: { claimName: name } }))] } }
}

function fixedPart(spec: StatefulSet['spec']): object {
  return Object.fromEntries(Object.entries(spec).filter(([key]) => !changeable.includes(key)))
}

function warnings(object: StatefulSet, old?: StatefulSet): string[] {
  const { template, volumeClaimTemplates = [], revisionHistoryLimit = 0 } = object.spec
  return [
    ...templateWarnings(object, old, 'spec.template', template),
    ...volumeClaimTemplates.flatMap(({ spec }, index) => claimSpecWarnings(`spec.volumeClaimTemplates[${index}]`, spec)),
    ...(revisionHistoryLimit < 0 ? ['spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended'] : []),
  ]
}

export default define(statefulSets, {
  names: 'dns-label',
  initialStatus: () => ({ availableReplicas: 0, replicas: 0 }),
  defaults,
  validate,
  warnings,
  subresources: [scaleSubresource(({ spec }) => spec.selector), countedStatus({
    counts: ['replicas', 'readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas', 'observedGeneration', 'collisionCount'],
    atMost: [
      ...atMostReplicas('readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'),
      { field: 'availableReplicas', limit: 'readyReplicas', called: 'status.readyReplicas' },
    ],
  })],
  columns: [
    nameColumn,
    text('Ready', 'Pods that are ready, of those wanted.', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`),
    ageColumn,
    ...templateColumns<StatefulSet>(({ spec }) => spec.template),
  ],
})
