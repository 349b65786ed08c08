// /logs/: the machine's log directory, as listings and files.
import { createReadStream } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { Readable } from 'node:stream'
import { StatusError } from '../api/status-error.ts'

const absent = (): StatusError => new StatusError(404, 'NotFound', '404 page not found')

/** `path` is below the directory; links that lead out of it are not followed, since pods may be able to make them. */
export async function serveFile(directory: string, path: string): Promise<Response> {
  const root = await realpath(directory).catch(() => { throw absent() })
  const file = await realpath(join(root, join('/', path))).catch(() => { throw absent() })
  if (file !== root && !file.startsWith(root + sep)) throw absent()
  const found = await stat(file)
  if (found.isDirectory()) return listing(file)
  if (!found.isFile()) throw absent()
  return new Response(Readable.toWeb(createReadStream(file)) as ReadableStream, { headers: { 'content-type': 'text/plain; charset=utf-8' } })
}

async function listing(directory: string): Promise<Response> {
  const entries = (await readdir(directory, { withFileTypes: true })).map((entry) => `${entry.name}${entry.isDirectory() ? '/' : ''}`).sort()
  const lines = entries.map((name) => `<a href="${encodeURI(name).replace(/[?#"]/g, encodeURIComponent)}">${name.replace(/&/g, '&amp;').replace(/</g, '&lt;')}</a>\n`)
  return new Response(`<!doctype html>\n<pre>\n${lines.join('')}</pre>\n`, { headers: { 'content-type': 'text/html; charset=utf-8' } })
}
