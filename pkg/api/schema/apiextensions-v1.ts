// The types of apiextensions/v1 as text; schema-text.ts tells the notation.
export const apiextensionsV1 = `
CustomResourceDefinition kind
  1 metadata? meta.ObjectMeta
  2 spec CustomResourceDefinitionSpec required
  3 status? CustomResourceDefinitionStatus

CustomResourceDefinitionSpec
  1 group string required
  3 names CustomResourceDefinitionNames required
  4 scope string required
  7 versions []CustomResourceDefinitionVersion required
  9 conversion? *CustomResourceConversion
  10 preserveUnknownFields? boolean

CustomResourceConversion
  1 strategy string required
  2 webhook? *WebhookConversion

WebhookConversion
  2 clientConfig? *WebhookClientConfig
  3 conversionReviewVersions []string required

WebhookClientConfig
  1 service? *ServiceReference
  2 caBundle? bytes
  3 url? *string

ServiceReference
  1 namespace string required
  2 name string required
  3 path? *string
  4 port? *int32

CustomResourceDefinitionNames
  1 plural string required
  2 singular? string
  3 shortNames? []string
  4 kind string required
  5 listKind? string
  6 categories? []string

CustomResourceDefinitionVersion
  1 name string required
  2 served boolean required
  3 storage boolean required
  4 schema? *CustomResourceValidation
  5 subresources? *CustomResourceSubresources
  6 additionalPrinterColumns? []CustomResourceColumnDefinition
  7 deprecated? boolean
  8 deprecationWarning? *string
  9 selectableFields? []SelectableField

CustomResourceColumnDefinition
  1 name string required
  2 type string required
  3 format? string
  4 description? string
  5 priority? int32
  6 jsonPath string required

CustomResourceValidation
  1 openAPIV3Schema? *JSONSchemaProps

JSONSchemaProps
  1 id? string
  2 $schema? string
  3 $ref? string
  4 description? string
  5 type? string
  6 format? string
  7 title? string
  8 default? *json
  9 maximum? *double
  10 exclusiveMaximum? boolean
  11 minimum? *double
  12 exclusiveMinimum? boolean
  13 maxLength? *int64
  14 minLength? *int64
  15 pattern? string
  16 maxItems? *int64
  17 minItems? *int64
  18 uniqueItems? boolean
  19 multipleOf? *double
  20 enum? []json
  21 maxProperties? *int64
  22 minProperties? *int64
  23 required? []string
  24 items? *propsOrArray
  25 allOf? []JSONSchemaProps
  26 oneOf? []JSONSchemaProps
  27 anyOf? []JSONSchemaProps
  28 not? *JSONSchemaProps
  29 properties? {}JSONSchemaProps
  30 additionalProperties? *propsOrBool
  31 patternProperties? {}JSONSchemaProps
  32 dependencies? {}propsOrStrings
  33 additionalItems? *propsOrBool
  34 definitions? {}JSONSchemaProps
  35 externalDocs? *ExternalDocumentation
  36 example? *json
  37 nullable? boolean
  38 x-kubernetes-preserve-unknown-fields? *boolean
  39 x-kubernetes-embedded-resource? boolean
  40 x-kubernetes-int-or-string? boolean
  41 x-kubernetes-list-map-keys? []string
  42 x-kubernetes-list-type? *string
  43 x-kubernetes-map-type? *string
  44 x-kubernetes-validations? [rule]ValidationRule merge=rule

ExternalDocumentation
  1 description? string
  2 url? string

ValidationRule
  1 rule string required
  2 message? string
  3 messageExpression? string
  4 reason? *string
  5 fieldPath? string
  6 optionalOldSelf? *boolean

SelectableField
  1 jsonPath string required

CustomResourceSubresources
  1 status? *CustomResourceSubresourceStatus
  2 scale? *CustomResourceSubresourceScale

CustomResourceSubresourceScale
  1 specReplicasPath string required
  2 statusReplicasPath string required
  3 labelSelectorPath? *string

CustomResourceSubresourceStatus

CustomResourceDefinitionStatus
  1 conditions [type]CustomResourceDefinitionCondition
  2 acceptedNames CustomResourceDefinitionNames
  3 storedVersions []string
  4 observedGeneration? int64

CustomResourceDefinitionCondition
  1 type string required
  2 status string required
  3 lastTransitionTime? time
  4 reason? string
  5 message? string
  6 observedGeneration? int64

ConversionReview kind
  1 request? *ConversionRequest
  2 response? *ConversionResponse

ConversionRequest
  1 uid string required
  2 desiredAPIVersion string required
  3 objects []raw required

ConversionResponse
  1 uid string required
  2 convertedObjects []raw required
  3 result meta.Status required
`
