// The table of built-in resources and subresources, in discovery order.
import type { Resource } from './object.ts'
import type { Verb } from './request.ts'

export interface BuiltinSubresource {
  readonly name: string
  readonly verbs: readonly Verb[]
  /** Where the body is another kind than the resource's own. */
  readonly kind?: { readonly group: string; readonly version: string; readonly kind: string }
}

export interface BuiltinResource {
  readonly resource: Resource
  readonly singular: string
  readonly listKind: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly verbs: readonly Verb[]
  readonly subresources: readonly BuiltinSubresource[]
}

// Verbs by letter, in the order that discovery lists them; * is all of them.
const letters: Readonly<Record<string, Verb>> = {
  c: 'create', d: 'delete', D: 'deletecollection', g: 'get', l: 'list', p: 'patch', u: 'update', w: 'watch',
}

// group-version / resource, kind, scope, verbs / subresource, verbs, kind where it is another.
const table = `
v1
  bindings Binding namespace c
  componentstatuses ComponentStatus cluster gl short=cs
  configmaps ConfigMap namespace * short=cm
  endpoints Endpoints namespace * short=ep
  events Event namespace * short=ev
  limitranges LimitRange namespace * short=limits
  namespaces Namespace cluster cdglpuw short=ns
    finalize u
    status gpu
  nodes Node cluster * short=no
    proxy cdgpu NodeProxyOptions
    status gpu
  persistentvolumeclaims PersistentVolumeClaim namespace * short=pvc
    status gpu
  persistentvolumes PersistentVolume cluster * short=pv
    status gpu
  pods Pod namespace * short=po category=all
    attach cg PodAttachOptions
    binding c Binding
    ephemeralcontainers gpu
    eviction c policy/v1/Eviction
    exec cg PodExecOptions
    log g
    portforward cg PodPortForwardOptions
    proxy cdgpu PodProxyOptions
    resize gpu
    status gpu
  podtemplates PodTemplate namespace *
  replicationcontrollers ReplicationController namespace * short=rc category=all
    scale gpu autoscaling/v1/Scale
    status gpu
  resourcequotas ResourceQuota namespace * short=quota
    status gpu
  secrets Secret namespace *
  serviceaccounts ServiceAccount namespace * short=sa
    token c authentication.k8s.io/v1/TokenRequest
  services Service namespace * short=svc category=all
    proxy cdgpu ServiceProxyOptions
    status gpu
apiregistration.k8s.io/v1
  apiservices APIService cluster * category=api-extensions
    status gpu
apps/v1
  controllerrevisions ControllerRevision namespace *
  daemonsets DaemonSet namespace * short=ds category=all
    status gpu
  deployments Deployment namespace * short=deploy category=all
    scale gpu autoscaling/v1/Scale
    status gpu
  replicasets ReplicaSet namespace * short=rs category=all
    scale gpu autoscaling/v1/Scale
    status gpu
  statefulsets StatefulSet namespace * short=sts category=all
    scale gpu autoscaling/v1/Scale
    status gpu
events.k8s.io/v1
  events Event namespace * short=ev
authentication.k8s.io/v1
  selfsubjectreviews SelfSubjectReview cluster c
  tokenreviews TokenReview cluster c
authorization.k8s.io/v1
  localsubjectaccessreviews LocalSubjectAccessReview namespace c
  selfsubjectaccessreviews SelfSubjectAccessReview cluster c
  selfsubjectrulesreviews SelfSubjectRulesReview cluster c
  subjectaccessreviews SubjectAccessReview cluster c
autoscaling/v2
  horizontalpodautoscalers HorizontalPodAutoscaler namespace * short=hpa category=all
    status gpu
autoscaling/v1
  horizontalpodautoscalers HorizontalPodAutoscaler namespace * short=hpa category=all
    status gpu
batch/v1
  cronjobs CronJob namespace * short=cj category=all
    status gpu
  jobs Job namespace * category=all
    status gpu
certificates.k8s.io/v1
  certificatesigningrequests CertificateSigningRequest cluster * short=csr
    approval gpu
    status gpu
networking.k8s.io/v1
  ingressclasses IngressClass cluster *
  ingresses Ingress namespace * short=ing
    status gpu
  ipaddresses IPAddress cluster * short=ip
  networkpolicies NetworkPolicy namespace * short=netpol
  servicecidrs ServiceCIDR cluster *
    status gpu
policy/v1
  poddisruptionbudgets PodDisruptionBudget namespace * short=pdb
    status gpu
rbac.authorization.k8s.io/v1
  clusterrolebindings ClusterRoleBinding cluster *
  clusterroles ClusterRole cluster *
  rolebindings RoleBinding namespace *
  roles Role namespace *
storage.k8s.io/v1
  csidrivers CSIDriver cluster *
  csinodes CSINode cluster *
  csistoragecapacities CSIStorageCapacity namespace *
  storageclasses StorageClass cluster * short=sc
  volumeattachments VolumeAttachment cluster *
    status gpu
  volumeattributesclasses VolumeAttributesClass cluster * short=vac
admissionregistration.k8s.io/v1
  mutatingwebhookconfigurations MutatingWebhookConfiguration cluster * category=api-extensions
  validatingadmissionpolicies ValidatingAdmissionPolicy cluster * category=api-extensions
    status gpu
  validatingadmissionpolicybindings ValidatingAdmissionPolicyBinding cluster * category=api-extensions
  validatingwebhookconfigurations ValidatingWebhookConfiguration cluster * category=api-extensions
admissionregistration.k8s.io/v1beta1
  mutatingadmissionpolicies MutatingAdmissionPolicy cluster * category=api-extensions
  mutatingadmissionpolicybindings MutatingAdmissionPolicyBinding cluster * category=api-extensions
apiextensions.k8s.io/v1
  customresourcedefinitions CustomResourceDefinition cluster * short=crd,crds category=api-extensions
    status gpu
scheduling.k8s.io/v1
  priorityclasses PriorityClass cluster * short=pc
coordination.k8s.io/v1
  leases Lease namespace *
node.k8s.io/v1
  runtimeclasses RuntimeClass cluster *
discovery.k8s.io/v1
  endpointslices EndpointSlice namespace *
flowcontrol.apiserver.k8s.io/v1
  flowschemas FlowSchema cluster *
    status gpu
  prioritylevelconfigurations PriorityLevelConfiguration cluster *
    status gpu
resource.k8s.io/v1
  deviceclasses DeviceClass cluster *
  resourceclaims ResourceClaim namespace *
    status gpu
  resourceclaimtemplates ResourceClaimTemplate namespace *
  resourceslices ResourceSlice cluster *
`

