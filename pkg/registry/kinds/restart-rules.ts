// Checks of how a container is restarted and resized: its own policy, and rules of when that does not hold.
import type { Container, ContainerResizePolicy } from '../../api/types-pod.ts'
import type { Errors } from './rules.ts'
import { checkOneOf, duplicate, forbiddenField, invalid, notSupported, required, tooLong } from './rules.ts'

const policies = ['Always', 'Never', 'OnFailure']
const operators = ['In', 'NotIn']
const maxRules = 20
const maxExitCodes = 255

/** Too many rules are called too long, as Kubernetes does. */
export function checkRestarts(out: Errors, path: string, { restartPolicy: policy, restartPolicyRules: rules = [] }: Container): void {
  if (policy === undefined) {
    if (rules.length > 0) out.push(required(`${path}.restartPolicy`, 'must specify restartPolicy when restart rules are used'))
  } else if (!policies.includes(policy)) out.push(notSupported(`${path}.restartPolicy`, policy, policies))
  if (rules.length > maxRules) out.push(tooLong(`${path}.restartPolicyRules`, maxRules))
  for (const [index, { action, exitCodes }] of rules.entries()) {
    const at = `${path}.restartPolicyRules[${index}]`
    if (action !== 'Restart') out.push(notSupported(`${at}.action`, action ?? '', ['Restart']))
    if (!exitCodes) {
      out.push(required(`${at}.exitCodes`, 'must be specified'))
      continue
    }
    const { operator = '', values = [] } = exitCodes
    if (!operators.includes(operator)) out.push(notSupported(`${at}.exitCodes.operator`, operator, operators))
    if (values.length > maxExitCodes) out.push(tooLong(`${at}.exitCodes.values`, maxExitCodes))
  }
}

/** Of an init container; one that always restarts (a sidecar) has no rules. */
export function checkInitRestarts(out: Errors, path: string, container: Container): void {
  const { restartPolicy: policy, restartPolicyRules: rules = [] } = container
  if (policy !== 'Always') {
    if (policy !== undefined) checkRestarts(out, path, container)
    else if (rules.length > 0) out.push(required(`${path}.restartPolicy`, 'must specify restartPolicy when restart rules are used'))
  } else if (rules.length > 0) out.push(forbiddenField(`${path}.restartPolicyRules`, 'restartPolicyRules are not allowed for init containers with restart policy Always'))
}

const resizable = ['cpu', 'memory']

// All but duplicates name the list.
export function checkResizePolicy(out: Errors, path: string, resizePolicies: readonly ContainerResizePolicy[], podRestarts: string | undefined): void {
  const seen = new Set<string>()
  for (const [index, { resourceName, restartPolicy }] of resizePolicies.entries()) {
    if (seen.has(resourceName)) out.push(duplicate(`${path}[${index}]`, resourceName))
    seen.add(resourceName)
    checkOneOf(out, path, resourceName, resizable)
    checkOneOf(out, path, restartPolicy, ['NotRequired', 'RestartContainer'])
    if (podRestarts === 'Never' && restartPolicy !== 'NotRequired') out.push(invalid(path, restartPolicy ?? '', "must be 'NotRequired' when `restartPolicy` is 'Never'"))
  }
}
