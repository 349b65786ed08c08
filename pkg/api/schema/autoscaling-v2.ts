// The types of autoscaling/v2 as text; schema-text.ts tells the notation.
export const autoscalingV2 = `
HorizontalPodAutoscaler kind
  1 metadata? meta.ObjectMeta
  2 spec? HorizontalPodAutoscalerSpec
  3 status? HorizontalPodAutoscalerStatus

HorizontalPodAutoscalerSpec
  1 scaleTargetRef CrossVersionObjectReference required
  2 minReplicas? *int32
  3 maxReplicas int32 required
  4 metrics? []MetricSpec
  5 behavior? *HorizontalPodAutoscalerBehavior

HorizontalPodAutoscalerBehavior
  1 scaleUp? *HPAScalingRules
  2 scaleDown? *HPAScalingRules

HPAScalingRules
  1 selectPolicy? *string
  2 policies? []HPAScalingPolicy
  3 stabilizationWindowSeconds? *int32
  4 tolerance? *quantity

HPAScalingPolicy
  1 type string required
  2 value int32 required
  3 periodSeconds int32 required

MetricSpec
  1 type string required
  2 object? *ObjectMetricSource
  3 pods? *PodsMetricSource
  4 resource? *ResourceMetricSource
  5 external? *ExternalMetricSource
  7 containerResource? *ContainerResourceMetricSource

ContainerResourceMetricSource
  1 name string required
  2 target MetricTarget required
  3 container string required

MetricTarget
  1 type string required
  2 value? *quantity
  3 averageValue? *quantity
  4 averageUtilization? *int32

ExternalMetricSource
  1 metric MetricIdentifier required
  2 target MetricTarget required

MetricIdentifier
  1 name string required
  2 selector? *meta.LabelSelector

ObjectMetricSource
  1 describedObject CrossVersionObjectReference required
  2 target MetricTarget required
  3 metric MetricIdentifier required

CrossVersionObjectReference
  1 kind string required
  2 name string required
  3 apiVersion? string

PodsMetricSource
  1 metric MetricIdentifier required
  2 target MetricTarget required

ResourceMetricSource
  1 name string required
  2 target MetricTarget required

HorizontalPodAutoscalerStatus
  1 observedGeneration? *int64
  2 lastScaleTime? *time
  3 currentReplicas? int32
  4 desiredReplicas int32 required
  5 currentMetrics []MetricStatus
  6 conditions? [type]HorizontalPodAutoscalerCondition merge=type

HorizontalPodAutoscalerCondition
  1 type string required
  2 status string required
  3 lastTransitionTime? time
  4 reason? string
  5 message? string

MetricStatus
  1 type string required
  2 object? *ObjectMetricStatus
  3 pods? *PodsMetricStatus
  4 resource? *ResourceMetricStatus
  5 external? *ExternalMetricStatus
  7 containerResource? *ContainerResourceMetricStatus

ContainerResourceMetricStatus
  1 name string required
  2 current MetricValueStatus required
  3 container string required

MetricValueStatus
  1 value? *quantity
  2 averageValue? *quantity
  3 averageUtilization? *int32

ExternalMetricStatus
  1 metric MetricIdentifier required
  2 current MetricValueStatus required

ObjectMetricStatus
  1 metric MetricIdentifier required
  2 current MetricValueStatus required
  3 describedObject CrossVersionObjectReference required

PodsMetricStatus
  1 metric MetricIdentifier required
  2 current MetricValueStatus required

ResourceMetricStatus
  1 name string required
  2 current MetricValueStatus required
`
