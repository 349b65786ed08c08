// The body of a proxied answer: HTML is rewritten, all else passes as it is.
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { proxiedHtml, type ProxiedPage } from './proxy-html.ts'

/** Longer pages pass as they are. */
const longestPage = 8 << 20

const decoders: Readonly<Record<string, () => Transform>> = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress }

export function throughProxy({ headers: { 'content-type': type = '', 'content-encoding': encoding = '' } }: IncomingMessage, headers: OutgoingHttpHeaders, page: ProxiedPage): { headers: OutgoingHttpHeaders; body: Transform[] } {
  const decoder = Object.hasOwn(decoders, encoding.toLowerCase()) ? decoders[encoding.toLowerCase()] : undefined
  if (!/^\s*text\/html\b/i.test(type) || (encoding !== '' && encoding !== 'identity' && !decoder)) return { headers, body: [] }
  const { 'content-length': _length, 'content-encoding': _encoding, ...rest } = headers
  return { headers: rest, body: [...(decoder ? [decoder()] : []), rewriting(page)] }
}

/** A page is rewritten when all of it is there. */
function rewriting(page: ProxiedPage): Transform {
  let chunks: Buffer[] | undefined = []
  let size = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (!chunks) return done(null, chunk)
      chunks.push(chunk)
      size += chunk.length
      if (size <= longestPage) return done()
      const all = Buffer.concat(chunks)
      chunks = undefined
      done(null, all)
    },
    flush(done) {
      // Read byte by byte, so that a page in another character set keeps its own.
      done(null, chunks && Buffer.from(proxiedHtml(Buffer.concat(chunks).toString('latin1'), page), 'latin1'))
    },
  })
}
