// All that a stream brings, as text, if it is not too much.
export class TooLong extends Error {
  override name = 'TooLong'
}

/** UTF-8. Throws TooLong as soon as there are more than `mostBytes`. */
export async function wholeText(stream: AsyncIterable<Buffer>, mostBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    size += chunk.length
    if (size > mostBytes) throw new TooLong(`the answer is longer than ${mostBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
