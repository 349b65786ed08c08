// The metadata of what is made from a template: only labels and annotations may be in it.
import type { ObjectMeta } from '../../api/object.ts'
import type { Errors } from './rules.ts'
import { checkAnnotations, checkLabels, forbiddenField } from './rules.ts'

export function checkTemplateMetadata(out: Errors, path: string, metadata: Partial<ObjectMeta> | undefined): void {
  const { annotations = {}, labels, ...rest } = metadata ?? {}
  checkAnnotations(out, `${path}.annotations`, annotations)
  checkLabels(out, `${path}.labels`, labels)
  // Go's name of the field, with its first letter made small.
  for (const field of Object.keys(rest)) out.push(forbiddenField(`${path}.${field === 'uid' ? 'uID' : field}`, 'cannot be set'))
}
