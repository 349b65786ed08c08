// Lists in chunks: limit, continue, what remains, and what happens when the list's revision is no longer known.
import { podTemplates } from '../../../pkg/api/types-pod.ts'
import type { ObjectList } from '../../../pkg/api/object.ts'
import { client, http, useNamespace } from '../framework.ts'

const total = 400
const namespace = useNamespace('chunking')

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

const chunk = (limit: number, token: string | undefined): Promise<ObjectList> =>
  client.list(podTemplates, { namespace: namespace.name, limit, ...(token ? { continue: token } : {}) })

function expectRemaining({ metadata, items }: ObjectList, before: number): void {
  if (!metadata.continue) expect(metadata.remainingItemCount).toBeUndefined()
  else expect((metadata.remainingItemCount ?? -1) + items.length + before).toBe(total)
}

/** Checks the names, and returns how many have been found with these. */
function expectNext(list: ObjectList, found: number): number {
  expect(list.items.map(({ metadata }) => metadata.name)).toEqual(list.items.map((_, index) => nameOf(found + index)))
  return found + list.items.length
}

/** Reads from a token to the end; every chunk is of the revision given, or of the first one's. */
async function readRest(limit: number, token: string | undefined, before: number, revision?: string): Promise<void> {
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

test('[sig-api-machinery] Servers with support for API chunking should return chunks of results for list calls [Conformance]', async () => {
  for (let round = 0; round < 3; round++) await readRest(17, undefined, 0)
  expect((await chunk(total + 1, undefined)).items).toHaveLength(total)
})

test('[sig-api-machinery] Servers with support for API chunking should support continue listing from the last key if the original version has been compacted away, though the list is inconsistent [Slow] [Conformance]', async () => {
  const limit = total / 10
  const first = await chunk(limit, undefined)
  expectRemaining(first, 0)

  const token = await expiredToken(`/api/v1/namespaces/${namespace.name}/podtemplates?limit=${limit}&continue=${encodeURIComponent(first.metadata.continue ?? '')}`)
  const second = await chunk(limit, token)
  expect(second.metadata.resourceVersion).not.toBe(first.metadata.resourceVersion)
  expect(second.items).toHaveLength(limit)
  expectRemaining(second, limit)
  const found = expectNext(second, limit)
  await readRest(limit, second.metadata.continue, found, second.metadata.resourceVersion)
}, 12 * 60_000)

/** Asks every 20 seconds until the chunk is refused as expired, for twice the compaction interval of etcd; the refusal has another token. */
async function expiredToken(path: string): Promise<string> {
  const deadline = performance.now() + 2 * 5 * 60_000
  while (performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20_000))
    const answer = await http<{ reason?: string; metadata: { continue?: string } }>('GET', path)
    if (answer.status === 200) continue
    expect(answer.status).toBe(410)
    const { reason, metadata } = answer.json()
    expect(reason).toBe('Expired')
    expect(metadata.continue).toBeTruthy()
    return metadata.continue ?? ''
  }
  throw new Error('the token never expired')
}
