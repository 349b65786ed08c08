// The types of rbac/v1 as text; schema-text.ts tells the notation.
export const rbacV1 = `
ClusterRoleBinding kind
  1 metadata? meta.ObjectMeta
  2 subjects? []Subject
  3 roleRef RoleRef required

RoleRef atomic
  1 apiGroup string required
  2 kind string required
  3 name string required

Subject atomic
  1 kind string required
  2 apiGroup? string
  3 name string required
  4 namespace? string

ClusterRole kind
  1 metadata? meta.ObjectMeta
  2 rules []PolicyRule
  3 aggregationRule? *AggregationRule

AggregationRule
  1 clusterRoleSelectors? []meta.LabelSelector

PolicyRule
  1 verbs []string required
  2 apiGroups? []string
  3 resources? []string
  4 resourceNames? []string
  5 nonResourceURLs? []string

RoleBinding kind
  1 metadata? meta.ObjectMeta
  2 subjects? []Subject
  3 roleRef RoleRef required

Role kind
  1 metadata? meta.ObjectMeta
  2 rules []PolicyRule
`
