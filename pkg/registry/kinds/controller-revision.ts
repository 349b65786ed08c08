// ControllerRevision: an immutable snapshot of a DaemonSet's or StatefulSet's template.
import { controllerOf } from '../../api/object.ts'
import { controllerRevisions } from '../../api/types-workload.ts'
import { ageColumn, nameColumn, number, none, text } from './columns.ts'
import { define } from './define.ts'
import type { Errors } from './rules.ts'
import { checkImmutable, checkNonNegative, required } from './rules.ts'

export default define(controllerRevisions, {
  generation: false,
  defaults(object) {
    object.revision ??= 0
  },
  validate(object, old) {
    const out: Errors = []
    checkNonNegative(out, 'revision', object.revision)
    const { data } = object
    if (!old && (data === undefined || data === null)) out.push(required('data', 'data is mandatory'))
    else if (!old && (typeof data !== 'object' || Array.isArray(data))) out.push(required('data', 'data must be a valid JSON object'))
    if (old) checkImmutable(out, 'data', object.data, old.data)
    return out
  },
  columns: [
    nameColumn,
    text('Controller', 'Object that the revision belongs to.', (object) => {
      const owner = controllerOf(object)
      if (!owner) return none
      const group = owner.apiVersion.includes('/') ? `.${owner.apiVersion.split('/')[0]}` : ''
      return `${owner.kind.toLowerCase()}${group}/${owner.name}`
    }),
    number('Revision', 'Number of the revision.', ({ revision }) => revision),
    ageColumn,
  ],
})
