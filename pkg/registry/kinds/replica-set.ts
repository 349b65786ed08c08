// ReplicaSet: keeps a number of pods of one template.
import { replicaSets } from '../../api/types-workload.ts'
import type { ReplicaSet } from '../../api/types-workload.ts'
import { ageColumn, integer, nameColumn, selectorQuery } from './columns.ts'
import { define } from './define.ts'
import { defaultPodTemplate } from './pod-spec-defaults.ts'
import { templateWarnings } from './pod-warnings.ts'
import type { Errors } from './rules.ts'
import { checkImmutable, checkNonNegative } from './rules.ts'
import { checkAlwaysRestarts, checkSelectorAndTemplate, scaleSubresource, templateColumns } from './workload.ts'

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
    checkSelectorAndTemplate(out, spec, 'replicaset')
    checkAlwaysRestarts(out, spec.template, 'ReplicaSet')
    if (old) checkImmutable(out, 'spec.selector', spec.selector, old.spec.selector)
    return out
  },
  warnings: ({ spec }, old) => templateWarnings('spec.template', spec.template, old?.spec.template),
  fields: { 'status.replicas': ({ status }) => `${status?.replicas ?? 0}` },
  subresources: [scaleSubresource(({ spec }) => spec.selector)],
  columns: [
    nameColumn,
    integer('Desired', 'Pods wanted.', ({ spec }) => spec.replicas ?? 0),
    integer('Current', 'Pods that exist.', ({ status }) => status?.replicas ?? 0),
    integer('Ready', 'Pods that are ready.', ({ status }) => status?.readyReplicas ?? 0),
    ageColumn,
    ...templateColumns<ReplicaSet>(({ spec }) => spec.template, ({ spec }) => selectorQuery(spec.selector)),
  ],
})
