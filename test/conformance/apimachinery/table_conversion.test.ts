// Tables, where a kind has none.
import { http } from '../framework.ts'

test('[sig-api-machinery] Servers with support for Table transformation should return a 406 for a backend which does not implement metadata [Conformance]', async () => {
  const answer = await http<{ kind: string; code: number }>('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { nonResourceAttributes: { path: '/', verb: 'get' } } },
  })
  expect(answer.status).toBe(406)
  expect(answer.json()).toMatchObject({ kind: 'Status', code: 406 })
})
