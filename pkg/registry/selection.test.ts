import { definitionOf } from './kinds/kind.suite.ts'
import { selectionOf } from './selection.ts'

it.each([
  ['configmaps.v1', 'data', '"data" is not a known field selector: only "metadata.name", "metadata.namespace"'],
  ['ingresses.networking.k8s.io/v1', 'foo.bar', '"foo.bar" is not a known field selector: only "metadata.name", "metadata.namespace"'],
  ['persistentvolumes.v1', 'name', '"name" is not a known field selector: only "metadata.name", "metadata.namespace"'],
  ['pods.v1', 'spec.foo', 'field label not supported: spec.foo'],
  ['pods.v1', 'toString', 'field label not supported: toString'],
  ['namespaces.v1', 'name', 'field label not supported: name'],
  ['nodes.v1', 'metadata.namespace', 'field label not supported: metadata.namespace'],
  ['jobs.batch/v1', 'status.foo', 'field label "status.foo" not supported for batchv1.Job'],
  ['resourceslices.resource.k8s.io/v1', 'spec.x', 'field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: spec.x'],
])('%s cannot be selected by %s', (kind, field, message) => {
  expect(() => selectionOf(definitionOf(kind), {}, { fieldSelector: `${field}=a` })).toThrow(expect.objectContaining({ code: 400, message }))
})

it.each([['pods.v1', 'spec.host'], ['clusterroles.rbac.authorization.k8s.io/v1', 'metadata.namespace'], ['services.v1', 'spec.type'], ['secrets.v1', 'type']])('%s can be selected by %s', (kind, field) => {
  expect(selectionOf(definitionOf(kind), {}, { fieldSelector: `${field}=a` }).selective).toBe(true)
})
