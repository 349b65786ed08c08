// The types of coordination/v1 as text; schema-text.ts tells the notation.
export const coordinationV1 = `
Lease kind
  1 metadata? meta.ObjectMeta
  2 spec? LeaseSpec

LeaseSpec
  1 holderIdentity? *string
  2 leaseDurationSeconds? *int32
  3 acquireTime? *microTime
  4 renewTime? *microTime
  5 leaseTransitions? *int32
  6 strategy? *string
  7 preferredHolder? *string
`
