// Checks of the parameters of writes, in the words of the options kinds of meta.k8s.io.
import { invalidObject, notSupported, required, tooLong, invalid, forbiddenField, type FieldError } from '../api/field-error.ts'
import type { ApiRequest, Verb } from '../api/request.ts'

const kinds: Partial<Record<Verb, string>> = {
  create: 'CreateOptions', update: 'UpdateOptions', patch: 'PatchOptions', delete: 'DeleteOptions', deletecollection: 'DeleteOptions',
}
export const longestManager = 128
const policies = ['Orphan', 'Background', 'Foreground']

/** Throws 422 with all that is wrong with the options of a write. */
export function checkWriteOptions(request: ApiRequest): void {
  const kind = kinds[request.verb]
  if (kind === undefined) return
  const { dryRun, fieldManager, fieldValidation, force } = request.options
  const errors: FieldError[] = []
  if (dryRun?.some((value) => value !== 'All')) errors.push(notSupported('dryRun', dryRun, ['All']))
  if (kind === 'DeleteOptions') {
    const deletion = request.options.delete
    const policy = deletion?.propagationPolicy
    if (policy !== undefined && !policies.includes(policy)) errors.push(notSupported('propagationPolicy', policy, policies))
    if (policy !== undefined && deletion?.orphanDependents !== undefined) {
      errors.push(invalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'))
    }
  } else {
    if (fieldManager !== undefined && Buffer.byteLength(fieldManager) > longestManager) errors.push(tooLong('fieldManager', longestManager))
    if (fieldManager !== undefined && !/^[\x20-\x7e\u00a1-\uffff]*$/.test(fieldManager)) errors.push(invalid('fieldManager', fieldManager, 'should only contain printable characters'))
    if (fieldValidation && !['Ignore', 'Warn', 'Strict'].includes(fieldValidation)) errors.push(notSupported('fieldValidation', fieldValidation, ['Ignore', 'Strict', 'Warn']))
  }
  if (request.verb === 'patch') {
    const apply = request.patch?.type === 'apply'
    if (apply && !fieldManager) errors.push(required('fieldManager', 'is required for apply patch'))
    if (!apply && force !== undefined) errors.push(forbiddenField('force', 'may not be specified for non-apply patch'))
  }
  if (errors.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind }, '', errors)
}
