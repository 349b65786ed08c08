// Lists: order, selectors, pages, revisions and their errors.
import type { RequestOptions } from '../api/request.ts'
import type { Fixture } from './fixture.suite.ts'
import { asking, configMaps, failure, fixture, namespaces, widgets } from './fixture.suite.ts'

const names = (list: { items: readonly { metadata: { name?: string } }[] }): string[] => list.items.map(({ metadata }) => metadata.name ?? '')

async function filled(): Promise<Fixture> {
  const made = fixture()
  for (const name of ['d', 'a', 'c', 'b', 'e']) await made.create(configMaps, { metadata: { name, labels: { even: String('bd'.includes(name)) } } })
  return made
}

describe('list', () => {
  it('is in the order of names, at the revision of the store', async () => {
    const { registry, create } = await filled()
    await create(widgets, { metadata: { name: 'w' } })
    const list = registry.list(configMaps, asking())
    expect(names(list)).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(list).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1', metadata: { resourceVersion: '6' } })
    expect(list.items[0]).toMatchObject({ kind: 'ConfigMap', metadata: { resourceVersion: '2' } })
  })

  it.each<[RequestOptions, string]>([
    [{ labelSelector: 'even=true' }, 'bd'],
    [{ labelSelector: 'even!=true' }, 'ace'],
    [{ fieldSelector: 'metadata.name=c' }, 'c'],
    [{ fieldSelector: 'metadata.name!=c' }, 'abde'],
    [{ fieldSelector: 'metadata.namespace=default,metadata.name=a' }, 'a'],
    [{ fieldSelector: 'metadata.namespace=other' }, ''],
    [{ resourceVersion: '0' }, 'abcde'],
    [{ resourceVersion: '3' }, 'abcde'],
    [{ resourceVersion: '3', resourceVersionMatch: 'NotOlderThan' }, 'abcde'],
    [{ resourceVersion: '3', resourceVersionMatch: 'Exact' }, 'acd'],
  ])('%j', async (options, expected) => {
    const { registry } = await filled()
    expect(names(registry.list(configMaps, asking(options))).join('')).toBe(expected)
  })

  it('keeps objects of other namespaces and of names that only begin alike apart', async () => {
    const { registry, create } = fixture()
    await create(configMaps, { metadata: { name: 'a' } })
    await create(configMaps, { metadata: { name: 'ab' } })
    await registry.create(configMaps, { ...asking(), namespace: 'default-2', object: { metadata: { name: 'a' } } })
    expect(names(registry.list(configMaps, { ...asking(), namespace: 'default' }))).toEqual(['a', 'ab'])
    expect(names(registry.list(configMaps, { ...asking({ fieldSelector: 'metadata.name=a' }), namespace: 'default' }))).toEqual(['a'])
    expect(names(registry.list(configMaps, asking({ fieldSelector: 'metadata.name=a' })))).toEqual(['a', 'a'])
  })

  it('pages show one revision, and count what remains', async () => {
    const { registry, create } = await filled()
    const first = registry.list(configMaps, asking({ limit: 2 }))
    expect([names(first), first.metadata.remainingItemCount, first.metadata.resourceVersion]).toEqual([['a', 'b'], 3, '5'])
    await create(configMaps, { metadata: { name: 'bb' } })
    await registry.delete(configMaps, { ...asking(), namespace: 'default', name: 'd' })
    const second = registry.list(configMaps, asking({ limit: 2, continue: first.metadata.continue ?? '' }))
    expect([names(second), second.metadata.remainingItemCount, second.metadata.resourceVersion]).toEqual([['c', 'd'], 1, '5'])
    const last = registry.list(configMaps, asking({ limit: 2, continue: second.metadata.continue ?? '' }))
    expect([names(last), last.metadata.continue, last.metadata.remainingItemCount]).toEqual([['e'], undefined, undefined])
  })

  it('pages with a selector are full, and do not count', async () => {
    const { registry } = await filled()
    const first = registry.list(configMaps, asking({ limit: 1, labelSelector: 'even=true' }))
    expect([names(first), first.metadata.remainingItemCount]).toEqual([['b'], undefined])
    const second = registry.list(configMaps, asking({ limit: 1, labelSelector: 'even=true', continue: first.metadata.continue ?? '' }))
    expect(names(second)).toEqual(['d'])
  })

  it('a token that is too old is refused with one that goes on without consistency', async () => {
    const { registry, create, store } = await filled()
    const first = registry.list(configMaps, asking({ limit: 2 }))
    await create(configMaps, { metadata: { name: 'bb' } })
    await store.compact(6)
    const refused = await failure(() => registry.list(configMaps, asking({ limit: 2, continue: first.metadata.continue ?? '' })))
    expect(refused).toMatchObject({ code: 410, reason: 'Expired', message: expect.stringMatching(/^The provided continue parameter is too old/) })
    expect(names(registry.list(configMaps, asking({ continue: refused.metadata.continue ?? '' })))).toEqual(['bb', 'c', 'd', 'e'])
  })

  it.each<[RequestOptions, number, unknown]>([
    [{ continue: 'x' }, 400, 'invalid continue token: continue key is not valid: illegal base64 data at input byte 0'],
    [{ continue: 'ab=' }, 400, 'invalid continue token: continue key is not valid: illegal base64 data at input byte 2'],
    [{ continue: 'YWJj', resourceVersion: '1' }, 400, "invalid continue token: continue key is not valid: invalid character 'a' looking for beginning of value"],
    [{ continue: 'e30' }, 400, 'invalid continue token: continue key is not valid: server does not recognize this encoded version '],
    ...['../x', 'a//b', 'a/../b', 'a/'].map((start): [RequestOptions, number, unknown] => [{ continue: Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: 1, start })).toString('base64url') }, 400, `invalid continue token: continue key is not valid: ${start}`]),
    ...([
      [{ rv: 0 }, 'incorrect encoded start resourceVersion (version meta.k8s.io/v1)'], [{ rv: '1' }, 'json: cannot unmarshal string into Go struct field continueToken.rv of type int64'],
      [{ start: null }, 'encoded start key empty (version meta.k8s.io/v1)'], [{ v: true }, 'json: cannot unmarshal bool into Go struct field continueToken.v of type string'],
    ] as const).map(([part, why]): [RequestOptions, number, unknown] => [{ continue: Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: 1, start: 'a', ...part })).toString('base64url') }, 400, `invalid continue token: continue key is not valid: ${why}`]),
    [{ resourceVersion: 'x' }, 400, 'invalid resource version: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax'],
    [{ resourceVersion: '99999999999999999999' }, 400, expect.stringMatching(/: value out of range$/)],
    [{ resourceVersion: '99' }, 504, 'Timeout: Too large resource version: 99, current: 5'],
    [{ resourceVersion: '1', resourceVersionMatch: 'Exact' }, 410, 'The resourceVersion for the provided list is too old.'],
    [{ resourceVersionMatch: 'Exact' }, 422, 'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided'],
    [{ resourceVersion: '0', resourceVersionMatch: 'Exact' }, 422, expect.stringContaining('resourceVersionMatch "exact" is forbidden for resourceVersion "0"')],
    [{ sendInitialEvents: true }, 422, expect.stringContaining('sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list')],
    [{ fieldSelector: 'spec.x=1' }, 400, '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"'],
    [{ labelSelector: 'a=b=c' }, 400, expect.any(String)],
  ])('refuses %j', async (options, code, message) => {
    const { registry, store } = await filled()
    await store.compact(3)
    expect(await failure(() => registry.list(configMaps, asking(options)))).toMatchObject({ code, message })
  })

  it('lists cluster-scoped kinds', async () => {
    const { registry, create } = fixture()
    await create(namespaces, { metadata: { name: 'n' } })
    expect(names(registry.list(namespaces, asking()))).toEqual(['n'])
  })
})
