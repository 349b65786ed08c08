// RBAC, token and access review kinds.
import type { KubeObject, Resource } from './object.ts'
import type { LabelSelector, LabelSelectorRequirement } from './types-common.ts'

export const roles: Resource<Role> = { group: 'rbac.authorization.k8s.io', version: 'v1', plural: 'roles', kind: 'Role', namespaced: true }
export const clusterRoles: Resource<ClusterRole> = { group: 'rbac.authorization.k8s.io', version: 'v1', plural: 'clusterroles', kind: 'ClusterRole', namespaced: false }
export const roleBindings: Resource<RoleBinding> = { group: 'rbac.authorization.k8s.io', version: 'v1', plural: 'rolebindings', kind: 'RoleBinding', namespaced: true }
export const clusterRoleBindings: Resource<ClusterRoleBinding> = { group: 'rbac.authorization.k8s.io', version: 'v1', plural: 'clusterrolebindings', kind: 'ClusterRoleBinding', namespaced: false }
export const tokenReviews: Resource<TokenReview> = { group: 'authentication.k8s.io', version: 'v1', plural: 'tokenreviews', kind: 'TokenReview', namespaced: false }
export const selfSubjectReviews: Resource<SelfSubjectReview> = { group: 'authentication.k8s.io', version: 'v1', plural: 'selfsubjectreviews', kind: 'SelfSubjectReview', namespaced: false }
export const subjectAccessReviews: Resource<SubjectAccessReview> = { group: 'authorization.k8s.io', version: 'v1', plural: 'subjectaccessreviews', kind: 'SubjectAccessReview', namespaced: false }
export const selfSubjectAccessReviews: Resource<SelfSubjectAccessReview> = { group: 'authorization.k8s.io', version: 'v1', plural: 'selfsubjectaccessreviews', kind: 'SelfSubjectAccessReview', namespaced: false }
export const localSubjectAccessReviews: Resource<LocalSubjectAccessReview> = { group: 'authorization.k8s.io', version: 'v1', plural: 'localsubjectaccessreviews', kind: 'LocalSubjectAccessReview', namespaced: true }
export const selfSubjectRulesReviews: Resource<SelfSubjectRulesReview> = { group: 'authorization.k8s.io', version: 'v1', plural: 'selfsubjectrulesreviews', kind: 'SelfSubjectRulesReview', namespaced: false }

export interface Role extends KubeObject {
  rules: PolicyRule[]
}

export interface PolicyRule {
  apiGroups?: string[]
  nonResourceURLs?: string[]
  resourceNames?: string[]
  resources?: string[]
  verbs: string[]
}

export interface ClusterRole extends KubeObject {
  aggregationRule?: AggregationRule
  rules: PolicyRule[]
}

export interface AggregationRule {
  clusterRoleSelectors?: LabelSelector[]
}

export interface RoleBinding extends KubeObject {
  roleRef: RoleRef
  subjects?: Subject[]
}

export interface RoleRef {
  apiGroup: string
  kind: string
  name: string
}

export interface Subject {
  apiGroup?: string
  kind: string
  name: string
  namespace?: string
}

export interface ClusterRoleBinding extends KubeObject {
  roleRef: RoleRef
  subjects?: Subject[]
}

export interface TokenRequest extends KubeObject {
  spec: TokenRequestSpec
  status?: TokenRequestStatus
}

export interface TokenRequestSpec {
  audiences: string[]
  boundObjectRef?: BoundObjectReference
  expirationSeconds?: number
}

export interface BoundObjectReference {
  apiVersion?: string
  kind?: string
  name?: string
  uid?: string
}

export interface TokenRequestStatus {
  expirationTimestamp: string
  token: string
}

export interface TokenReview extends KubeObject {
  spec: TokenReviewSpec
  status?: TokenReviewStatus
}

export interface TokenReviewSpec {
  audiences?: string[]
  token?: string
}

export interface TokenReviewStatus {
  audiences?: string[]
  authenticated?: boolean
  error?: string
  user?: UserInfo
}

export interface UserInfo {
  extra?: Record<string, string[]>
  groups?: string[]
  uid?: string
  username?: string
}

export interface SelfSubjectReview extends KubeObject {
  status?: SelfSubjectReviewStatus
}

export interface SelfSubjectReviewStatus {
  userInfo?: UserInfo
}

export interface SubjectAccessReview extends KubeObject {
  spec: SubjectAccessReviewSpec
  status?: SubjectAccessReviewStatus
}

export interface SubjectAccessReviewSpec {
  extra?: Record<string, string[]>
  groups?: string[]
  nonResourceAttributes?: NonResourceAttributes
  resourceAttributes?: ResourceAttributes
  uid?: string
  user?: string
}

export interface NonResourceAttributes {
  path?: string
  verb?: string
}

export interface ResourceAttributes {
  fieldSelector?: FieldSelectorAttributes
  group?: string
  labelSelector?: LabelSelectorAttributes
  name?: string
  namespace?: string
  resource?: string
  subresource?: string
  verb?: string
  version?: string
}

export interface FieldSelectorAttributes {
  rawSelector?: string
  requirements?: FieldSelectorRequirement[]
}

export interface FieldSelectorRequirement {
  key: string
  operator: string
  values?: string[]
}

export interface LabelSelectorAttributes {
  rawSelector?: string
  requirements?: LabelSelectorRequirement[]
}

export interface SubjectAccessReviewStatus {
  allowed: boolean
  denied?: boolean
  evaluationError?: string
  reason?: string
}

export interface SelfSubjectAccessReview extends KubeObject {
  spec: SelfSubjectAccessReviewSpec
  status?: SubjectAccessReviewStatus
}

export interface SelfSubjectAccessReviewSpec {
  nonResourceAttributes?: NonResourceAttributes
  resourceAttributes?: ResourceAttributes
}

export interface LocalSubjectAccessReview extends KubeObject {
  spec: SubjectAccessReviewSpec
  status?: SubjectAccessReviewStatus
}

export interface SelfSubjectRulesReview extends KubeObject {
  spec: SelfSubjectRulesReviewSpec
  status?: SubjectRulesReviewStatus
}

export interface SelfSubjectRulesReviewSpec {
  namespace?: string
}

export interface SubjectRulesReviewStatus {
  evaluationError?: string
  incomplete: boolean
  nonResourceRules: NonResourceRule[]
  resourceRules: ResourceRule[]
}

export interface NonResourceRule {
  nonResourceURLs?: string[]
  verbs: string[]
}

export interface ResourceRule {
  apiGroups?: string[]
  resourceNames?: string[]
  resources?: string[]
  verbs: string[]
}
