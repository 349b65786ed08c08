// The types of admissionregistration/v1beta1 as text; schema-text.ts tells the notation.
export const admissionregistrationV1beta1 = `
MutatingAdmissionPolicy kind
  1 metadata? meta.ObjectMeta
  2 spec? MutatingAdmissionPolicySpec

MutatingAdmissionPolicySpec
  1 paramKind? *admissionregistration.ParamKind
  2 matchConstraints? *admissionregistration.MatchResources
  3 variables? []admissionregistration.Variable
  4 mutations? []Mutation
  5 failurePolicy? *string
  6 matchConditions? [name]admissionregistration.MatchCondition merge=name
  7 reinvocationPolicy? string

Mutation
  2 patchType string required
  3 applyConfiguration? *ApplyConfiguration
  4 jsonPatch? *JSONPatch

ApplyConfiguration
  1 expression? string

JSONPatch
  1 expression? string

MutatingAdmissionPolicyBinding kind
  1 metadata? meta.ObjectMeta
  2 spec? MutatingAdmissionPolicyBindingSpec

MutatingAdmissionPolicyBindingSpec
  1 policyName? string
  2 paramRef? *admissionregistration.ParamRef
  3 matchResources? *admissionregistration.MatchResources
`
