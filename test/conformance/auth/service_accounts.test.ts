// Service accounts: their life, their tokens, and what every namespace has for them.
import type { TokenRequest } from '../../../pkg/api/types-auth.ts'
import { tokenReviews } from '../../../pkg/api/types-auth.ts'
import { configMaps, serviceAccounts, type ServiceAccount } from '../../../pkg/api/types-config.ts'
import { client, eventually, existing, uniqueName, useNamespace } from '../framework.ts'
import { foreverMs, strategicPatch, updateWith, Watching } from '../operations.ts'
import { createPod, images, podOf } from '../pods.ts'

const namespace = useNamespace('svcaccounts')
const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount'

const accountOf = (name: string, fields: Partial<ServiceAccount> = {}): ServiceAccount =>
  ({ apiVersion: 'v1', kind: 'ServiceAccount', ...fields, metadata: { name, namespace: namespace.name, ...fields.metadata } })

test('[sig-auth] ServiceAccounts should allow opting out of API token automount [Conformance]', async () => {
  await client.create(serviceAccounts, accountOf('mount', { automountServiceAccountToken: true }))
  await client.create(serviceAccounts, accountOf('nomount', { automountServiceAccountToken: false }))
  const cases: [account: string, inPod: boolean | undefined, mounted: boolean][] = [
    ['default', undefined, true], ['mount', undefined, true], ['nomount', undefined, false],
    ['default', true, true], ['mount', true, true], ['nomount', true, true],
    ['default', false, false], ['mount', false, false], ['nomount', false, false],
  ]
  for (const [serviceAccountName, automountServiceAccountToken, mounted] of cases) {
    const pod = await createPod(podOf(namespace.name, uniqueName(`pod-service-account-${serviceAccountName}`), {
      containers: [{ name: 'token-test', image: images.toolbox }], restartPolicy: 'Never', serviceAccountName,
      ...(automountServiceAccountToken === undefined ? {} : { automountServiceAccountToken }),
    }))
    const paths = (pod.spec?.containers ?? []).flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ mountPath }) => mountPath))
    expect({ serviceAccountName, automountServiceAccountToken, mounted: paths.includes(tokenPath) }).toEqual({ serviceAccountName, automountServiceAccountToken, mounted })
  }
})

test('[sig-auth] ServiceAccounts should run through the lifecycle of a ServiceAccount [Conformance]', async () => {
  const name = 'testserviceaccount'
  const labelSelector = 'test-serviceaccount-static=true'
  const key = { namespace: namespace.name, name }
  const created = await client.create(serviceAccounts, accountOf(name, { metadata: { name, namespace: namespace.name, labels: { 'test-serviceaccount-static': 'true' } } }))
  expect((await client.get(serviceAccounts, key)).metadata.uid).toBe(created.metadata.uid)

  const watch = await Watching.start(serviceAccounts, { namespace: namespace.name, labelSelector })
  try {
    await watch.until(({ type }) => type === 'ADDED', 'ADDED', 180_000)
    await client.patch(serviceAccounts, key, strategicPatch({ metadata: { creationTimestamp: null }, automountServiceAccountToken: false }))
    await watch.until(({ type }) => type === 'MODIFIED', 'MODIFIED', 180_000)

    const { items } = await client.list(serviceAccounts, { labelSelector })
    expect(items.filter(({ metadata }) => metadata.name === name && metadata.namespace === namespace.name)).toMatchObject([{ automountServiceAccountToken: false }])

    await client.deleteCollection(serviceAccounts, { namespace: namespace.name })
    await watch.until(({ type }) => type === 'DELETED', 'DELETED', 180_000)
  } finally {
    watch.stop()
  }
})

test('[sig-auth] ServiceAccounts should guarantee kube-root-ca.crt exist in any namespace [Conformance]', async () => {
  const key = { namespace: namespace.name, name: 'kube-root-ca.crt' }
  const present = () => existing(client.get(configMaps, key))
  await eventually(present, 'the root CA is there', foreverMs)
  await client.delete(configMaps, key, { gracePeriodSeconds: 0 })
  await eventually(present, 'the root CA is there again', foreverMs)
  await client.update(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: key, data: { 'ca.crt': '' } })
  await eventually(async () => (await present())?.data?.['ca.crt'] || undefined, 'the root CA is right again', foreverMs)
})

test('[sig-auth] ServiceAccounts should update a ServiceAccount [Conformance]', async () => {
  const name = uniqueName('e2e-sa')
  const created = await client.create(serviceAccounts, accountOf(name, { automountServiceAccountToken: false }))
  expect(created.automountServiceAccountToken).toBe(false)
  const updated = await updateWith(serviceAccounts, { namespace: namespace.name, name }, (account) => ({ ...account, automountServiceAccountToken: true }))
  expect(updated.automountServiceAccountToken).toBe(true)
})

test('[sig-auth] ServiceAccounts should create a serviceAccountToken and ensure a successful TokenReview [Conformance]', async () => {
  const name = uniqueName('e2e-sa')
  await client.create(serviceAccounts, accountOf(name))
  // The original sends an empty request: no spec is no audience and the default expiration.
  const request: TokenRequest = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {}, spec: { audiences: null as unknown as string[] }, status: { token: '', expirationTimestamp: null as unknown as string } }
  const answer = await client.createSubresource<TokenRequest>(serviceAccounts, { namespace: namespace.name, name }, 'token', request)
  expect(answer.status?.token).toMatch(/./)

  const review = await client.create(tokenReviews, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', metadata: {}, spec: { token: answer.status?.token ?? '' } })
  expect(review.status?.authenticated).toBe(true)
  expect(review.status?.error ?? '').toBe('')
})
