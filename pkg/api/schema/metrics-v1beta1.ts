// The types of metrics.k8s.io/v1beta1 as text; schema-text.ts tells the notation.
export const metricsV1beta1 = `
NodeMetrics kind
  1 metadata? meta.ObjectMeta
  2 timestamp time required
  3 window duration required
  4 usage {}quantity required

PodMetrics kind
  1 metadata? meta.ObjectMeta
  2 timestamp time required
  3 window duration required
  4 containers [name]ContainerMetrics required

ContainerMetrics
  1 name string required
  2 usage {}quantity required
`
