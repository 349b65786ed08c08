// The flow schemas and priority levels that every cluster has as they are: without these the server could shut itself out.
import { flowSchemas, priorityLevels, type FlowRule, type FlowSchema, type FlowSubject, type PriorityLevel } from '../../api/types-flow-control.ts'
import { apiVersionOf, type Resource } from '../../api/object.ts'

const everything: Partial<FlowRule> = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
}
const group = (name: string): FlowSubject => ({ kind: 'Group', group: { name } })

export const mandatorySchemas: Readonly<Record<string, FlowSchema['spec']>> = {
  exempt: { priorityLevelConfiguration: { name: 'exempt' }, matchingPrecedence: 1, rules: [{ subjects: [group('system:masters')], ...everything }] },
  'catch-all': {
    priorityLevelConfiguration: { name: 'catch-all' }, matchingPrecedence: 10_000, distinguisherMethod: { type: 'ByUser' },
    rules: [{ subjects: [group('system:unauthenticated'), group('system:authenticated')], ...everything }],
  },
}

export const mandatoryLevels: Readonly<Record<'exempt' | 'catch-all', PriorityLevel['spec']>> = {
  exempt: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  'catch-all': { type: 'Limited', limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: 'Reject' } } },
}

const objectsOf = <S extends object>(resource: Resource, specs: Readonly<Record<string, S>>): { apiVersion: string; kind: string; metadata: { name: string; annotations: Record<string, string> }; spec: S }[] =>
  Object.entries(specs).map(([name, spec]) => ({ apiVersion: apiVersionOf(resource), kind: resource.kind, metadata: { name, annotations: { 'apf.kubernetes.io/autoupdate-spec': 'true' } }, spec }))

/** As a new cluster makes them. */
export const mandatoryFlowObjects = (): (FlowSchema | PriorityLevel)[] => [...objectsOf(priorityLevels, mandatoryLevels), ...objectsOf(flowSchemas, mandatorySchemas)] as (FlowSchema | PriorityLevel)[]
