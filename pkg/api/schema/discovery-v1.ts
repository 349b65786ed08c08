// The types of discovery/v1 as text; schema-text.ts tells the notation.
export const discoveryV1 = `
EndpointSlice kind
  1 metadata? meta.ObjectMeta
  2 endpoints []Endpoint required
  3 ports []EndpointPort
  4 addressType string required

Endpoint
  1 addresses [set]string required
  2 conditions? EndpointConditions
  3 hostname? *string
  4 targetRef? *core.ObjectReference
  5 deprecatedTopology? {}string
  6 nodeName? *string
  7 zone? *string
  8 hints? *EndpointHints

EndpointConditions
  1 ready? *boolean
  2 serving? *boolean
  3 terminating? *boolean

EndpointHints
  1 forZones? []ForZone
  2 forNodes? []ForNode

ForNode
  1 name string required

ForZone
  1 name string required

EndpointPort atomic
  1 name? *string
  2 protocol? *string
  3 port? *int32
  4 appProtocol? *string
`
