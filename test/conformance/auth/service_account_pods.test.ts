// What a service account is in a pod: mounted tokens, and the issuer's published keys. (The rest is in service_accounts.test.ts.)
import { configMaps, serviceAccounts } from '../../../pkg/api/types-config.ts'
import { clusterRoleBindings } from '../../../pkg/api/types-auth.ts'
import { client, http, podSecurity, uniqueName, useNamespace } from '../framework.ts'
import { createPod, execIn, images, logsOf, outputOf, podOf, toolboxPod, waitRunning, waitSucceeded } from '../pods.ts'

const namespace = useNamespace('svcaccounts', podSecurity('baseline'))

test('[sig-auth] ServiceAccounts should mount an API token into pods [Conformance]', async () => {
  const account = await client.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'mount-test', namespace: namespace.name } })
  const pod = await waitRunning(await createPod(podOf(namespace.name, uniqueName('pod-service-account'), {
    serviceAccountName: 'mount-test', terminationGracePeriodSeconds: 0, restartPolicy: 'Never',
    containers: [{ name: 'test', image: images.busybox, command: ['sleep', '100000'] }],
  })))
  const mounted = (name: string) => execIn(pod, ['cat', `/var/run/secrets/kubernetes.io/serviceaccount/${name}`])
  const token = await mounted('token')
  expect(await mounted('ca.crt')).toBe((await client.get(configMaps, { namespace: namespace.name, name: 'kube-root-ca.crt' })).data?.['ca.crt'])
  expect(await mounted('namespace')).toBe(namespace.name)

  const review = await http<{ status: { authenticated: boolean; error?: string; user: { username: string; groups: string[] } } }>('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } },
  })
  const { authenticated, error, user } = review.json().status
  expect(authenticated).toBe(true)
  expect(error ?? '').toBe('')
  expect(user.username).toBe(`system:serviceaccount:${namespace.name}:${account.metadata.name}`)
  expect(user.groups).toEqual(expect.arrayContaining(['system:authenticated', 'system:serviceaccounts', `system:serviceaccounts:${namespace.name}`]))
})

test('[sig-auth] ServiceAccounts should mount projected service account token [Conformance]', async () => {
  const pod = toolboxPod(namespace.name, uniqueName('test-pod'), ['mounttest', '--file_content=/test-volume/token'], { restartPolicy: 'Never' })
  const output = await outputOf({ ...pod, spec: {
    ...pod.spec,
    containers: pod.spec.containers.map((container) => ({ ...container, volumeMounts: [{ name: 'test-volume', mountPath: '/test-volume', readOnly: true }] })),
    volumes: [{ name: 'test-volume', projected: { sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 3600 } }] } }],
  } })
  expect(output).toMatch(/content of file "\/test-volume\/token": [A-Za-z0-9-_=]+\.[A-Za-z0-9-_=]+\.?[A-Za-z0-9-_.+/=]*/)
})

test('[sig-auth] ServiceAccounts ServiceAccountIssuerDiscovery should support OIDC discovery of service account issuer [Conformance]', async () => {
  const role = 'system:service-account-issuer-discovery'
  const binding = await client.create(clusterRoleBindings, {
    apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: `${namespace.name}-${role}` },
    subjects: [{ kind: 'ServiceAccount', apiGroup: '', name: 'default', namespace: namespace.name }],
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
  })
  try {
    const audience = 'oidc-discovery-test'
    const pod = await createPod(podOf(namespace.name, 'oidc-discovery-validator', {
      restartPolicy: 'Never', serviceAccountName: 'default',
      containers: [{
        name: 'oidc-discovery-validator', image: images.toolbox,
        args: ['test-service-account-issuer-discovery', '--token-path', '/var/run/secrets/tokens/sa-token', '--audience', audience],
        volumeMounts: [{ name: 'sa-token', mountPath: '/var/run/secrets/tokens', readOnly: true }],
      }],
      volumes: [{ name: 'sa-token', projected: { sources: [{ serviceAccountToken: { path: 'sa-token', expirationSeconds: 600, audience } }] } }],
    }))
    const ended = waitSucceeded(pod)
    await ended.catch(async (error: Error) => { throw new Error(`${error.message}\n${await logsOf(pod)}`) })
  } finally {
    await client.delete(clusterRoleBindings, { name: binding.metadata.name ?? '' })
  }
})
