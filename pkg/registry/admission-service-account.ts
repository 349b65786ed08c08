// ServiceAccount: each pod runs as an account of its namespace and gets that account's token as a volume.
import type { Pod, Container } from '../api/types-pod.ts'
import { pods } from '../api/types-pod.ts'
import type { ServiceAccount } from '../api/types-config.ts'
import { serviceAccounts } from '../api/types-config.ts'
import type { Volume } from '../api/types-volume.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import { NotYet, isCreateOf, refusal } from './admission.ts'
import { ephemeralFault, mirrorFault, secretFault } from './admission-secret-references.ts'
import { randomSuffix } from './object-metadata.ts'

const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount'
const volumePrefix = 'kube-api-access-'
/** One hour and some seconds: kubelets renew at 80 %, and the odd number marks tokens that were asked for here. */
const tokenSeconds = 3607

function accountOf(pod: Pod, request: AdmissionRequest): ServiceAccount {
  const name = pod.spec.serviceAccountName || pod.spec.serviceAccount || 'default'
  const namespace = request.namespace ?? ''
  pod.spec.serviceAccountName = name
  pod.spec.serviceAccount = name
  const account = request.view.get<ServiceAccount>(serviceAccounts, { namespace, name })
  if (account) return account
  const refused = refusal(request, `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`)
  if (name === 'default') throw new NotYet(serviceAccounts, { namespace, name }, refused)
  throw refused
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { path: 'token', expirationSeconds: tokenSeconds } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
      ],
    },
  }
}

function mountToken(pod: Pod, request: AdmissionRequest): void {
  const lacking = [...pod.spec.initContainers ?? [], ...pod.spec.containers]
    .filter((container: Container) => !container.volumeMounts?.some(({ mountPath }) => mountPath === tokenPath))
  if (lacking.length === 0) return
  const known = pod.spec.volumes?.find((volume) => volume.name.startsWith(volumePrefix))
  const name = known?.name ?? volumePrefix + randomSuffix(request.clock)
  if (!known) pod.spec.volumes = [...pod.spec.volumes ?? [], tokenVolume(name)]
  for (const container of lacking) {
    container.volumeMounts = [...container.volumeMounts ?? [], { name, readOnly: true, mountPath: tokenPath }]
  }
}

const isMirror = ({ metadata: { annotations } }: Readonly<Pod>): boolean => annotations?.['kubernetes.io/config.mirror'] !== undefined

function refuse(request: AdmissionRequest, fault: string | undefined): void {
  if (fault !== undefined) throw refusal(request, fault)
}

/** Of a pod that is complete. */
function check(pod: Readonly<Pod>, request: AdmissionRequest): void {
  const later = request.operation === 'UPDATE' && request.subresource === 'ephemeralcontainers' && request.definition.resource.plural === pods.plural && request.definition.resource.group === pods.group
  if (!later && !isCreateOf(request, pods)) return
  if (!later && isMirror(pod)) return refuse(request, mirrorFault(pod))
  const { serviceAccountName: name } = pod.spec
  const namespace = request.namespace ?? ''
  if (!name) return refuse(request, `no service account specified for pod ${namespace}/${request.name}`)
  const account = request.view.get<ServiceAccount>(serviceAccounts, { namespace, name })
  if (!account) return refuse(request, `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`)
  refuse(request, later ? ephemeralFault(pod, account) : secretFault(pod, account))
}

export const serviceAccountAdmission: AdmissionPlugin = {
  name: 'ServiceAccount',
  mutate(draft, request) {
    if (!isCreateOf(request, pods)) return
    const pod = draft as unknown as Pod
    if (isMirror(pod)) return check(pod, request)
    const account = accountOf(pod, request)
    if (pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(pod, request)
    if (!pod.spec.imagePullSecrets?.length && account.imagePullSecrets?.length) pod.spec.imagePullSecrets = account.imagePullSecrets.map((secret) => ({ ...secret }))
    check(pod, request)
  },
  validate: (object, request) => check(object as unknown as Pod, request),
}
