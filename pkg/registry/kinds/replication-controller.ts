// ReplicationController: the older form of ReplicaSet, with a plain map as selector.
import { replicationControllers } from '../../api/types-workload.ts'
import type { ReplicationController } from '../../api/types-workload.ts'
import { ageColumn, integer, labelsText, nameColumn } from './columns.ts'
import { define } from './define.ts'
import { defaultPodTemplate } from './pod-spec-defaults.ts'
import { checkPodTemplate } from './pod-spec-validation.ts'
import { nameWarnings, templateWarnings } from './pod-warnings.ts'
import type { Errors } from './rules.ts'
import { checkNonNegative, checkRequired, required } from './rules.ts'
import { checkAlwaysRestarts, checkTemplateLabels, scaleSubresource, templateColumns } from './workload.ts'
import { atMostReplicas, countedStatus } from './workload-status.ts'

const isEmpty = (map: object | undefined): boolean => Object.keys(map ?? {}).length === 0

export default define(replicationControllers, {
  defaultPropagation: 'Orphan',
  initialStatus: () => ({ replicas: 0 }),
  defaults(object) {
    object.spec ??= {}
    const { spec } = object
    if (spec.template) {
      defaultPodTemplate(spec.template)
      const labels = spec.template.metadata?.labels
      if (labels && isEmpty(spec.selector)) spec.selector = { ...labels }
      if (labels && isEmpty(object.metadata.labels)) object.metadata.labels = { ...labels }
    }
    spec.replicas ??= 1
  },
  validate({ spec }, old) {
    const out: Errors = []
    checkNonNegative(out, 'spec.minReadySeconds', spec.minReadySeconds)
    if (isEmpty(spec.selector)) out.push(required('spec.selector'))
    checkNonNegative(out, 'spec.replicas', spec.replicas)
    if (!checkRequired(out, 'spec.template', spec.template) || !spec.template) return out
    checkTemplateLabels(out, { matchLabels: spec.selector ?? {} }, spec.template)
    checkPodTemplate(out, 'spec.template', spec.template, old?.spec.template)
    checkAlwaysRestarts(out, spec.template, 'ReplicationController')
    return out
  },
  warnings: (object, old) => [...nameWarnings(object, old), ...templateWarnings(object, old, 'spec.template', object.spec.template)],
  fields: { 'status.replicas': ({ status }) => `${status?.replicas ?? 0}` },
  subresources: [scaleSubresource(({ spec }) => ({ matchLabels: spec.selector ?? {} })), countedStatus({
    counts: ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration'],
    atMost: [
      ...atMostReplicas('fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'), { field: 'availableReplicas', limit: 'readyReplicas', called: 'readyReplicas' },
    ],
  })],
  columns: [
    nameColumn,
    integer('Desired', 'Pods wanted.', ({ spec }) => spec.replicas ?? 0),
    integer('Current', 'Pods that exist.', ({ status }) => status?.replicas ?? 0),
    integer('Ready', 'Pods that are ready.', ({ status }) => status?.readyReplicas ?? 0),
    ageColumn,
    ...templateColumns<ReplicationController>(({ spec }) => spec.template, ({ spec }) => labelsText(spec.selector)),
  ],
})
