// Checks of conditions in the form that all newer kinds share.
import { conditionReasonFaults, qualifiedNameFaults } from '../../api/names.ts'
import type { Condition } from '../../api/types-common.ts'
import type { Errors } from './rules.ts'
import { addFaults, duplicate, invalid, notSupported, required, tooLong } from './rules.ts'

const statuses = ['False', 'True', 'Unknown']
const longestReason = 1024
const longestMessage = 32 * 1024

export function checkStatusConditions(out: Errors, path: string, conditions: readonly Partial<Condition>[] = []): void {
  const types = new Set<string>()
  for (const [index, { type = '', status = '', observedGeneration = 0, lastTransitionTime, reason = '', message = '' }] of conditions.entries()) {
    const at = `${path}[${index}]`
    if (types.has(type)) out.push(duplicate(`${at}.type`, type))
    types.add(type)
    addFaults(out, `${at}.type`, type, qualifiedNameFaults(type))
    if (!statuses.includes(status)) out.push(notSupported(`${at}.status`, status, statuses))
    if (observedGeneration < 0) out.push(invalid(`${at}.observedGeneration`, observedGeneration, 'must be greater than or equal to zero'))
    if (!lastTransitionTime) out.push(required(`${at}.lastTransitionTime`))
    if (reason === '') out.push(required(`${at}.reason`))
    else addFaults(out, `${at}.reason`, reason, conditionReasonFaults(reason))
    if (Buffer.byteLength(reason) > longestReason) out.push(tooLong(`${at}.reason`, longestReason))
    if (Buffer.byteLength(message) > longestMessage) out.push(tooLong(`${at}.message`, longestMessage))
  }
}
