// Groups that belong to Kubernetes: their CRDs carry an annotation that tells where they were approved.
import type { FieldError } from '../api/field-error.ts'
import { invalid, required } from '../api/field-error.ts'
import type { CustomCondition } from '../api/types-custom.ts'

const annotation = 'api-approved.kubernetes.io'

type Approvable = { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> }; readonly spec: { readonly group?: string } }

const isProtected = (group: string): boolean => /(^|\.)(k8s|kubernetes)\.io$/.test(group)

/** undefined: nothing to say. */
function stateOf({ metadata, spec }: Approvable): 'missing' | 'invalid' | 'unapproved' | 'approved' | undefined {
  if (!isProtected(spec.group ?? '')) return undefined
  const value = metadata.annotations?.[annotation]
  if (!value) return 'missing'
  if (value.startsWith('unapproved')) return 'unapproved'
  return URL.canParse(value) ? 'approved' : 'invalid'
}

export function approvalErrors(crd: Approvable): FieldError[] {
  const field = `metadata.annotations[${annotation}]`
  switch (stateOf(crd)) {
    case 'missing': return [required(field, `protected groups must have approval annotation "${annotation}", see https://github.com/kubernetes/enhancements/pull/1111`)]
    case 'invalid': return [invalid(field, crd.metadata.annotations?.[annotation], `protected groups must have approval annotation "${annotation}" with either a URL or a reason starting with "unapproved", see https://github.com/kubernetes/enhancements/pull/1111`)]
    default: return []
  }
}

export function approvalCondition(crd: Approvable): CustomCondition | undefined {
  const value = crd.metadata.annotations?.[annotation] ?? ''
  const type = 'KubernetesAPIApprovalPolicyConformant'
  switch (stateOf(crd)) {
    case 'approved': return { type, status: 'True', reason: 'ApprovedAnnotation', message: `approved in ${value}` }
    case 'unapproved': return { type, status: 'False', reason: 'UnapprovedAnnotation', message: `not approved: ${JSON.stringify(value)}` }
    default: return undefined
  }
}
