// StatefulSet: numbered pods with names and volumes of their own.
import type { PodTemplateSpec } from '../../api/types-pod.ts'
import { statefulSets } from '../../api/types-workload.ts'
import type { StatefulSet } from '../../api/types-workload.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import { define } from './define.ts'
import { defaultPodTemplate } from './pod-spec-defaults.ts'
import { templateWarnings } from './pod-warnings.ts'
import type { Errors } from './rules.ts'
import { checkDnsSubdomain, checkNonNegative, checkNumberOrPercent, checkOneOf, checkOptionalOneOf, forbiddenField, invalid, numberOrPercent, same } from './rules.ts'
import { checkAlwaysRestarts, checkSelectorAndTemplate, scaleSubresource, templateColumns } from './workload.ts'

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
    rollingUpdate.maxUnavailable ??= 1
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

function checkUpdateStrategy(out: Errors, { updateStrategy }: StatefulSet['spec']): void {
  const path = 'spec.updateStrategy'
  checkOneOf(out, `${path}.type`, updateStrategy?.type, ['OnDelete', 'RollingUpdate'])
  if (updateStrategy?.type === 'OnDelete' && updateStrategy.rollingUpdate) {
    out.push(invalid(`${path}.rollingUpdate`, updateStrategy.rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'"))
  }
  const { partition, maxUnavailable } = updateStrategy?.rollingUpdate ?? {}
  checkNonNegative(out, `${path}.rollingUpdate.partition`, partition)
  checkNumberOrPercent(out, `${path}.rollingUpdate.maxUnavailable`, maxUnavailable)
  if (maxUnavailable !== undefined && numberOrPercent(maxUnavailable) === 0) out.push(invalid(`${path}.rollingUpdate.maxUnavailable`, maxUnavailable, 'cannot be 0'))
}

function validate({ spec }: StatefulSet, old?: StatefulSet): Errors {
  const out: Errors = []
  checkNonNegative(out, 'spec.replicas', spec.replicas)
  checkNonNegative(out, 'spec.minReadySeconds', spec.minReadySeconds)
  checkNonNegative(out, 'spec.ordinals.start', spec.ordinals?.start)
  checkOneOf(out, 'spec.podManagementPolicy', spec.podManagementPolicy, ['OrderedReady', 'Parallel'])
  checkUpdateStrategy(out, spec)
  const retention = spec.persistentVolumeClaimRetentionPolicy
  checkOptionalOneOf(out, 'spec.persistentVolumeClaimRetentionPolicy.whenDeleted', retention?.whenDeleted, ['Retain', 'Delete'])
  checkOptionalOneOf(out, 'spec.persistentVolumeClaimRetentionPolicy.whenScaled', retention?.whenScaled, ['Retain', 'Delete'])
  if (spec.serviceName && !old) checkDnsSubdomain(out, 'spec.serviceName', spec.serviceName)
  checkSelectorAndTemplate(out, { ...spec, template: withClaims(spec) }, 'statefulset')
  checkAlwaysRestarts(out, spec.template, 'StatefulSet')
  if (old && !same(fixedPart(spec), fixedPart(old.spec))) out.push(forbiddenField('spec', forbiddenText))
  return out
}

/** The template as pods get it: claims come as volumes of their names, and go before volumes of the same name. */
function withClaims({ template, volumeClaimTemplates = [] }: StatefulSet['spec']): PodTemplateSpec {
  const names = volumeClaimTemplates.map(({ metadata }) => metadata?.name ?? '')
  if (names.length === 0 || !template.spec) return template
  const own = (template.spec.volumes ?? []).filter(({ name }) => !names.includes(name))
  return { ...template, spec: { ...template.spec, volumes: [...own, ...names.map((name) => ({ name, emptyDir: {} }))] } }
}

function fixedPart(spec: StatefulSet['spec']): object {
  return Object.fromEntries(Object.entries(spec).filter(([key]) => !changeable.includes(key)))
}

export default define(statefulSets, {
  names: 'dns-label',
  initialStatus: () => ({ availableReplicas: 0, replicas: 0 }),
  defaults,
  validate,
  warnings: ({ spec }, old) => templateWarnings('spec.template', spec.template, old?.spec.template),
  subresources: [scaleSubresource(({ spec }) => spec.selector)],
  columns: [
    nameColumn,
    text('Ready', 'Pods that are ready, of those wanted.', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`),
    ageColumn,
    ...templateColumns<StatefulSet>(({ spec }) => spec.template),
  ],
})
