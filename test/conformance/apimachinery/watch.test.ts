// Watches of config maps: which events come, in which order, from where on.
import { configMaps } from '../../../pkg/api/types-config.ts'
import { client, useNamespace } from '../framework.ts'
import { Watch } from '../watching.ts'

type ConfigMap = NonNullable<(typeof configMaps)['object']>

const namespace = useNamespace('watch')
const labelKey = 'watch-this-configmap'
const open: Watch[] = []
afterEach(() => { for (const watch of open.splice(0)) watch.stop() })

async function watchLabelled(resourceVersion: string, ...values: string[]): Promise<Watch<ConfigMap>> {
  const labelSelector = `${labelKey} in (${values.join(',')})`
  const watch = await Watch.open<ConfigMap>(`/api/v1/namespaces/${namespace.name}/configmaps`, { labelSelector, ...(resourceVersion ? { resourceVersion } : {}) })
  open.push(watch)
  return watch
}

const create = (name: string, label: string): Promise<ConfigMap> =>
  client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: namespace.name, labels: { [labelKey]: label } } })

async function change(name: string, { data, label }: { data?: string; label?: string }): Promise<ConfigMap> {
  const found = await client.get(configMaps, { namespace: namespace.name, name })
  return client.update(configMaps, {
    ...found,
    ...(data === undefined ? {} : { data: { ...found.data, mutation: data } }),
    metadata: { ...found.metadata, labels: { ...found.metadata.labels, ...(label === undefined ? {} : { [labelKey]: label }) } },
  })
}

const remove = (name: string): Promise<unknown> => client.delete(configMaps, { namespace: namespace.name, name })

test('[sig-api-machinery] Watchers should observe add, update, and delete watch notifications on configmaps [Conformance]', async () => {
  const [a, b] = ['multiple-watchers-A', 'multiple-watchers-B']
  const watchA = await watchLabelled('', a)
  const watchB = await watchLabelled('', b)
  const watchBoth = await watchLabelled('', a, b)
  const [nameA, nameB] = ['e2e-watch-test-configmap-a', 'e2e-watch-test-configmap-b']

  const createdA = await create(nameA, a)
  await watchA.expect('ADDED', createdA)
  await watchBoth.expect('ADDED', createdA)
  for (const data of ['1', '2']) {
    const changed = await change(nameA, { data })
    await watchA.expect('MODIFIED', changed)
    await watchBoth.expect('MODIFIED', changed)
  }
  await remove(nameA)
  await watchA.expect('DELETED')
  await watchBoth.expect('DELETED')

  const createdB = await create(nameB, b)
  await watchB.expect('ADDED', createdB)
  await watchBoth.expect('ADDED', createdB)
  await watchA.expectNone('ADDED', createdB)
  await remove(nameB)
  await watchB.expect('DELETED')
  await watchBoth.expect('DELETED')
  await watchA.expectNone('DELETED')
})

test('[sig-api-machinery] Watchers should be able to start watching from a specific resource version [Conformance]', async () => {
  const [name, label] = ['e2e-watch-test-resource-version', 'from-resource-version']
  await create(name, label)
  const first = await change(name, { data: '1' })
  const second = await change(name, { data: '2' })
  await remove(name)

  const watch = await watchLabelled(first.metadata.resourceVersion ?? '', label)
  await watch.expect('MODIFIED', second)
  await watch.expect('DELETED')
})

test('[sig-api-machinery] Watchers should be able to restart watching from the last resource version observed by the previous watch [Conformance]', async () => {
  const [name, label] = ['e2e-watch-test-watch-closed', 'watch-closed-and-restarted']
  const broken = await watchLabelled('', label)
  const created = await create(name, label)
  await change(name, { data: '1' })
  await broken.expect('ADDED', created)
  const last = await broken.expect('MODIFIED')
  broken.stop()

  const second = await change(name, { data: '2' })
  const restarted = await watchLabelled(last.object.metadata.resourceVersion ?? '', label)
  await remove(name)
  await restarted.expect('MODIFIED', second)
  await restarted.expect('DELETED')
})

test('[sig-api-machinery] Watchers should observe an object deletion if it stops meeting the requirements of the selector [Conformance]', async () => {
  const [name, label] = ['e2e-watch-test-label-changed', 'label-changed-and-restored']
  const watch = await watchLabelled('', label)
  const created = await create(name, label)
  const first = await change(name, { data: '1' })
  await change(name, { label: 'wrong-value' })
  await watch.expect('ADDED', created)
  await watch.expect('MODIFIED', first)
  await watch.expect('DELETED')

  const second = await change(name, { data: '2' })
  await watch.expectNone('MODIFIED', second)
  const restored = await change(name, { label })
  const third = await change(name, { data: '3' })
  await remove(name)
  await watch.expect('ADDED', restored)
  await watch.expect('MODIFIED', third)
  await watch.expect('DELETED')
})

test('[sig-api-machinery] Watchers should receive events on concurrent watches in same order [Conformance]', async () => {
  const path = `/api/v1/namespaces/${namespace.name}/configmaps`
  let { resourceVersion = '' } = (await client.list(configMaps, { namespace: namespace.name })).metadata
  let stopped = false
  const producing = produceEvents(() => stopped)
  try {
    for (let round = 0; round < 100; round++) {
      open.push(await Watch.open(path, { resourceVersion, allowWatchBookmarks: 'true' }))
      const [expected = '', ...others] = await Promise.all(open.map(async (watch) => {
        const event = await watch.until(({ type }) => type !== 'BOOKMARK', 10_000)
        return event?.object.metadata.resourceVersion
      }))
      expect(expected).not.toBe('')
      expect(others).toEqual(others.map(() => expected))
      resourceVersion = expected
    }
  } finally {
    stopped = true
    await producing
  }
})

/** Creates, changes and deletes at random, at most once in 5 ms. */
async function produceEvents(stopped: () => boolean): Promise<void> {
  const living: string[] = []
  const pick = (): number => Math.floor(Math.random() * living.length)
  for (let count = 0; !stopped(); count++) {
    const pause = new Promise((resolve) => setTimeout(resolve, 5))
    const operation = living.length === 0 ? 0 : Math.floor(Math.random() * 3)
    const metadata = { namespace: namespace.name, name: `cm-${count}` }
    if (operation === 0) {
      await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata })
      living.push(metadata.name)
    } else if (operation === 1) {
      await client.update(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, name: living[pick()] ?? '', labels: { mutated: String(count) } } })
    } else {
      await remove(living.splice(pick(), 1)[0] ?? '')
    }
    await pause
  }
}
