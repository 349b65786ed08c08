// Lists in chunks: limit, continue, and what remains.
import { chunk, readRest, total } from './chunks.ts'

test('[sig-api-machinery] Servers with support for API chunking should return chunks of results for list calls [Conformance]', async () => {
  for (let round = 0; round < 3; round++) await readRest(17, undefined, 0)
  expect((await chunk(total + 1, undefined)).items).toHaveLength(total)
})
