// Checks of the counts that controllers write into the status of what makes pods.
import type { KubeObject } from '../../api/object.ts'
import type { Subresource } from '../definition.ts'
import { subresource } from './define.ts'
import type { Errors } from './rules.ts'
import { checkNonNegative, invalid } from './rules.ts'

/** What the numbers of a status have to satisfy, in the order in which errors come. */
export interface StatusRules {
  /** Fields that count something. */
  readonly counts: readonly string[]
  /** One field may not exceed another; `called` is what messages call that other one. */
  readonly atMost?: readonly { readonly field: string; readonly limit: string; readonly called: string }[]
}

/** Fields that may not exceed `replicas`. */
export const atMostReplicas = (...fields: string[]): { field: string; limit: string; called: string }[] =>
  fields.map((field) => ({ field, limit: 'replicas', called: 'status.replicas' }))

type Numbers = Readonly<Record<string, number | undefined>>

const numbersOf = (object: KubeObject): Numbers => (object as KubeObject & { status?: Numbers }).status ?? {}

function check(out: Errors, status: Numbers, { counts, atMost = [] }: StatusRules): void {
  for (const field of counts) checkNonNegative(out, `status.${field}`, status[field])
  for (const { field, limit, called } of atMost) {
    const value = status[field] ?? 0
    if (value > (status[limit] ?? 0)) out.push(invalid(`status.${field}`, value, `cannot be greater than ${called}`))
  }
}

// Names of sets and revisions are made of it, so that going back would meet old names again.
function checkCollisions(out: Errors, { collisionCount: now }: Numbers, { collisionCount: before }: Numbers): void {
  if (before !== undefined && (now === undefined || now < before)) out.push(invalid('status.collisionCount', now ?? 0, 'cannot be decremented'))
}

export function countedStatus<T extends KubeObject>(rules: StatusRules): Subresource<T> {
  return subresource<T>('status', {
    validate(object, old) {
      const out: Errors = []
      check(out, numbersOf(object), rules)
      checkCollisions(out, numbersOf(object), numbersOf(old))
      return out
    },
  })
}
