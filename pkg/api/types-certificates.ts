// Certificate signing requests.
import type { KubeObject, Resource } from './object.ts'

export const certificateSigningRequests: Resource<CertificateSigningRequest> = {
  group: 'certificates.k8s.io', version: 'v1', plural: 'certificatesigningrequests', kind: 'CertificateSigningRequest', namespaced: false,
}

export interface CertificateSigningRequest extends KubeObject {
  spec: CertificateSigningRequestSpec
  status?: CertificateSigningRequestStatus
}

export interface CertificateSigningRequestSpec {
  expirationSeconds?: number
  extra?: Record<string, string[]>
  groups?: string[]
  /** PEM, in base64. */
  request: string
  signerName: string
  uid?: string
  usages?: string[]
  username?: string
}

export interface CertificateSigningRequestStatus {
  /** PEM, in base64. */
  certificate?: string
  conditions?: CertificateSigningRequestCondition[]
}

export interface CertificateSigningRequestCondition {
  lastTransitionTime?: string
  lastUpdateTime?: string
  message?: string
  reason?: string
  status: string
  type: string
}
