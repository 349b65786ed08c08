// Checks of the parameters of writes, in the words of the options kinds of meta.k8s.io.
import { invalidObject, notSupported, required, invalid, forbiddenField, type FieldError } from '../api/field-error.ts'
import type { ApiRequest, RequestOptions, Verb } from '../api/request.ts'
import { managerErrors } from '../registry/metadata-errors.ts'

const kinds: Partial<Record<Verb, string>> = {
  create: 'CreateOptions', update: 'UpdateOptions', patch: 'PatchOptions', delete: 'DeleteOptions', deletecollection: 'DeleteOptions',
}
export const longestManager = 128
const policies = ['Foreground', 'Background', 'Orphan', 'nil']
const validations = ['', 'Ignore', 'Strict', 'Warn']

function checkDeletion(out: FieldError[], { delete: deletion }: RequestOptions): void {
  const policy: string | undefined = deletion?.propagationPolicy
  if (policy === undefined) return
  if (deletion?.orphanDependents !== undefined) out.push(invalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'))
  if (policy === 'nil' || !policies.includes(policy)) out.push(notSupported('propagationPolicy', policy, policies))
}

function checkPatch(out: FieldError[], { patch, options: { fieldManager, force } }: ApiRequest): void {
  const apply = patch?.type === 'apply'
  if (apply && !fieldManager) out.push(required('fieldManager', 'is required for apply patch'))
  if (!apply && force !== undefined) out.push(forbiddenField('force', 'may not be specified for non-apply patch'))
}

/** Throws 422 with all that is wrong with the options of a write. */
export function checkWriteOptions(request: ApiRequest): void {
  const kind = kinds[request.verb]
  if (kind === undefined) return
  const { dryRun, fieldManager = '', fieldValidation = '' } = request.options
  const errors: FieldError[] = []
  const isDeletion = kind === 'DeleteOptions'
  if (isDeletion) checkDeletion(errors, request.options)
  if (request.verb === 'patch') checkPatch(errors, request)
  if (!isDeletion) managerErrors(errors, 'fieldManager', fieldManager)
  if (dryRun?.some((value) => value !== 'All')) errors.push(notSupported('dryRun', dryRun, ['All']))
  if (!isDeletion && !validations.includes(fieldValidation)) errors.push(notSupported('fieldValidation', fieldValidation, validations))
  if (errors.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind }, '', errors)
}
