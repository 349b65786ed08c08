// An extension API server behind an APIService: reached in the user's name, found in discovery, and its APIService as an object.
import { randomInt } from 'node:crypto'
import type { AnyObject, Resource } from '../../../pkg/api/object.ts'
import { StatusError } from '../../../pkg/api/status-error.ts'
import type { ApiService } from '../../../pkg/api/types-api-service.ts'
import { apiServices } from '../../../pkg/api/types-api-service.ts'
import { clusterRoleBindings, clusterRoles, roleBindings } from '../../../pkg/api/types-auth.ts'
import { secrets, serviceAccounts } from '../../../pkg/api/types-config.ts'
import { services } from '../../../pkg/api/types-service.ts'
import { client, eventually, existing, http, useNamespace } from '../framework.ts'
import { images } from '../pods.ts'
import { allowAuthReader, certificateVolume, deploy, serverCertificate } from './webhook-server.ts'

const namespace = useNamespace('aggregator')
const group = 'wardle.example.com'
const version = 'v1alpha1'
const apiServiceName = `${version}.${group}`
const flunders: Resource<AnyObject> = { group, version, plural: 'flunders', kind: 'Flunder', namespaced: true }
const inDefault = `/apis/${group}/${version}/namespaces/default/flunders`
const servicePort = 7443

let undo: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const what of undo.reverse()) await existing(what())
  undo = []
})

async function grant(within: string): Promise<void> {
  const rbac = 'rbac.authorization.k8s.io'
  const reader = `sample-apiserver-reader-${within}`
  const read = (apiGroup: string, ...resources: string[]) => ({ apiGroups: [apiGroup], resources, verbs: ['get', 'list', 'watch'] })
  undo.push(() => client.delete(clusterRoles, { name: reader }))
  await client.create(clusterRoles, {
    apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name: reader },
    rules: [read('', 'namespaces'), read('admissionregistration.k8s.io', '*'), read('flowcontrol.apiserver.k8s.io', 'prioritylevelconfigurations', 'flowschemas')],
  })
  for (const [name, role] of [[`wardler:${within}sample-apiserver-reader-${within}`, reader], [`wardler:${within}:auth-delegator`, 'system:auth-delegator']] as const) {
    undo.push(() => client.delete(clusterRoleBindings, { name }))
    await client.create(clusterRoleBindings, {
      apiVersion: `${rbac}/v1`, kind: 'ClusterRoleBinding', metadata: { name },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role }, subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: within }],
    })
  }
}

async function startSampleServer(within: string): Promise<void> {
  const { certificate, key, caBundle } = await serverCertificate(within, 'sample-api')
  const secret = 'sample-apiserver-secret'
  await client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { name: secret, namespace: within }, type: 'Opaque', data: { 'tls.crt': certificate, 'tls.key': key } })
  await grant(within)
  // Upstream gives this right last, and the server starts again until it has it.
  const reader = `wardler-auth-reader-${within}`
  undo.push(() => client.delete(roleBindings, { namespace: 'kube-system', name: reader }))
  await allowAuthReader(reader, within)
  const directory = '/apiserver.local.config/certificates'
  const { volume, mount } = certificateVolume(secret, directory)
  const store = 'http://127.0.0.1:2379'
  const labels = { app: 'sample-apiserver', apiserver: 'true' }
  const deployed = deploy({
    namespace: within, name: 'sample-apiserver-deployment', labels,
    spec: {
      volumes: [volume],
      containers: [
        {
          name: 'sample-apiserver', image: images.toolbox, volumeMounts: [mount],
          args: ['sample-apiserver', `--etcd-servers=${store}`, `--tls-cert-file=${directory}/tls.crt`, `--tls-private-key-file=${directory}/tls.key`, '--audit-log-path=-', '--audit-log-maxage=0', '--audit-log-maxbackup=0'],
          readinessProbe: { httpGet: { scheme: 'HTTPS', port: 443, path: '/readyz' }, initialDelaySeconds: 20, periodSeconds: 1, successThreshold: 1, failureThreshold: 3 },
        },
        { name: 'etcd', image: images.toolbox, command: ['toolbox', 'key-value', `--listen-client-urls=${store}`] },
      ],
    },
  })
  await client.create(services, {
    apiVersion: 'v1', kind: 'Service', metadata: { name: 'sample-api', namespace: within, labels: { test: 'aggregator' } },
    spec: { selector: { apiserver: 'true' }, ports: [{ protocol: 'TCP', port: servicePort, targetPort: 443 }] },
  })
  await client.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'sample-apiserver', namespace: within } })
  await deployed
  undo.push(() => client.delete(apiServices, { name: apiServiceName }))
  await client.create(apiServices, {
    apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name: apiServiceName },
    spec: { service: { namespace: within, name: 'sample-api', port: servicePort }, group, version, caBundle, groupPriorityMinimum: 2000, versionPriority: 200 },
  })
  let last = ''
  await eventually(async () => {
    const { status, text } = await http('GET', inDefault)
    last = `${status} ${text}`
    if (![200, 403, 404, 503].includes(status)) throw new Error(`the sample server's flunders: ${last}`)
    return status === 200
  }, () => `the sample server answers: ${last}`, 60_000)
}

