// Custom resources whose versions a webhook converts.
import type { AnyObject } from '../../../pkg/api/object.ts'
import { StatusError } from '../../../pkg/api/status-error.ts'
import { customResourceDefinitions } from '../../../pkg/api/types-custom.ts'
import { client, eventually, useNamespace } from '../framework.ts'
import { hostVersions, useConversionServer } from './conversion-server.ts'
import { customObject, type TestCrd } from './test-crd.ts'

const namespace = useNamespace('crd-webhook')
const server = useConversionServer(() => namespace.name)

const v1Fields = { hostPort: 'localhost:8080' }

function expectV1(crd: TestCrd, object: AnyObject): void {
  expect(object).toMatchObject({ apiVersion: `${crd.group}/v1`, ...v1Fields })
  expect('host' in object || 'port' in object).toBe(false)
}

function expectV2(crd: TestCrd, object: AnyObject): void {
  expect(object).toMatchObject({ apiVersion: `${crd.group}/v2`, host: 'localhost', port: '8080' })
  expect('hostPort' in object).toBe(false)
}

const create = (crd: TestCrd, name: string) => client.create(crd.of('v1'), customObject(crd, 'v1', { namespace: namespace.name, name }, v1Fields))

test('[sig-api-machinery] CustomResourceConversionWebhook [Privileged:ClusterAdmin] should be able to convert from CR v1 to CR v2 [Conformance]', async () => {
  const crd = await server.createCrd(hostVersions('v1'))
  const name = 'cr-instance-1'
  await create(crd, name)
  expectV2(crd, await client.get(crd.of('v2'), { namespace: namespace.name, name }))
})

test('[sig-api-machinery] CustomResourceConversionWebhook [Privileged:ClusterAdmin] should be able to convert a non homogeneous list of CRs [Conformance]', async () => {
  const crd = await server.createCrd(hostVersions('v1'))
  const names = ['cr-instance-1', 'cr-instance-2'] as const
  await create(crd, names[0])
  const key = { name: crd.crd.metadata.name ?? '' }
  await eventually(async () => {
    const current = await client.get(customResourceDefinitions, key)
    try {
      return await client.update(customResourceDefinitions, { ...current, spec: { ...current.spec, versions: hostVersions('v2') } })
    } catch (error) {
      if (error instanceof StatusError && error.reason === 'Conflict') return undefined
      throw error
    }
  }, 'the storage version is changed')
  // The original allows for five tries while versions change.
  let left = 5
  await eventually(async () => create(crd, names[1]).catch((error: unknown) => {
    if (--left === 0) throw error
    return undefined
  }), 'the second object is created')
  for (const [version, expectVersion] of [['v1', expectV1], ['v2', expectV2]] as const) {
    const { items } = await client.list(crd.of(version), { namespace: namespace.name })
    expect(items.map(({ metadata }) => metadata.name).sort()).toEqual(names)
    for (const item of items) expectVersion(crd, item)
  }
})
