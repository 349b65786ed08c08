// What webhook configurations, admission policies and their bindings may not say: the change of a valid object, and each error as upstream words it.
import { changed, created, faults, partFaults, type Json } from './kind.suite.ts'

type Case = [title: string, change: Json, expected: string[]]

const group = 'admissionregistration.k8s.io'
const rule = { operations: ['CREATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] }
const dns1035 = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
const dns1123 = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const name = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
const mutating = `mutatingwebhookconfigurations.${group}/v1`
const validating = `validatingwebhookconfigurations.${group}/v1`

describe('webhooks', () => {
  const hook = { name: 'a.b.c', clientConfig: { url: 'https://x/y' }, admissionReviewVersions: ['v1'], sideEffects: 'None', rules: [rule] }
  const one = (change: Json): Json => ({ metadata: { name: 'x' }, webhooks: [changed(hook, change)] })
  const at = 'webhooks[0]'

  it.each<Case>([
    ['the least', { rules: null }, []],
    ['no name', { name: null }, [`${at}.name: Required value`]],
    ['a name in capitals', { name: 'A' }, [`${at}.name: Invalid value: "A": ${dns1123}`]],
    ['a short name', { name: 'a.b' }, [`${at}.name: Invalid value: "a.b": should be a domain with at least three segments separated by dots`]],
    ['an empty rule', { rules: [{}] }, [`${at}.rules[0].operations: Required value`, `${at}.rules[0].apiGroups: Required value`, `${at}.rules[0].apiVersions: Required value`, `${at}.rules[0].resources: Required value`]],
    ['a rule', { rules: [{ operations: ['*', 'PATCH', ''], apiGroups: ['*', ''], apiVersions: ['*', ''], resources: ['', '*', 'pods', '*/*'], scope: 'Node' }] }, [
      `${at}.rules[0].operations: Invalid value: ["*","PATCH",""]: if '*' is present, must not specify other operations`,
      `${at}.rules[0].operations[1]: Unsupported value: "PATCH": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"`, `${at}.rules[0].operations[2]: Unsupported value: "": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"`,
      `${at}.rules[0].apiGroups: Invalid value: ["*",""]: if '*' is present, must not specify other API groups`, `${at}.rules[0].apiVersions: Invalid value: ["*",""]: if '*' is present, must not specify other API versions`,
      `${at}.rules[0].apiVersions[1]: Required value`, `${at}.rules[0].resources[0]: Required value`,
      `${at}.rules[0].resources: Invalid value: ["","*","pods","*/*"]: if '*/*' is present, must not specify other resources`,
      `${at}.rules[0].resources: Invalid value: ["","*","pods","*/*"]: if '*' is present, must not specify other resources without subresources`,
      `${at}.rules[0].scope: Unsupported value: "Node": supported values: "*", "Cluster", "Namespaced"`,
    ]],
    ['policies', { failurePolicy: 'Wait', matchPolicy: 'Some', timeoutSeconds: 31, reinvocationPolicy: 'Always' }, [
      `${at}.failurePolicy: Unsupported value: "Wait": supported values: "Fail", "Ignore"`, `${at}.matchPolicy: Unsupported value: "Some": supported values: "Equivalent", "Exact"`,
      `${at}.timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds`, `${at}.reinvocationPolicy: Unsupported value: "Always": supported values: "IfNeeded", "Never"`,
    ]],
    ['no word on side effects', { sideEffects: null }, [`${at}.sideEffects: Required value: must specify one of None, NoneOnDryRun`]],
    ['side effects', { sideEffects: 'Some' }, [`${at}.sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"`]],
    ['selectors', { namespaceSelector: { matchExpressions: [{ key: 'a', operator: 'Is' }] }, objectSelector: { matchLabels: { 'a b': '' } } }, [
      `${at}.namespaceSelector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator`, `${at}.objectSelector.matchLabels: Invalid value: "a b": ${name}`,
    ]],
    ['a service without a name', { clientConfig: { url: null, service: { namespace: 'n', port: 70000 } } }, [`${at}.clientConfig.service.name: Required value`, `${at}.clientConfig.service.port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive`]],
    ['nowhere', { clientConfig: { url: null } }, [`${at}.clientConfig: Required value: exactly one of url or service is required`]],
    ['conditions', { matchConditions: [{ name: '', expression: ' ' }, { name: 'a b', expression: ' 1 ' }, { name: 'c', expression: 'true' }, { name: 'c', expression: 'object.' }] }, [
      `${at}.matchConditions[0].expression: Required value`, `${at}.matchConditions[0].name: Required value`,
      `${at}.matchConditions[1].expression: Invalid value: "1": must evaluate to bool but got int`, `${at}.matchConditions[1].name: Invalid value: "a b": ${name}`,
      expect.stringMatching(/^webhooks\[0\]\.matchConditions\[3\]\.expression: Invalid value: "object\.": compilation failed: ERROR: <input>:1:/) as unknown as string, `${at}.matchConditions[3].name: Duplicate value: "c"`,
    ]],
    ['no versions', { admissionReviewVersions: null }, [`${at}.admissionReviewVersions: Required value: must specify one of v1, v1beta1`]],
    ['versions', { admissionReviewVersions: ['v2', 'v2', '1'] }, [
      `${at}.admissionReviewVersions[1]: Invalid value: "v2": duplicate version`, `${at}.admissionReviewVersions[2]: Invalid value: "1": ${dns1035}`, `${at}.admissionReviewVersions: Invalid value: ["v2","v2","1"]: must include at least one of v1, v1beta1`,
    ]],
  ])('%s', (_, change, expected) => {
    expect(faults(mutating, one(change))).toEqual(expected)
  })

  it('have names of their own', () => {
    expect(faults(validating, { metadata: { name: 'x' }, webhooks: [hook, hook] })).toEqual(['webhooks[1].name: Duplicate value: "a.b.c"'])
  })

  it('that had it wrong before may go on so', () => {
    const old = created(validating, { metadata: { name: 'x' }, webhooks: [hook, hook].map((each) => ({ ...each, sideEffects: 'Some', admissionReviewVersions: ['v2'], matchConditions: [{ name: 'a', expression: '1' }] })) })
    expect(faults(validating, structuredClone(old), old)).toEqual([])
    const next = structuredClone(old) as unknown as { webhooks: Json[] }
    next.webhooks[0] = { ...next.webhooks[0], sideEffects: 'Other', matchConditions: [{ name: 'b', expression: '1' }] }
    expect(faults(validating, next, old)).toEqual([
      `${at}.sideEffects: Unsupported value: "Other": supported values: "None", "NoneOnDryRun", "Some", "Unknown"`,
      `${at}.matchConditions[0].expression: Invalid value: "1": must evaluate to bool but got int`, 'webhooks[1].matchConditions[0].expression: Invalid value: "1": must evaluate to bool but got int',
    ])
  })
})

const constraints = { resourceRules: [rule] }

describe('validating policies', () => {
  const kind = `validatingadmissionpolicies.${group}/v1`
  const policy = (change: Json): Json => ({ metadata: { name: 'p' }, spec: changed({ matchConstraints: constraints, validations: [{ expression: 'object.spec.replicas < 5' }] }, change) })

  it.each<Case>([
    ['the least', {}, []],
    ['nothing', { matchConstraints: null, validations: null }, [
      'spec.matchConstraints: Required value', 'spec.validations: Required value: validations or auditAnnotations must contain at least one item', 'spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item',
    ]],
    ['policies', { failurePolicy: 'Wait', matchConstraints: { matchPolicy: 'Some', resourceRules: null, excludeResourceRules: [{ ...rule, resourceNames: ['a/b', 'c', 'c'] }] } }, [
      'spec.failurePolicy: Unsupported value: "Wait": supported values: "Fail", "Ignore"', 'spec.matchConstraints.matchPolicy: Unsupported value: "Some": supported values: "Equivalent", "Exact"',
      'spec.matchConstraints.excludeResourceRules[0].resourceNames[0]: Invalid value: "a/b": may not contain \'/\'', 'spec.matchConstraints.excludeResourceRules[0].resourceNames[2]: Duplicate value: "c"',
      'spec.matchConstraints.resourceRules: Required value',
    ]],
    ['parameters of no kind', { paramKind: { kind: '' } }, ['spec.paramKind.apiVersion: Required value', 'spec.paramKind.kind: Required value']],
    ['parameters', { paramKind: { apiVersion: 'A/1', kind: 'a b' } }, [
      `spec.paramKind.apiVersion: Invalid value: "A": ${dns1123}`, `spec.paramKind.apiVersion: Invalid value: "1": ${dns1035}`, `spec.paramKind.kind: Invalid value: "a b": may have mixed case, but should otherwise match: ${dns1035}`,
    ]],
    ['parameters of no version', { paramKind: { apiVersion: 'a.b/', kind: 'Limit' } }, ['spec.paramKind.apiVersion: Invalid value: "a.b/": version must be specified']],
    ['parameters of too many', { paramKind: { apiVersion: 'a/b/c', kind: 'Limit' } }, ['spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c']],
    ['variables', { variables: [{ name: ' ', expression: '' }, { name: 'a-b', expression: '1' }, { name: 'if', expression: '1' }] }, [
      'spec.variables[0].name: Required value: name is not specified', 'spec.variables[0].expression: Required value: expression is not specified',
      'spec.variables[1].name: Invalid value: "a-b": must be a valid CEL identifier', 'spec.variables[2].name: Invalid value: "if": must be a valid CEL identifier',
    ]],
    ['validations', { validations: [{ expression: ' ', message: ' ', messageExpression: ' ', reason: 'Because' }, { expression: '1', message: 'a\rb', messageExpression: '1' }, { expression: 'true', message: 'a\n' }] }, [
      'spec.validations[0].expression: Required value: expression is not specified', 'spec.validations[0].messageExpression: Invalid value: " ": must be non-empty if specified',
      'spec.validations[0].message: Invalid value: " ": must be non-empty if specified', 'spec.validations[0].reason: Unsupported value: "Because": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
      'spec.validations[1].expression: Invalid value: "1": must evaluate to bool but got int', 'spec.validations[1].messageExpression: Invalid value: "1": must evaluate to string but got int',
      'spec.validations[1].message: Invalid value: "a\\rb": must not contain line breaks',
    ]],
    ['annotations', { auditAnnotations: [{ key: 'a b', valueExpression: ' ' }, { key: 'c', valueExpression: 'true' }, { key: 'c', valueExpression: `"${'x'.repeat(5 * 1024)}"` }] }, [
      `spec.auditAnnotations[0].key: Invalid value: "p/a b": ${name}`, 'spec.auditAnnotations[0].valueExpression: Required value: valueExpression is not specified',
      'spec.auditAnnotations[1].valueExpression: Invalid value: "true": must evaluate to one of [string null_type] but got bool',
      'spec.auditAnnotations[2].valueExpression: Required value: must not exceed 5120 bytes in length', 'spec.auditAnnotations[2].key: Duplicate value: "c"',
    ]],
  ])('%s', (_, change, expected) => {
    expect(faults(kind, policy(change))).toEqual(expected)
  })

  it('have conditions in their status', () => {
    const condition = { type: 'a b', status: 'Maybe', reason: '1', observedGeneration: -1 }
    expect(partFaults(kind, 'status', { ...policy({}), status: { conditions: [condition], typeChecking: { expressionWarnings: [{}] } } }, policy({}))).toEqual([
      'status.typeChecking.expressionWarnings[0].warning: Required value', 'status.typeChecking.expressionWarnings[0].fieldRef: Required value',
      `status.conditions[0].type: Invalid value: "a b": ${name}`, 'status.conditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"',
      'status.conditions[0].observedGeneration: Invalid value: -1: must be greater than or equal to zero', 'status.conditions[0].lastTransitionTime: Required value',
      'status.conditions[0].reason: Invalid value: "1": a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or \'_,:\', and must end with an alphanumeric character or \'_\' (e.g. \'my_name\',  or \'MY_NAME\',  or \'MyName\',  or \'ReasonA,ReasonB\',  or \'ReasonA:ReasonB\', regex used for validation is \'[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?\')',
    ])
  })
})

describe('mutating policies', () => {
  const kind = `mutatingadmissionpolicies.${group}/v1beta1`
  const patch = { patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{}' } }
  const policy = (change: Json): Json => ({ metadata: { name: 'p' }, spec: changed({ matchConstraints: constraints, mutations: [patch], reinvocationPolicy: 'Never' }, change) })
  const at = 'spec.mutations'

  it.each<Case>([
    ['the least', {}, []],
    ['nothing', { matchConstraints: null, mutations: null, reinvocationPolicy: null }, ['spec.matchConstraints: Required value', `${at}: Required value: mutations must contain at least one item`, 'spec.reinvocationPolicy: Required value']],
    ['deletions', { matchConstraints: { resourceRules: [{ ...rule, operations: ['DELETE'] }] } }, ['spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"']],
    ['patches', { mutations: [{}, { patchType: 'Merge' }, { patchType: 'JSONPatch', applyConfiguration: { expression: 'Object{}' } }, { patchType: 'JSONPatch', jsonPatch: { expression: ' ' } }, { ...patch, applyConfiguration: { expression: '1' } }], reinvocationPolicy: 'Often' }, [
      `${at}[0].patchType: Required value`, `${at}[1].patchType: Unsupported value: "Merge": supported values: "ApplyConfiguration", "JSONPatch"`,
      `${at}[2].jsonPatch: Required value: must be specified when patchType is JSONPatch`, `${at}[2].applyConfiguration: Invalid value: "{applyConfiguration}": must not be specified when patchType is JSONPatch`,
      `${at}[3].jsonPatch.expression: Required value`, `${at}[4].applyConfiguration.expression: Invalid value: "1": must evaluate to Object but got int`,
      'spec.reinvocationPolicy: Unsupported value: "Often": supported values: "Never", "IfNeeded"',
    ]],
  ])('%s', (_, change, expected) => {
    expect(faults(kind, policy(change))).toEqual(expected)
  })
})

describe('bindings', () => {
  const binding = (change: Json): Json => ({ metadata: { name: 'b' }, spec: changed({ policyName: 'p', validationActions: ['Deny'] }, change) })
  const params = { name: 'a', parameterNotFoundAction: 'Deny' }

  it.each<Case>([
    ['the least', { paramRef: params, matchResources: {} }, []],
    ['nothing', { policyName: null, validationActions: null }, ['spec.policyName: Required value', 'spec.validationActions: Required value: at least one validation action is required']],
    ['a policy', { policyName: 'A' }, [`spec.policyName: Invalid value: "A": ${dns1123}`]],
    ['parameters of two kinds', { paramRef: { ...params, name: 'a/b', selector: {} } }, [
      'spec.paramRef.name: Invalid value: "a/b": may not contain \'/\'', 'spec.paramRef.name: Forbidden: name and selector are mutually exclusive', 'spec.paramRef.selector: Forbidden: name and selector are mutually exclusive',
    ]],
    ['parameters of none', { paramRef: {} }, ['spec.paramRef: Required value: one of name or selector must be specified', 'spec.paramRef.parameterNotFoundAction: Required value']],
    ['parameters that may be missing', { paramRef: { ...params, parameterNotFoundAction: 'Skip' } }, ['spec.paramRef.parameterNotFoundAction: Unsupported value: "Skip": supported values: "Deny", "Allow"']],
    ['resources', { matchResources: { matchPolicy: 'Some', resourceRules: [{ ...rule, scope: 'Node' }] } }, [
      'spec.matchResources.matchPolicy: Unsupported value: "Some": supported values: "Equivalent", "Exact"', 'spec.matchResources.resourceRules[0].scope: Unsupported value: "Node": supported values: "*", "Cluster", "Namespaced"',
    ]],
    ['actions', { validationActions: ['Deny', 'Warn', 'Warn', 'Pray'] }, [
      'spec.validationActions[2]: Duplicate value: "Warn"', 'spec.validationActions[3]: Unsupported value: "Pray": supported values: "Audit", "Deny", "Warn"',
      'spec.validationActions: Invalid value: ["Deny","Warn","Warn","Pray"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
    ]],
  ])('%s', (_, change, expected) => {
    expect(faults(`validatingadmissionpolicybindings.${group}/v1`, binding(change))).toEqual(expected)
  })

  it('of mutating policies match what can be changed', () => {
    expect(faults(`mutatingadmissionpolicybindings.${group}/v1beta1`, { metadata: { name: 'b' }, spec: { policyName: 'p', matchResources: { matchPolicy: 'Some', resourceRules: [{ ...rule, operations: ['DELETE', 'CREATE'] }] } } })).toEqual([
      'spec.matchResources.matchPolicy: Unsupported value: "Some": supported values: "Equivalent", "Exact"', 'spec.matchResources.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"',
    ])
  })
})
