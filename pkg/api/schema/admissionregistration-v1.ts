// The types of admissionregistration/v1 as text; schema-text.ts tells the notation.
export const admissionregistrationV1 = `
MutatingWebhookConfiguration kind
  1 metadata? meta.ObjectMeta
  2 webhooks? [name]MutatingWebhook merge=name

MutatingWebhook
  1 name string required
  2 clientConfig WebhookClientConfig required
  3 rules? []RuleWithOperations
  4 failurePolicy? *string
  5 namespaceSelector? *meta.LabelSelector
  6 sideEffects *string required
  7 timeoutSeconds? *int32
  8 admissionReviewVersions []string required
  9 matchPolicy? *string
  10 reinvocationPolicy? *string
  11 objectSelector? *meta.LabelSelector
  12 matchConditions? [name]MatchCondition merge=name

WebhookClientConfig
  1 service? *ServiceReference
  2 caBundle? bytes
  3 url? *string

ServiceReference
  1 namespace string required
  2 name string required
  3 path? *string
  4 port? *int32

MatchCondition
  1 name string required
  2 expression string required

RuleWithOperations
  1 operations? []string
  2 ...Rule

Rule
  1 apiGroups? []string
  2 apiVersions? []string
  3 resources? []string
  4 scope? *string

ValidatingAdmissionPolicy kind
  1 metadata? meta.ObjectMeta
  2 spec? ValidatingAdmissionPolicySpec
  3 status? ValidatingAdmissionPolicyStatus

ValidatingAdmissionPolicySpec
  1 paramKind? *ParamKind
  2 matchConstraints? *MatchResources
  3 validations? []Validation
  4 failurePolicy? *string
  5 auditAnnotations? []AuditAnnotation
  6 matchConditions? [name]MatchCondition merge=name
  7 variables? [name]Variable merge=name

AuditAnnotation
  1 key string required
  2 valueExpression string required

MatchResources atomic
  1 namespaceSelector? *meta.LabelSelector
  2 objectSelector? *meta.LabelSelector
  3 resourceRules? []NamedRuleWithOperations
  4 excludeResourceRules? []NamedRuleWithOperations
  7 matchPolicy? *string

NamedRuleWithOperations atomic
  1 resourceNames? []string
  2 ...RuleWithOperations

ParamKind atomic
  1 apiVersion? string
  2 kind? string

Validation
  1 expression string required
  2 message? string
  3 reason? *string
  4 messageExpression? string

Variable atomic
  1 name string required
  2 expression string required

ValidatingAdmissionPolicyStatus
  1 observedGeneration? int64
  2 typeChecking? *TypeChecking
  3 conditions? [type]meta.Condition

TypeChecking
  1 expressionWarnings? []ExpressionWarning

ExpressionWarning
  2 fieldRef string required
  3 warning string required

ValidatingAdmissionPolicyBinding kind
  1 metadata? meta.ObjectMeta
  2 spec? ValidatingAdmissionPolicyBindingSpec

ValidatingAdmissionPolicyBindingSpec
  1 policyName? string
  2 paramRef? *ParamRef
  3 matchResources? *MatchResources
  4 validationActions? [set]string

ParamRef atomic
  1 name? string
  2 namespace? string
  3 selector? *meta.LabelSelector
  4 parameterNotFoundAction? *string

ValidatingWebhookConfiguration kind
  1 metadata? meta.ObjectMeta
  2 webhooks? [name]ValidatingWebhook merge=name

ValidatingWebhook
  1 name string required
  2 clientConfig WebhookClientConfig required
  3 rules? []RuleWithOperations
  4 failurePolicy? *string
  5 namespaceSelector? *meta.LabelSelector
  6 sideEffects *string required
  7 timeoutSeconds? *int32
  8 admissionReviewVersions []string required
  9 matchPolicy? *string
  10 objectSelector? *meta.LabelSelector
  11 matchConditions? [name]MatchCondition merge=name
`
