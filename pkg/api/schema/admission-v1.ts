// The types of admission/v1 as text; schema-text.ts tells the notation.
export const admissionV1 = `
AdmissionReview kind
  1 request? *AdmissionRequest
  2 response? *AdmissionResponse

AdmissionRequest
  1 uid string required
  2 kind meta.GroupVersionKind required
  3 resource meta.GroupVersionResource required
  4 subResource? string
  5 name? string
  6 namespace? string
  7 operation string required
  8 userInfo authentication.UserInfo required
  9 object? raw
  10 oldObject? raw
  11 dryRun? *boolean
  12 options? raw
  13 requestKind? *meta.GroupVersionKind
  14 requestResource? *meta.GroupVersionResource
  15 requestSubResource? string

AdmissionResponse
  1 uid string required
  2 allowed boolean required
  3 status? *meta.Status
  4 patch? bytes
  5 patchType? *string
  6 auditAnnotations? {}string
  7 warnings? []string
`
