// Access reviews say what a request of the reviewed identity meets.
import { localSubjectAccessReviews, subjectAccessReviews } from '../../../pkg/api/types-auth.ts'
import { serviceAccounts } from '../../../pkg/api/types-config.ts'
import { client, http, useNamespace } from '../framework.ts'

const namespace = useNamespace('subjectreview')

test('[sig-auth] SubjectReview should support SubjectReview API operations [Conformance]', async () => {
  const place = namespace.name
  const { metadata: { uid = '' } } = await client.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'e2e', namespace: place } })
  const user = `system:serviceaccount:${place}:e2e`
  const groups = ['system:authenticated', 'system:serviceaccounts', `system:serviceaccounts:${place}`]
  const resourceAttributes = { verb: 'list', resource: 'configmaps', namespace: place, version: 'v1' }

  const review = await client.create(subjectAccessReviews, {
    apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', metadata: {}, spec: { resourceAttributes, user, groups, uid },
  })

  const impersonated = await http('GET', `/api/v1/namespaces/${place}/configmaps`, {
    headers: { 'impersonate-user': user, 'impersonate-uid': uid, 'impersonate-group': groups as unknown as string },
  })
  expect([200, 403]).toContain(impersonated.status)
  const allowed = impersonated.status === 200
  expect(review.status?.allowed).toBe(allowed)

  const local = await client.create(localSubjectAccessReviews, {
    apiVersion: 'authorization.k8s.io/v1', kind: 'LocalSubjectAccessReview', metadata: { namespace: place }, spec: { resourceAttributes, user: 'e2e', groups, uid },
  })
  expect(local.status?.allowed).toBe(allowed)
})
