// Flow schemas and priority levels: which requests wait for which, when there are more than the server can answer.
import type { KubeObject, Resource } from './object.ts'
import type { Condition } from './types-common.ts'

export const flowSchemas: Resource<FlowSchema> = { group: 'flowcontrol.apiserver.k8s.io', version: 'v1', plural: 'flowschemas', kind: 'FlowSchema', namespaced: false }
export const priorityLevels: Resource<PriorityLevel> = { group: 'flowcontrol.apiserver.k8s.io', version: 'v1', plural: 'prioritylevelconfigurations', kind: 'PriorityLevelConfiguration', namespaced: false }

export interface FlowSubject {
  readonly kind?: string
  readonly user?: { readonly name?: string }
  readonly group?: { readonly name?: string }
  readonly serviceAccount?: { readonly name?: string; readonly namespace?: string }
}

export interface FlowResourceRule {
  readonly verbs?: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly clusterScope?: boolean
  readonly namespaces?: readonly string[]
}

export interface FlowNonResourceRule {
  readonly verbs?: readonly string[]
  readonly nonResourceURLs?: readonly string[]
}

export interface FlowRule {
  readonly subjects?: readonly FlowSubject[]
  readonly resourceRules?: readonly FlowResourceRule[]
  readonly nonResourceRules?: readonly FlowNonResourceRule[]
}

export interface FlowSchema extends KubeObject {
  spec: {
    priorityLevelConfiguration?: { name?: string }
    matchingPrecedence?: number
    distinguisherMethod?: { type?: string } | null
    rules?: readonly FlowRule[]
  }
  status?: { conditions?: Condition[] }
}

export interface PriorityLevel extends KubeObject {
  spec: {
    type?: string
    exempt?: { nominalConcurrencyShares?: number; lendablePercent?: number }
    limited?: {
      nominalConcurrencyShares?: number
      lendablePercent?: number
      borrowingLimitPercent?: number | null
      limitResponse?: { type?: string; queuing?: { queues?: number; handSize?: number; queueLengthLimit?: number } }
    }
  }
  status?: { conditions?: Condition[] }
}
