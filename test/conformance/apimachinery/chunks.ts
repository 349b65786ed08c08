// A list that is long enough for chunks, and what must be true of each chunk.
import { podTemplates } from '../../../pkg/api/types-pod.ts'
import type { ObjectList } from '../../../pkg/api/object.ts'
import { client, useNamespace } from '../framework.ts'

export const total = 400
/** Of the running test; it has the list. */
export const namespace = useNamespace('chunking')
const nameOf = (index: number): string => `template-${String(index).padStart(4, '0')}`

beforeEach(async () => {
  const left = Array.from({ length: total }, (_, index) => index)
  await Promise.all(Array.from({ length: 20 }, async () => {
    for (let index = left.shift(); index !== undefined; index = left.shift()) {
      await client.create(podTemplates, {
        apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: nameOf(index), namespace: namespace.name },
        template: { spec: { containers: [{ name: 'test', image: 'test2' }] } },
      })
    }
  }))
})

export const chunk = (limit: number, token: string | undefined): Promise<ObjectList> =>
  client.list(podTemplates, { namespace: namespace.name, limit, ...(token ? { continue: token } : {}) })

export function expectRemaining({ metadata, items }: ObjectList, before: number): void {
  if (!metadata.continue) expect(metadata.remainingItemCount).toBeUndefined()
  else expect((metadata.remainingItemCount ?? -1) + items.length + before).toBe(total)
}

/** Checks the names, and returns how many have been found with these. */
export function expectNext(list: ObjectList, found: number): number {
  expect(list.items.map(({ metadata }) => metadata.name)).toEqual(list.items.map((_, index) => nameOf(found + index)))
  return found + list.items.length
}

/** Reads from a token to the end; every chunk is of the revision given, or of the first one's. */
export async function readRest(limit: number, token: string | undefined, before: number, revision?: string): Promise<void> {
  let found = before
  do {
    const list = await chunk(limit, token)
    expect(list.items.length).toBeLessThanOrEqual(limit)
    revision ??= list.metadata.resourceVersion
    expect(list.metadata.resourceVersion).toBe(revision)
    expectRemaining(list, found)
    found = expectNext(list, found)
    token = list.metadata.continue
  } while (token)
  expect(found).toBe(total)
}

