// The types of apiregistration/v1 as text; schema-text.ts tells the notation.
export const apiregistrationV1 = `
APIService kind
  1 metadata? meta.ObjectMeta
  2 spec? APIServiceSpec
  3 status? APIServiceStatus

APIServiceSpec
  1 service? *ServiceReference
  2 group? string
  3 version? string
  4 insecureSkipTLSVerify? boolean
  5 caBundle? bytes
  7 groupPriorityMinimum int32 required
  8 versionPriority int32 required

ServiceReference
  1 namespace? string
  2 name? string
  3 port? *int32

APIServiceStatus
  1 conditions? [type]APIServiceCondition merge=type

APIServiceCondition
  1 type string required
  2 status string required
  3 lastTransitionTime? time
  4 reason? string
  5 message? string
`
