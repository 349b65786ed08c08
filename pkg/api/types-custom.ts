// CustomResourceDefinition as a TypeScript type.
import type { KubeObject, Resource } from './object.ts'
import type { JsonSchemaProps } from './structural-schema.ts'

export const customResourceDefinitions: Resource<CustomResourceDefinition> = {
  group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions', kind: 'CustomResourceDefinition', namespaced: false,
}

export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io'

export interface CustomNames {
  plural: string
  kind: string
  singular?: string
  listKind?: string
  shortNames?: string[]
  categories?: string[]
}

export interface CustomColumn {
  name: string
  type: string
  format?: string
  description?: string
  priority?: number
  jsonPath: string
}

export interface CustomScale {
  specReplicasPath: string
  statusReplicasPath: string
  labelSelectorPath?: string
}

export interface CustomVersion {
  name: string
  served: boolean
  storage: boolean
  deprecated?: boolean
  deprecationWarning?: string
  schema?: { openAPIV3Schema?: JsonSchemaProps }
  subresources?: { status?: object; scale?: CustomScale }
  additionalPrinterColumns?: CustomColumn[]
  selectableFields?: { jsonPath: string }[]
}

export interface WebhookConversion {
  conversionReviewVersions: string[]
  clientConfig?: { url?: string; caBundle?: string; service?: { namespace: string; name: string; path?: string; port?: number } }
}

export interface CustomCondition {
  type: string
  status: string
  reason?: string
  message?: string
  lastTransitionTime?: string
}

export interface CustomResourceDefinition extends KubeObject {
  spec: {
    group: string
    scope: string
    names: CustomNames
    versions: CustomVersion[]
    conversion?: { strategy: string; webhook?: WebhookConversion }
    preserveUnknownFields?: boolean
  }
  status?: { conditions?: CustomCondition[]; acceptedNames?: CustomNames; storedVersions?: string[] }
}

export function conditionOf(crd: CustomResourceDefinition, type: string): CustomCondition | undefined {
  return crd.status?.conditions?.find((condition) => condition.type === type)
}

export function isTrue(crd: CustomResourceDefinition, type: string): boolean {
  return conditionOf(crd, type)?.status === 'True'
}
