// Large writes of one object: each goes on from the one before, and who is asked from outside may write the object, too.
import type { Registry } from './registry.ts'
import { Awaiting, type AsyncAdmission } from './admission.ts'
import { asking, configMaps, fixture } from './fixture.suite.ts'

const large = { metadata: { name: 'large' }, data: Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`k${index}`, 'v'])) }

const labelled = (registry: Registry, label: string): ReturnType<Registry['patch']> =>
  registry.patch(configMaps, { ...asking(), namespace: 'default', name: 'large', patch: { type: 'merge', body: { metadata: { labels: { [label]: 'v' } } } } })

it('keeps what each of many at once has changed', async () => {
  const { create, registry } = fixture()
  await create(configMaps, large)
  const labels = Array.from({ length: 12 }, (_, index) => `l${index}`)
  const versions = (await Promise.all(labels.map((label) => labelled(registry, label)))).map(({ object }) => Object.keys(object.metadata.labels ?? {}).length)
  // In the order in which they came.
  expect(versions).toEqual(labels.map((_, index) => index + 1))
  expect(Object.keys(registry.get(configMaps, { namespace: 'default', name: 'large' }).metadata.labels ?? {}).sort()).toEqual([...labels].sort())
})

it('lets who is asked about a write write the same object before it answers', async () => {
  let ask = (): Promise<void> => Promise.resolve()
  const asked: string[] = []
  const asyncAdmission: AsyncAdmission = {
    start: () => undefined,
    stop: () => undefined,
    begin() {
      let isAnswered = false
      return {
        *mutate(draft) {
          if (draft.metadata.labels?.['outer'] === undefined || isAnswered) return false
          throw new Awaiting(async () => {
            await ask()
            isAnswered = true
            asked.push('answered')
          })
        },
        validate: () => undefined,
      }
    },
  }
  const { create, registry } = fixture({ asyncAdmission })
  await create(configMaps, large)
  ask = async () => {
    ask = () => Promise.resolve()
    await labelled(registry, 'inner')
    asked.push('written')
  }
  const { object } = await labelled(registry, 'outer')
  expect(asked.slice(0, 2)).toEqual(['written', 'answered'])
  expect(object.metadata.labels).toEqual({ inner: 'v', outer: 'v' })
})
