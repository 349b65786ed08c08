// The types of certificates/v1 as text; schema-text.ts tells the notation.
export const certificatesV1 = `
CertificateSigningRequest kind
  1 metadata? meta.ObjectMeta
  2 spec CertificateSigningRequestSpec required
  3 status? CertificateSigningRequestStatus

CertificateSigningRequestSpec
  1 request bytes required
  2 username? string
  3 uid? string
  4 groups? []string
  5 usages? []string
  6 extra? {}[]string
  7 signerName string required
  8 expirationSeconds? *int32

CertificateSigningRequestStatus
  1 conditions? [type]CertificateSigningRequestCondition
  2 certificate? bytes

CertificateSigningRequestCondition
  1 type string required
  2 reason? string
  3 message? string
  4 lastUpdateTime? time
  5 lastTransitionTime? time
  6 status string required
`
