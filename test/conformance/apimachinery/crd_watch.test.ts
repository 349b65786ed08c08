// Watches of custom resources by name.
import { apiVersionOf, type AnyObject } from '../../../pkg/api/object.ts'
import { client, http } from '../framework.ts'
import { Watch } from '../watching.ts'
import { anything, createPrimedDefinition, definitionOf, deleteDefinition, resourceOf, versionOf } from './definitions.ts'

test('[sig-api-machinery] CustomResourceDefinition Watch [Privileged:ClusterAdmin] CustomResourceDefinition Watch watch on custom resource definition objects [Conformance]', async () => {
  const base = definitionOf('mygroup.example.com', 'noxu', [versionOf('v1beta1', anything)])
  const definition = await createPrimedDefinition({
    ...base,
    spec: {
      ...base.spec,
      names: { plural: 'noxus', singular: 'nonenglishnoxu', kind: 'WishIHadChosenNoxu', shortNames: ['foo', 'bar', 'abc', 'def'], listKind: 'NoxuItemList', categories: ['all'] },
    },
  })
  const resource = resourceOf(definition)
  const path = `/apis/${apiVersionOf(resource)}/${resource.plural}`
  const watches: Watch<AnyObject>[] = []
  try {
    const [nameA, nameB] = ['name1', 'name2']
    for (const name of [nameA, nameB]) {
      watches.push(await Watch.open(path, { fieldSelector: `metadata.name=${name}`, timeoutSeconds: '600' }))
    }
    const [watchA, watchB] = watches as [Watch<AnyObject>, Watch<AnyObject>]
    const pairs = [[nameA, watchA, watchB], [nameB, watchB, watchA]] as const

    for (const [name, own, other] of pairs) {
      // As text: the first number is greater than what this language counts exactly.
      const body = `{"apiVersion":"mygroup.example.com/v1beta1","kind":"WishIHadChosenNoxu","metadata":{"name":"${name}"},
        "content":{"key":"value"},"num":{"num1":9223372036854775807,"num2":1000000}}`
      const answer = await http<AnyObject>('POST', path, { body })
      expect(answer.status).toBe(201)
      const created = answer.json()
      expect(created.metadata.uid).toBeTruthy()
      expect(created).toMatchObject({ apiVersion: 'mygroup.example.com/v1beta1', kind: 'WishIHadChosenNoxu' })
      await own.expect('ADDED', created)
      await other.expectNone('ADDED', created)
    }
    for (const [name, own, other] of pairs) {
      await client.patch(resource, { name }, { type: 'json', body: [{ op: 'add', path: '/dummy', value: 'test' }] })
      await own.expect('MODIFIED')
      await other.expectNone('MODIFIED')
    }
    for (const [name, own, other] of pairs) {
      await client.delete(resource, { name })
      await own.expect('DELETED')
      await other.expectNone('DELETED')
    }
  } finally {
    for (const watch of watches) watch.stop()
    await deleteDefinition(definition)
  }
})
