// Types that kinds of several groups share.

export interface LabelSelector {
  matchExpressions?: LabelSelectorRequirement[]
  matchLabels?: Record<string, string>
}

export interface LabelSelectorRequirement {
  key: string
  operator: string
  values?: string[]
}

export interface Condition {
  lastTransitionTime: string
  message: string
  observedGeneration?: number
  reason: string
  status: string
  type: string
}
