// The types of autoscaling/v1 as text; schema-text.ts tells the notation.
export const autoscalingV1 = `
HorizontalPodAutoscaler kind
  1 metadata? meta.ObjectMeta
  2 spec? HorizontalPodAutoscalerSpec
  3 status? HorizontalPodAutoscalerStatus

HorizontalPodAutoscalerSpec
  1 scaleTargetRef CrossVersionObjectReference required
  2 minReplicas? *int32
  3 maxReplicas int32 required
  4 targetCPUUtilizationPercentage? *int32

CrossVersionObjectReference atomic
  1 kind string required
  2 name string required
  3 apiVersion? string

HorizontalPodAutoscalerStatus
  1 observedGeneration? *int64
  2 lastScaleTime? *time
  3 currentReplicas int32 required
  4 desiredReplicas int32 required
  5 currentCPUUtilizationPercentage? *int32

Scale kind
  1 metadata? meta.ObjectMeta
  2 spec? ScaleSpec
  3 status? ScaleStatus

ScaleSpec
  1 replicas? int32 default=0

ScaleStatus
  1 replicas int32 required
  2 selector? string
`
