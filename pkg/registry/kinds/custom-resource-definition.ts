// CustomResourceDefinition: a kind that users add.
import type { JsonObject } from '../../api/json.ts'
import { dropNulls } from '../../api/structural-nulls.ts'
import { unknownFormats } from '../../api/structural-formats.ts'
import type { CustomCondition } from '../../api/types-custom.ts'
import { cleanupFinalizer } from '../../api/types-custom.ts'
import { withCondition } from '../custom-names.ts'
import { timestamp } from '../object-metadata.ts'
import { defaultColumns } from './columns.ts'
import type { CustomResourceDefinition } from './custom-definition-validation.ts'
import { definitionErrors, definitionStatusErrors } from './custom-definition-validation.ts'
import { define, named, subresource } from './define.ts'

function defaults(draft: CustomResourceDefinition): void {
  draft.spec ??= { names: {} }
  const { spec } = draft
  spec.names ??= {}
  for (const { schema } of spec.versions ?? []) if (schema?.openAPIV3Schema) dropNulls(schema.openAPIV3Schema as JsonObject)
  if (spec.names.kind) {
    spec.names.singular ||= spec.names.kind.toLowerCase()
    spec.names.listKind ||= `${spec.names.kind}List`
  }
  spec.conversion ??= { strategy: 'None' }
  const service = spec.conversion.webhook?.clientConfig?.service
  if (service) service.port ??= 443
}

const storageVersion = ({ spec }: CustomResourceDefinition): string[] => (spec.versions ?? []).flatMap(({ name, storage }) => (storage && name ? [name] : []))

/** What nobody checks of the texts that the kind's objects hold. */
const formatsOf = (crd: CustomResourceDefinition | undefined): Set<string> =>
  new Set((crd?.spec.versions ?? []).flatMap(({ schema }) => [...unknownFormats(schema?.openAPIV3Schema ?? {})]))

export default define(named<CustomResourceDefinition>('apiextensions.k8s.io/v1', 'customresourcedefinitions'), {
  finalizers: 'any',
  requireVersionOnUpdate: true,
  initialStatus: (draft) => ({ conditions: [], acceptedNames: { plural: '', kind: '' }, storedVersions: storageVersion(draft) }),
  defaults,
  prepareUpdate(draft, old) {
    // A version that becomes the stored one is remembered until objects in the others are gone.
    const stored = old.status?.storedVersions ?? []
    const added = storageVersion(draft).filter((version) => !stored.includes(version))
    if (added.length > 0) draft.status = { ...old.status, storedVersions: [...stored, ...added] }
  },
  prepareDelete(draft, { clock }) {
    const finalizers = draft.metadata.finalizers ?? []
    if (!finalizers.includes(cleanupFinalizer)) draft.metadata.finalizers = [...finalizers, cleanupFinalizer]
    const condition = {
      type: 'Terminating', status: 'True', reason: 'InstanceDeletionPending',
      message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
    }
    draft.status = { ...draft.status, conditions: withCondition((draft.status?.conditions ?? []) as CustomCondition[], condition, timestamp(clock.now())) }
  },
  validate: definitionErrors,
  subresources: [subresource<CustomResourceDefinition>('status', { validate: definitionStatusErrors })],
  warnings(crd, old) {
    const before = formatsOf(old)
    return [...formatsOf(crd)].filter((format) => !before.has(format)).map((format) => `unrecognized format ${JSON.stringify(format)}`)
  },
  columns: defaultColumns,
})
