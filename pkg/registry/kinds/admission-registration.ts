// The kinds of admissionregistration.k8s.io: webhooks, and policies in CEL with their bindings.
import { dnsSubdomainFaults } from '../../api/names.ts'
import type { KubeObject } from '../../api/object.ts'
import type { LabelSelector } from '../../api/types-common.ts'
import { admissionEnvironment } from '../admission-cel.ts'
import { admissionScope } from '../admission-scope.ts'
import type { Definition } from '../definition.ts'
import type { MatchCondition, Rule } from './admission-checks.ts'
import { checkConditions, checkRules } from './admission-checks.ts'
import { mutatingBindings, mutatingPolicies, validatingBindings, validatingPolicies } from './admission-policies.ts'
import { ageColumn, integer, nameColumn } from './columns.ts'
import { define, named } from './define.ts'
import type { Errors } from './rules.ts'
import type { WebhookClient } from './webhook-client.ts'
import { checkReviewVersions, checkWebhookClient, isKnownReviewVersion } from './webhook-client.ts'
import { checkLabelSelector, duplicate, invalid, notSupported, required, same } from './rules.ts'

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

const sideEffects = ['None', 'NoneOnDryRun']

/** What all webhooks of the configuration had wrong before an update is let be. */
interface Leniency {
  readonly sideEffects: boolean
  readonly reviewVersions: boolean
  readonly names: boolean
  readonly labelValues: boolean
  readonly conditions: boolean
}

const selectorsOf = ({ namespaceSelector, objectSelector }: Webhook): LabelSelector[] => [namespaceSelector, objectSelector].flatMap((selector) => selector ?? [])

function hasBadLabels(hook: Webhook): boolean {
  const out: Errors = []
  for (const selector of selectorsOf(hook)) checkLabelSelector(out, '', selector)
  return out.length > 0
}

function leniencyOf(hooks: readonly Webhook[], old: readonly Webhook[] | undefined): Leniency {
  if (!old) return { sideEffects: false, reviewVersions: false, names: false, labelValues: false, conditions: false }
  const names = old.map(({ name }) => name)
  return {
    sideEffects: old.some((hook) => !sideEffects.includes(hook.sideEffects ?? '')),
    reviewVersions: old.some(({ admissionReviewVersions: versions = [] }) => versions.length > 0 && !versions.some(isKnownReviewVersion)),
    names: new Set(names).size < names.length,
    labelValues: old.some(hasBadLabels),
    conditions: hooks.length === old.length && hooks.every(({ matchConditions }, index) => same(matchConditions, old[index]?.matchConditions)),
  }
}

function checkName(out: Errors, path: string, name: string): void {
  if (name === '') return void out.push(required(path))
  const faults = dnsSubdomainFaults(name)
  if (faults.length > 0) out.push(invalid(path, name, faults.join(',')))
  else if (name.split('.').length < 3) out.push(invalid(path, name, 'should be a domain with at least three segments separated by dots'))
}

function checkOptional(out: Errors, path: string, value: string | undefined, supported: readonly string[]): void {
  if (value !== undefined && !supported.includes(value)) out.push(notSupported(path, value, supported))
}

function checkWebhook(out: Errors, path: string, hook: Webhook, lenient: Leniency): void {
  checkName(out, `${path}.name`, hook.name ?? '')
  checkRules(out, `${path}.rules`, hook.rules ?? [])
  checkOptional(out, `${path}.failurePolicy`, hook.failurePolicy, ['Fail', 'Ignore'])
  checkOptional(out, `${path}.matchPolicy`, hook.matchPolicy, ['Equivalent', 'Exact'])
  const allowed = lenient.sideEffects ? [...sideEffects, 'Some', 'Unknown'] : sideEffects
  if (hook.sideEffects === undefined) out.push(required(`${path}.sideEffects`, `must specify one of ${allowed.join(', ')}`))
  checkOptional(out, `${path}.sideEffects`, hook.sideEffects, allowed)
  if (hook.timeoutSeconds !== undefined && (hook.timeoutSeconds < 1 || hook.timeoutSeconds > 30)) {
    out.push(invalid(`${path}.timeoutSeconds`, hook.timeoutSeconds, 'the timeout value must be between 1 and 30 seconds'))
  }
  checkLabelSelector(out, `${path}.namespaceSelector`, hook.namespaceSelector, lenient.labelValues)
  checkLabelSelector(out, `${path}.objectSelector`, hook.objectSelector, lenient.labelValues)
  checkOptional(out, `${path}.reinvocationPolicy`, hook.reinvocationPolicy, ['IfNeeded', 'Never'])
  checkWebhookClient(out, `${path}.clientConfig`, hook.clientConfig)
  if (!lenient.conditions) checkConditions(out, `${path}.matchConditions`, hook.matchConditions ?? [], { environment: () => admissionEnvironment(), scope: admissionScope({}) })
  checkReviewVersions(out, `${path}.admissionReviewVersions`, hook.admissionReviewVersions ?? [], { missing: 'must specify one of v1, v1beta1', lenient: lenient.reviewVersions })
}

function validateWebhooks({ webhooks = [] }: WebhookConfiguration, old?: WebhookConfiguration): Errors {
  const out: Errors = []
  const names = new Set<string>()
  const lenient = leniencyOf(webhooks, old && (old.webhooks ?? []))
  for (const [index, hook] of webhooks.entries()) {
    checkWebhook(out, `webhooks[${index}]`, hook, lenient)
    if (!lenient.names && hook.name && names.has(hook.name)) out.push(duplicate(`webhooks[${index}].name`, hook.name))
    names.add(hook.name ?? '')
  }
  return out
}

function webhookKind(plural: string, mutating: boolean): Definition {
  return define(named<WebhookConfiguration>('admissionregistration.k8s.io/v1', plural), {
    finalizers: 'any',
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
