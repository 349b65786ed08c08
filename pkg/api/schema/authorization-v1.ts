// The types of authorization/v1 as text; schema-text.ts tells the notation.
export const authorizationV1 = `
LocalSubjectAccessReview kind
  1 metadata? meta.ObjectMeta
  2 spec SubjectAccessReviewSpec required
  3 status? SubjectAccessReviewStatus

SubjectAccessReviewSpec
  1 resourceAttributes? *ResourceAttributes
  2 nonResourceAttributes? *NonResourceAttributes
  3 user? string
  4 groups? []string
  5 extra? {}[]string
  6 uid? string

NonResourceAttributes
  1 path? string
  2 verb? string

ResourceAttributes
  1 namespace? string
  2 verb? string
  3 group? string
  4 version? string
  5 resource? string
  6 subresource? string
  7 name? string
  8 fieldSelector? *FieldSelectorAttributes
  9 labelSelector? *LabelSelectorAttributes

FieldSelectorAttributes
  1 rawSelector? string
  2 requirements? []meta.FieldSelectorRequirement

LabelSelectorAttributes
  1 rawSelector? string
  2 requirements? []meta.LabelSelectorRequirement

SubjectAccessReviewStatus
  1 allowed boolean required
  2 reason? string
  3 evaluationError? string
  4 denied? boolean

SelfSubjectAccessReview kind
  1 metadata? meta.ObjectMeta
  2 spec SelfSubjectAccessReviewSpec required
  3 status? SubjectAccessReviewStatus

SelfSubjectAccessReviewSpec
  1 resourceAttributes? *ResourceAttributes
  2 nonResourceAttributes? *NonResourceAttributes

SelfSubjectRulesReview kind
  1 metadata? meta.ObjectMeta
  2 spec SelfSubjectRulesReviewSpec required
  3 status? SubjectRulesReviewStatus

SelfSubjectRulesReviewSpec
  1 namespace? string

SubjectRulesReviewStatus
  1 resourceRules []ResourceRule required
  2 nonResourceRules []NonResourceRule required
  3 incomplete boolean required
  4 evaluationError? string

NonResourceRule
  1 verbs []string required
  2 nonResourceURLs? []string

ResourceRule
  1 verbs []string required
  2 apiGroups? []string
  3 resources? []string
  4 resourceNames? []string

SubjectAccessReview kind
  1 metadata? meta.ObjectMeta
  2 spec SubjectAccessReviewSpec required
  3 status? SubjectAccessReviewStatus
`
