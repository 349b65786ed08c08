// The types of scheduling/v1 as text; schema-text.ts tells the notation.
export const schedulingV1 = `
PriorityClass kind
  1 metadata? meta.ObjectMeta
  2 value int32 required
  3 globalDefault? boolean
  4 description? string
  5 preemptionPolicy? *string
`
