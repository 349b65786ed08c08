// Namespace: a scope for names. It ends through its finalizers, by the namespace controller.
import type { KubeObject } from '../../api/object.ts'
import { namespaces } from '../../api/types-config.ts'
import type { Namespace } from '../../api/types-config.ts'
import { bareFinalizerErrors } from '../metadata-errors.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import { define, subresource } from './define.ts'
import type { Errors } from './rules.ts'
import { checkLabelKey, invalid } from './rules.ts'

const nameLabel = 'kubernetes.io/metadata.name'
const finalizer = 'kubernetes'

export default define(namespaces, {
  names: 'dns-label',
  generation: false,
  initialStatus: () => ({ phase: 'Active' }),
  defaults(draft) {
    const { metadata } = draft
    draft.spec ??= {}
    if (metadata.name && metadata.labels?.[nameLabel] !== metadata.name) metadata.labels = { ...metadata.labels, [nameLabel]: metadata.name }
  },
  prepareCreate(draft) {
    const { metadata, spec } = draft
    if (metadata.name) metadata.labels = { ...metadata.labels, [nameLabel]: metadata.name }
    const asked = spec.finalizers ?? []
    draft.spec = { ...spec, finalizers: asked.includes(finalizer) ? asked : [...asked, finalizer] }
  },
  prepareUpdate(draft, old) {
    // Only the finalize subresource removes them.
    draft.spec = { ...draft.spec, finalizers: old.spec.finalizers }
    if (!old.spec.finalizers) delete draft.spec.finalizers
  },
  validate: ({ spec }) => checkFinalizers(spec.finalizers ?? [], () => 'spec.finalizers'),
  fields: { 'status.phase': ({ status }) => status?.phase ?? '' },
  subresources: [
    subresource<Namespace>('finalize', {
      merge: (stored, body) => ({ ...stored, spec: { ...stored.spec, finalizers: (body as KubeObject as Namespace).spec?.finalizers ?? [] } }),
      validate: ({ spec }) => checkFinalizers(spec.finalizers ?? [], (index) => `spec.finalizers[${index}]`),
    }),
    subresource<Namespace>('status', { validate: checkPhase }),
  ],
  columns: [
    nameColumn,
    text('Status', 'Active, or Terminating while its content is deleted.', ({ status }) => status?.phase ?? ''),
    ageColumn,
  ],
})

function checkFinalizers(finalizers: readonly string[], pathOf: (index: number) => string): Errors {
  const out: Errors = []
  for (const [index, name] of finalizers.entries()) {
    checkLabelKey(out, pathOf(index), name)
    out.push(...bareFinalizerErrors(pathOf(index), name))
  }
  return out
}

function checkPhase({ metadata, status }: Namespace): Errors {
  const phase = status?.phase ?? ''
  const [wanted, is] = metadata.deletionTimestamp ? ['Terminating', 'is not'] : ['Active', 'is']
  return phase === wanted ? [] : [invalid('status.Phase', phase, `may only be '${wanted}' if \`deletionTimestamp\` ${is} empty`)]
}
