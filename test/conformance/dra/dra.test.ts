// The kinds of resource.k8s.io as objects of the API.
import type { AnyObject } from '../../../pkg/api/object.ts'
import { useNamespace } from '../framework.ts'
import { kindOf, labelled } from '../operations.ts'
import { walkResource } from './resource-walk.ts'

const namespace = useNamespace('dra')
const group = 'resource.k8s.io/v1'
const marked = { 'test.dra.example.com': 'test' }
const mark = (object: AnyObject): AnyObject => labelled(object, marked)
const claimSpec = { devices: { requests: [{ name: 'req-0', exactly: { deviceClassName: 'dra.example.com' } }] } }

test('[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 DeviceClass [Conformance]', async () => {
  const specOf = (expression: string) => ({ spec: { selectors: [{ cel: { expression } }] } })
  await walkResource(namespace.name, {
    resource: kindOf(group, 'deviceclasses', 'DeviceClass', false), initial: specOf('false'),
    update: (object) => ({ ...object, ...specOf('1 == 0') }), patches: [{ type: 'strategic', body: specOf('1 == 0') }],
  })
})

test('[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 ResourceClaim [Conformance]', async () => {
  const body = { metadata: { labels: marked } }
  const status = { status: { allocation: {} } }
  await walkResource(namespace.name, {
    resource: kindOf(group, 'resourceclaims', 'ResourceClaim'), initial: { spec: claimSpec },
    update: mark, updateStatus: (object) => ({ ...object, ...status }),
    patches: [
      { type: 'strategic', body }, { type: 'apply', body }, { type: 'merge', body },
      { type: 'json', body: [{ op: 'add', path: '/metadata/labels/test.dra.example.com', value: 'test' }] },
    ],
    statusPatches: [
      { type: 'strategic', body: status }, { type: 'apply', body: status }, { type: 'merge', body: status },
      { type: 'json', body: [{ op: 'add', path: '/status/allocation', value: {} }] },
    ],
  })
})

test('[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 ResourceClaimTemplate [Conformance]', async () => {
  await walkResource(namespace.name, {
    resource: kindOf(group, 'resourceclaimtemplates', 'ResourceClaimTemplate'), initial: { spec: { spec: claimSpec } },
    update: mark, patches: [{ type: 'strategic', body: { metadata: { labels: marked } } }],
  })
})

test('[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 ResourceSlice [Conformance]', async () => {
  const spec = { driver: 'dra.example.com', pool: { name: 'cluster', generation: 1, resourceSliceCount: 1 }, nodeName: 'no-such-node' }
  const devices = [{ name: 'device-0' }]
  await walkResource(namespace.name, {
    resource: kindOf(group, 'resourceslices', 'ResourceSlice', false), initial: { spec },
    update: (object) => ({ ...object, spec: { ...object['spec'] as object, devices } }), patches: [{ type: 'strategic', body: { spec: { devices } } }],
  })
})
