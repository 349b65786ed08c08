// APIServices: group-versions that this server or another one serves.
import type { KubeObject, Resource } from './object.ts'
import type { Condition } from './types-common.ts'

export const apiServices: Resource<ApiService> = { group: 'apiregistration.k8s.io', version: 'v1', plural: 'apiservices', kind: 'APIService', namespaced: false }

export interface ApiService extends KubeObject {
  spec: ApiServiceSpec
  status?: { conditions?: Condition[] }
}

export interface ApiServiceSpec {
  /** PEM in base64. */
  caBundle?: string
  group?: string
  groupPriorityMinimum: number
  insecureSkipTLSVerify?: boolean
  service?: { name: string; namespace: string; port?: number } | null
  version?: string
  versionPriority: number
}

export const availableCondition = ({ status }: ApiService): Condition | undefined => status?.conditions?.find(({ type }) => type === 'Available')
