// Checks of conditions in a status, where a kind holds to the common form of them.
import type { Errors } from './rules.ts'
import { checkLabelKey, checkRequired, duplicate, invalid, notSupported, required, tooLong } from './rules.ts'

interface Condition {
  readonly type?: string
  readonly status?: string
  readonly observedGeneration?: number
  readonly lastTransitionTime?: string
  readonly reason?: string
  readonly message?: string
}

const reasonPattern = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?'
const reasonForm = new RegExp(`^(?:${reasonPattern})$`)
const reasonText = "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'"
  + ` (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '${reasonPattern}')`
const statuses = ['False', 'True', 'Unknown']
const longest = { reason: 1024, message: 32 * 1024 } as const

export function checkStatusConditions(out: Errors, path: string, conditions: readonly Condition[] | undefined): void {
  const types = new Set<string>()
  for (const [index, { type = '', status = '', observedGeneration: generation = 0, lastTransitionTime, reason = '', message = '' }] of (conditions ?? []).entries()) {
    const at = `${path}[${index}]`
    if (types.has(type)) out.push(duplicate(`${at}.type`, type))
    types.add(type)
    checkLabelKey(out, `${at}.type`, type)
    if (!statuses.includes(status)) out.push(notSupported(`${at}.status`, status, statuses))
    if (generation < 0) out.push(invalid(`${at}.observedGeneration`, generation, 'must be greater than or equal to zero'))
    checkRequired(out, `${at}.lastTransitionTime`, lastTransitionTime)
    if (reason === '') out.push(required(`${at}.reason`))
    else if (!reasonForm.test(reason)) out.push(invalid(`${at}.reason`, reason, reasonText))
    if (Buffer.byteLength(reason) > longest.reason) out.push(tooLong(`${at}.reason`, longest.reason))
    if (Buffer.byteLength(message) > longest.message) out.push(tooLong(`${at}.message`, longest.message))
  }
}
