// ReplicaSet: keeps a number of pods of one template.
import { replicaSets } from '../../api/types-workload.ts'
import type { ReplicaSet } from '../../api/types-workload.ts'
import { ageColumn, integer, nameColumn, selectorQuery } from './columns.ts'
import { define } from './define.ts'
import { defaultPodTemplate } from './pod-spec-defaults.ts'
import { nameWarnings, templateWarnings } from './pod-warnings.ts'
import type { Errors } from './rules.ts'
import { checkImmutable, checkNonNegative } from './rules.ts'
import { checkReplicaTemplate, scaleSubresource, templateColumns } from './workload.ts'
import { atMostReplicas, countedStatus } from './workload-status.ts'

export default define(replicaSets, {
  initialStatus: () => ({ replicas: 0 }),
  defaults(object) {
    object.spec ??= {}
    object.spec.template ??= {}
    defaultPodTemplate(object.spec.template)
    object.spec.replicas ??= 1
  },
  validate({ spec }, old) {
    const out: Errors = []
    checkNonNegative(out, 'spec.replicas', spec.replicas)
    checkNonNegative(out, 'spec.minReadySeconds', spec.minReadySeconds)
    checkReplicaTemplate(out, spec, old?.spec.template)
    if (old) checkImmutable(out, 'spec.selector', spec.selector, old.spec.selector)
    return out
  },
  warnings: (object, old) => [...nameWarnings(object, old), ...templateWarnings(object, old, 'spec.template', object.spec.template)],
  fields: { 'status.replicas': ({ status }) => `${status?.replicas ?? 0}` },
  subresources: [scaleSubresource(({ spec }) => spec.selector), countedStatus({
    counts: ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration', 'terminatingReplicas'],
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
    ...templateColumns<ReplicaSet>(({ spec }) => spec.template, ({ spec }) => selectorQuery(spec.selector)),
  ],
})