function verbsOf(text: string): Verb[] {
  const all = text === '*' ? Object.keys(letters) : [...text]
  return all.flatMap((letter) => letters[letter] ?? [])
}

function splitGroupVersion(text: string): { group: string; version: string } {
  const [first = '', second] = text.split('/')
  return second === undefined ? { group: '', version: first } : { group: first, version: second }
}

function listOption(words: readonly string[], name: string): string[] {
  const word = words.find((candidate) => candidate.startsWith(`${name}=`))
  return word ? word.slice(name.length + 1).split(',') : []
}

function readTable(text: string): BuiltinResource[] {
  const resources: (BuiltinResource & { subresources: BuiltinSubresource[] })[] = []
  let place = { group: '', version: '' }
  for (const line of text.trim().split('\n')) {
    const [first = '', second = '', third = '', fourth = '', ...options] = line.trim().split(' ')
    if (!line.startsWith(' ')) {
      place = splitGroupVersion(first)
    } else if (!line.startsWith('    ')) {
      resources.push({
        resource: { ...place, plural: first, kind: second, namespaced: third === 'namespace' },
        singular: second.toLowerCase(), listKind: `${second}List`, verbs: verbsOf(fourth),
        shortNames: listOption(options, 'short'), categories: listOption(options, 'category'), subresources: [],
      })
    } else {
      resources.at(-1)?.subresources.push({ name: first, verbs: verbsOf(second), ...(third ? { kind: readKind(third, place) } : {}) })
    }
  }
  return resources
}

function readKind(text: string, place: { group: string; version: string }): { group: string; version: string; kind: string } {
  const slash = text.lastIndexOf('/')
  return { ...(slash < 0 ? place : splitGroupVersion(text.slice(0, slash))), kind: text.slice(slash + 1) }
}

export const builtinResources: readonly BuiltinResource[] = readTable(table)

export function findResource(group: string, version: string, plural: string): BuiltinResource | undefined {
  return builtinResources.find(({ resource }) => resource.plural === plural && resource.group === group && resource.version === version)
}
