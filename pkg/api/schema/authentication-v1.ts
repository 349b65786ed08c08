// The types of authentication/v1 as text; schema-text.ts tells the notation.
export const authenticationV1 = `
SelfSubjectReview kind
  1 metadata? meta.ObjectMeta
  2 status? SelfSubjectReviewStatus

SelfSubjectReviewStatus
  1 userInfo? UserInfo

UserInfo
  1 username? string
  2 uid? string
  3 groups? []string
  4 extra? {}[]string

TokenReview kind
  1 metadata? meta.ObjectMeta
  2 spec TokenReviewSpec required
  3 status? TokenReviewStatus

TokenReviewSpec
  1 token? string
  2 audiences? []string

TokenReviewStatus
  1 authenticated? boolean
  2 user? UserInfo
  3 error? string
  4 audiences? []string

TokenRequest kind
  1 metadata? meta.ObjectMeta
  2 spec TokenRequestSpec required
  3 status? TokenRequestStatus

TokenRequestSpec
  1 audiences []string required
  3 boundObjectRef *BoundObjectReference
  4 expirationSeconds *int64

BoundObjectReference
  1 kind? string
  2 apiVersion? string
  3 name? string
  4 uid? string

TokenRequestStatus
  1 token string required
  2 expirationTimestamp time required
`
