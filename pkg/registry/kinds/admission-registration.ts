// The kinds of admissionregistration.k8s.io: webhooks, and policies in CEL with their bindings.
import type { KubeObject } from '../../api/object.ts'
import type { LabelSelector } from '../../api/types-common.ts'
import { admissionEnvironment } from '../admission-cel.ts'
import type { Definition } from '../definition.ts'
import type { MatchCondition, Rule } from './admission-checks.ts'
import { checkConditions, checkRules } from './admission-checks.ts'
import { mutatingBindings, mutatingPolicies, validatingBindings, validatingPolicies } from './admission-policies.ts'
import { ageColumn, integer, nameColumn } from './columns.ts'
import { define, named } from './define.ts'
import type { Errors } from './rules.ts'
import type { WebhookClient } from './webhook-client.ts'
import { checkReviewVersions, checkWebhookClient } from './webhook-client.ts'
import { checkDnsSubdomain, checkLabelSelector, checkOneOf, duplicate, invalid, notSupported, required } from './rules.ts'

interface Webhook {
  name?: string
  admissionReviewVersions?: string[]
  clientConfig?: WebhookClient
  failurePolicy?: string
  matchPolicy?: string
  reinvocationPolicy?: string
  sideEffects?: string
  timeoutSeconds?: number
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
  matchConditions?: MatchCondition[]
  rules?: Rule[]
}

interface WebhookConfiguration extends KubeObject {
  webhooks?: Webhook[]
}

function checkWebhook(out: Errors, path: string, hook: Webhook): void {
  const { name = '' } = hook
  if (name === '') out.push(required(`${path}.name`))
  else {
    checkDnsSubdomain(out, `${path}.name`, name)
    if (name.split('.').length < 3) out.push(invalid(`${path}.name`, name, 'should be a domain with at least three segments separated by dots'))
  }
  checkRules(out, `${path}.rules`, hook.rules ?? [])
  checkOneOf(out, `${path}.failurePolicy`, hook.failurePolicy, ['Fail', 'Ignore'])
  checkOneOf(out, `${path}.matchPolicy`, hook.matchPolicy, ['Equivalent', 'Exact'])
  if (hook.sideEffects === undefined) out.push(required(`${path}.sideEffects`, 'must specify one of None, NoneOnDryRun'))
  else if (hook.sideEffects !== 'None' && hook.sideEffects !== 'NoneOnDryRun') out.push(notSupported(`${path}.sideEffects`, hook.sideEffects, ['None', 'NoneOnDryRun']))
  if (hook.timeoutSeconds !== undefined && (hook.timeoutSeconds < 1 || hook.timeoutSeconds > 30)) {
    out.push(invalid(`${path}.timeoutSeconds`, hook.timeoutSeconds, 'the timeout value must be between 1 and 30 seconds'))
  }
  checkReviewVersions(out, `${path}.admissionReviewVersions`, hook.admissionReviewVersions)
  checkLabelSelector(out, `${path}.namespaceSelector`, hook.namespaceSelector)
  checkLabelSelector(out, `${path}.objectSelector`, hook.objectSelector)
  checkConditions(out, `${path}.matchConditions`, hook.matchConditions ?? [], () => admissionEnvironment())
  checkWebhookClient(out, `${path}.clientConfig`, hook.clientConfig)
}

function validateWebhooks({ webhooks = [] }: WebhookConfiguration): Errors {
  const out: Errors = []
  const names = new Set<string>()
  for (const [index, hook] of webhooks.entries()) {
    checkWebhook(out, `webhooks[${index}]`, hook)
    if (hook.name && names.has(hook.name)) out.push(duplicate(`webhooks[${index}].name`, hook.name))
    names.add(hook.name ?? '')
  }
  return out
}

function webhookKind(plural: string, mutating: boolean): Definition {
  return define(named<WebhookConfiguration>('admissionregistration.k8s.io/v1', plural), {
    generation: true,
    requireVersionOnUpdate: true,
    defaults(draft) {
      for (const hook of draft.webhooks ?? []) {
        hook.failurePolicy ??= 'Fail'
        hook.matchPolicy ??= 'Equivalent'
        hook.namespaceSelector ??= {}
        hook.objectSelector ??= {}
        hook.timeoutSeconds ??= 10
        if (mutating) hook.reinvocationPolicy ??= 'Never'
        for (const rule of hook.rules ?? []) rule.scope ??= '*'
        if (hook.clientConfig?.service) hook.clientConfig.service.port ??= 443
      }
    },
    validate: validateWebhooks,
    columns: [nameColumn, integer('Webhooks', 'Number of webhooks.', ({ webhooks = [] }) => webhooks.length), ageColumn],
  })
}

const all: readonly Definition[] = [
  webhookKind('mutatingwebhookconfigurations', true), validatingPolicies, validatingBindings, webhookKind('validatingwebhookconfigurations', false),
  mutatingPolicies, mutatingBindings,
]
export default all
