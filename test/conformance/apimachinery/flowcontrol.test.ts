// The kinds of API priority and fairness.
import { checkOperations } from './api-operations.ts'

// A Go client sends a time that is not set as null.
const status = {
  patched: { type: 'PatchStatusFailed', status: 'False', reason: 'e2e' },
  updated: { type: 'StatusUpdateFailed', status: 'False', reason: 'E2E', message: 'Set from an e2e test', lastTransitionTime: null as unknown as string },
}
const group = { group: 'flowcontrol.apiserver.k8s.io', version: 'v1', namespaced: false }

test('[sig-api-machinery] API priority and fairness should support FlowSchema API operations [Conformance]', async () => {
  await checkOperations({
    resource: { ...group, plural: 'flowschemas', kind: 'FlowSchema' },
    generateName: 'e2e-example-fs-',
    spec: {
      matchingPrecedence: 10_000,
      priorityLevelConfiguration: { name: 'global-default' },
      distinguisherMethod: { type: 'ByUser' },
      rules: [{
        subjects: [{ kind: 'User', user: { name: 'example-e2e-non-existent-user' } }],
        nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
      }],
    },
    patch: { matchingPrecedence: 9999 },
    update: (spec) => ({ ...spec, matchingPrecedence: 9000 }),
    updated: { matchingPrecedence: 9000 },
    status,
  })
})

test('[sig-api-machinery] API priority and fairness should support PriorityLevelConfiguration API operations [Conformance]', async () => {
  await checkOperations({
    resource: { ...group, plural: 'prioritylevelconfigurations', kind: 'PriorityLevelConfiguration' },
    generateName: 'e2e-example-pl-',
    spec: { type: 'Limited', limited: { nominalConcurrencyShares: 2, limitResponse: { type: 'Reject' } } },
    patch: { limited: { nominalConcurrencyShares: 4 } },
    update: (spec) => ({ ...spec, limited: { ...spec['limited'] as object, nominalConcurrencyShares: 6 } }),
    updated: { limited: { nominalConcurrencyShares: 6 } },
    status,
  })
})
