// Lists in chunks when the list's revision is no longer known: the server forgets after minutes.
import { http } from '../framework.ts'
import { chunk, expectNext, expectRemaining, namespace, readRest, total } from './chunks.ts'

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