const flunderName = (base: string): string => `${base}-${randomInt(2 ** 31 - 1)}`

async function testByHttp(): Promise<void> {
  const name = flunderName('rest-flunder')
  const apiVersion = `${group}/${version}`
  const made = await http('POST', inDefault, { body: { apiVersion, kind: 'Flunder', metadata: { labels: { 'sample-label': 'true' }, name, namespace: 'default' } } })
  expect(made.status).toBe(201)
  expect(made.json()).toMatchObject({ apiVersion, kind: 'Flunder', metadata: { name } })
  const items = async (): Promise<unknown[]> => (await http<{ items: unknown[] }>('GET', inDefault)).json().items
  expect(await items()).toHaveLength(1)
  expect((await http('DELETE', `${inDefault}/${name}`)).status).toBe(200)
  expect(await items()).toHaveLength(0)
}

/** Each group's preferred version has the resources that clients use. */
async function testDiscovery(): Promise<void> {
  const { groups } = (await http<{ groups: { name: string; preferredVersion: { groupVersion: string } }[] }>('GET', '/apis')).json()
  expect(groups.find(({ name }) => name === group)?.preferredVersion.groupVersion).toBe(`${group}/${version}`)
  const { resources } = (await http<{ resources: { name: string; namespaced: boolean }[] }>('GET', `/apis/${group}/${version}`)).json()
  expect(resources).toContainEqual(expect.objectContaining({ name: 'flunders', namespaced: true }))
}

const statusPath = `/apis/apiregistration.k8s.io/v1/apiservices/${apiServiceName}/status`
const readStatus = async (): Promise<ApiService> => (await http<ApiService>('GET', statusPath)).json()

/** The change is made again on what stands when somebody else was quicker. */
async function retried(change: () => Promise<ApiService>): Promise<ApiService> {
  return eventually(() => change().catch((error: unknown) => {
    if (error instanceof StatusError && error.reason === 'Conflict') return undefined
    throw error
  }), 'the APIService is changed')
}

async function testApiService(): Promise<void> {
  expect((await readStatus()).status?.conditions?.[0]?.message).toBe('all checks passed')
  const merge = { 'content-type': 'application/merge-patch+json' }
  const patched = await http<ApiService>('PATCH', statusPath.replace('/status', ''), { headers: merge, body: { spec: { versionPriority: 400 } } })
  expect(patched.json().spec.versionPriority).toBe(400)
  const list = (await http<{ items: ApiService[] }>('GET', '/apis/apiregistration.k8s.io/v1/apiservices')).json()
  expect(list.items.map(({ metadata }) => metadata.name)).toContain(apiServiceName)

  await client.patch(apiServices, { name: apiServiceName }, { type: 'strategic', body: { metadata: { labels: { 'e2e-apiservice': 'patched' } } } })
  await client.get(apiServices, { name: apiServiceName })
  const updated = { type: 'StatusUpdated', status: 'True', reason: 'E2E', message: 'Set from e2e test' }
  await retried(async () => {
    const current = await readStatus()
    return client.update(apiServices, { ...current, status: { ...current.status, conditions: [...current.status?.conditions ?? [], updated] } } as ApiService, { subresource: 'status' })
  })
  expect((await readStatus()).status?.conditions).toContainEqual(expect.objectContaining(updated))
  const replaced = await retried(async () => {
    const current = await client.get(apiServices, { name: apiServiceName })
    return client.update(apiServices, { ...current, metadata: { ...current.metadata, labels: { [apiServiceName]: 'updated' } } })
  })
  expect(replaced.metadata.labels).toMatchObject({ [apiServiceName]: 'updated' })
}

async function testStatusPatch(): Promise<void> {
  const condition = { type: 'StatusPatched', status: 'True', reason: 'E2E', message: 'Set by e2e test' }
  const { status } = await readStatus()
  const patched = await http('PATCH', statusPath, { headers: { 'content-type': 'application/merge-patch+json' }, body: { status: { conditions: [...status?.conditions ?? [], condition] } } })
  expect(patched.status).toBe(200)
  expect((await readStatus()).status?.conditions).toContainEqual(expect.objectContaining(condition))
}

test('[sig-api-machinery] Aggregator Should be able to support the 1.17 Sample API Server using the current Aggregator [LinuxOnly] [Conformance]', async () => {
  const within = namespace.name
  await startSampleServer(within)
  await testByHttp()
  await testDiscovery()
  const name = flunderName('dynamic-flunder')
  const flunder = { apiVersion: `${group}/${version}`, kind: 'Flunder', metadata: { name, namespace: within, creationTimestamp: null as unknown as string }, spec: {}, status: {} }
  const expectFlunders = async (count: number) => expect((await client.list(flunders, { namespace: within })).items).toHaveLength(count)
  await client.create(flunders, flunder)
  await expectFlunders(1)
  await testApiService()
  await client.delete(flunders, { namespace: within, name })
  await expectFlunders(0)
  await client.create(flunders, flunder)
  await expectFlunders(1)
  await testStatusPatch()
  const labelSelector = `${apiServiceName}=updated`
  await client.deleteCollection(apiServices, { labelSelector })
  await eventually(async () => (await client.list(apiServices, { labelSelector })).items.length === 0, 'the APIService is deleted', 60_000)
})
