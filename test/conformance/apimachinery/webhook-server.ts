// A webhook server in a pod behind a Service, with its certificate and its right to read who may ask it.
import { roleBindings } from '../../../pkg/api/types-auth.ts'
import { secrets } from '../../../pkg/api/types-config.ts'
import type { PodSpec } from '../pods.ts'
import { images } from '../pods.ts'
import { endpointSlices, services } from '../../../pkg/api/types-service.ts'
import type { Deployment } from '../../../pkg/api/types-workload.ts'
import { deployments, replicaSets } from '../../../pkg/api/types-workload.ts'
import { createAuthority, issueCertificate } from '../../../pkg/pki/certificates.ts'
import { systemClock } from '../../../pkg/util/clock.ts'
import { client, eventually } from '../framework.ts'

export const encode = (text: string): string => Buffer.from(text).toString('base64')

/** A certificate for a Service, in base64 of PEM, and the authority that its callers trust. */
export async function serverCertificate(namespace: string, service: string): Promise<{ certificate: string; key: string; caBundle: string }> {
  const clock = systemClock
  const authority = await createAuthority({ commonName: 'e2e-server-cert-ca', clock })
  const name = `${service}.${namespace}.svc`
  const { certificate, key } = await issueCertificate(authority, { commonName: name, names: [name], usages: ['server'], clock })
  return { certificate: encode(certificate), key: encode(key), caBundle: encode(authority.certificate) }
}

/** Lets the namespace's default account read whom the front proxy's requests come from. Returns the binding's name. */
export async function allowAuthReader(name: string, namespace: string): Promise<void> {
  await client.create(roleBindings, {
    apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding',
    metadata: { name, namespace: 'kube-system', annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' } },
    roleRef: { apiGroup: '', kind: 'Role', name: 'extension-apiserver-authentication-reader' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace }],
  })
}

export interface Deploying {
  readonly namespace: string
  readonly name: string
  readonly labels: Record<string, string>
  readonly spec: PodSpec
}

const deployLimit = 300_000

/** Creates a deployment of one pod and waits until its first revision is complete. */
export async function deploy({ namespace, name, labels, spec }: Deploying): Promise<void> {
  const made = await client.create(deployments, {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace, labels },
    spec: { replicas: 1, selector: { matchLabels: labels }, strategy: { type: 'RollingUpdate' }, template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, ...spec } } },
  } as Deployment)
  await eventually(async () => {
    const current = await client.get(deployments, { namespace, name })
    const sets = (await client.list(replicaSets, { namespace })).items.filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === made.metadata.uid))
    const revision = 'deployment.kubernetes.io/revision'
    const used = sets.find(({ spec: { template } }) => template?.spec?.containers[0]?.image === spec.containers[0]?.image)
    return current.metadata.annotations?.[revision] === '1' && used?.metadata.annotations?.[revision] === '1'
  }, `revision 1 of ${name}`, deployLimit)
  let last: Deployment | undefined
  await eventually(async () => {
    const { status = {}, metadata } = last = await client.get(deployments, { namespace, name })
    return status.updatedReplicas === 1 && status.replicas === 1 && status.availableReplicas === 1 && (status.observedGeneration ?? 0) >= (metadata.generation ?? 0)
  }, () => `deployment ${name} is complete; its status is ${JSON.stringify(last?.status)}`, deployLimit)
}

export const certificateVolume = (secret: string, mountPath: string): { volume: NonNullable<PodSpec['volumes']>[number]; mount: NonNullable<PodSpec['containers'][number]['volumeMounts']>[number] } => ({
  volume: { name: 'certificates', secret: { secretName: secret } }, mount: { name: 'certificates', readOnly: true, mountPath },
})

export interface WebhookServer {
  readonly namespace: string
  readonly service: string
  readonly port: number
  readonly caBundle: string
}

/** Deploys the toolbox program of that name and waits until its Service has the pod for an endpoint. */
export async function deployWebhookServer(namespace: string, at: {
  readonly program: string; readonly service: string; readonly secret: string; readonly labels: Record<string, string>; readonly port: number; readonly containerPort: number
}): Promise<WebhookServer> {
  const { certificate, key, caBundle } = await serverCertificate(namespace, at.service)
  await client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { name: at.secret, namespace }, type: 'Opaque', data: { 'tls.crt': certificate, 'tls.key': key } })
  const directory = '/webhook.local.config/certificates'
  const { volume, mount } = certificateVolume(at.secret, directory)
  await deploy({
    namespace, name: `sample-${at.program}-deployment`, labels: { app: `sample-${at.program}`, ...at.labels },
    spec: {
      volumes: [volume],
      containers: [{
        name: `sample-${at.program}`, image: images.toolbox, volumeMounts: [mount], ports: [{ containerPort: at.containerPort }],
        args: [at.program, `--tls-cert-file=${directory}/tls.crt`, `--tls-private-key-file=${directory}/tls.key`, '-v=4', `--port=${at.containerPort}`],
        readinessProbe: { httpGet: { scheme: 'HTTPS', port: at.containerPort, path: '/readyz' }, periodSeconds: 1, successThreshold: 1, failureThreshold: 30 },
      }],
    },
  })
  await client.create(services, {
    apiVersion: 'v1', kind: 'Service', metadata: { name: at.service, namespace, labels: { test: at.program } },
    spec: { selector: at.labels, ports: [{ protocol: 'TCP', port: at.port, targetPort: at.containerPort }] },
  })
  await eventually(async () => {
    const slices = await client.list(endpointSlices, { namespace, labelSelector: `kubernetes.io/service-name=${at.service}` })
    return slices.items.flatMap(({ endpoints = [] }) => endpoints).length === 1
  }, `one endpoint of ${at.service}`, 30_000)
  return { namespace, service: at.service, port: at.port, caBundle }
}
