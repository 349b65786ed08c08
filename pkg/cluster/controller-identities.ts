// As whom each controller acts: the service account of its upstream name, with the rights of that account's role.
import type { UserInfo } from '../api/request.ts'

const accounts: Readonly<Record<string, string>> = {
  'attachdetach': 'attachdetach-controller',
  'bootstrap-signer': 'bootstrap-signer',
  'certificatesigningrequest': 'certificate-controller',
  'clusterrole-aggregation': 'clusterrole-aggregation-controller',
  'cronjob': 'cronjob-controller',
  'daemonset': 'daemon-set-controller',
  'deployment': 'deployment-controller',
  'disruption': 'disruption-controller',
  'endpoint': 'endpoint-controller',
  'endpoint-slice': 'endpointslice-controller',
  'endpointslice-mirroring': 'endpointslicemirroring-controller',
  'ephemeral-volume': 'ephemeral-volume-controller',
  'garbage-collector': 'generic-garbage-collector',
  'horizontal-pod-autoscaler': 'horizontal-pod-autoscaler',
  'job': 'job-controller',
  'legacy-service-account-token-cleaner': 'legacy-service-account-token-cleaner',
  'namespace': 'namespace-controller',
  'node': 'node-controller',
  'node-ipam': 'node-controller',
  'persistentvolume': 'persistent-volume-binder',
  'pod-garbage-collector': 'pod-garbage-collector',
  'pv-protection': 'pv-protection-controller',
  'pvc-protection': 'pvc-protection-controller',
  'replicaset': 'replicaset-controller',
  'replication': 'replication-controller',
  'resource-claim': 'resource-claim-controller',
  'resource-claim-use': 'resource-claim-controller',
  'resourcequota': 'resourcequota-controller',
  'root-ca-certificate-publisher': 'root-ca-cert-publisher',
  'service-cidr': 'service-cidrs-controller',
  'serviceaccount': 'service-account-controller',
  'statefulset': 'statefulset-controller',
  'taint-eviction': 'node-controller',
  'token-cleaner': 'token-cleaner',
  'ttl-after-finished': 'ttl-after-finished-controller',
  'volume-expand': 'expand-controller',
  'volumeattributesclass-protection': 'volumeattributesclass-protection-controller',
}

/** Parts of the server itself, or of kinglet's own making, which have no role. */
const trustedNames: Readonly<Record<string, string>> = {
  'apiservice-availability': 'system:apiserver',
  'flow-schema': 'system:apiserver',
  'flow-schema-bootstrap': 'system:apiserver',
  'ipallocator-repair': 'system:apiserver',
  'legacy-service-account-token-tracking': 'system:apiserver',
  'local-path': 'system:kinglet',
  'priority-level-bootstrap': 'system:apiserver',
}

/** Its account; the controller manager's own user, whose role is `system:kube-controller-manager`, for the rest. */
export function controllerIdentity(name: string): UserInfo {
  const own = trustedNames[name]
  if (own !== undefined) return { username: own, groups: ['system:masters', 'system:authenticated'] }
  const account = accounts[name]
  if (account === undefined) return { username: 'system:kube-controller-manager', groups: ['system:authenticated'] }
  return { username: `system:serviceaccount:kube-system:${account}`, groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'] }
}
