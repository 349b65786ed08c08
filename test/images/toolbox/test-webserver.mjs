// Serves the files of the root directory.
import { createReadStream, readdirSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { join, normalize } from 'node:path'
import { flags } from './_flags.mjs'

export default function testWebserver(args) {
  const { port } = flags(args, { port: 80 })
  createServer((request, response) => {
    const path = join('/', normalize(decodeURIComponent(new URL(request.url, 'http://here').pathname)))
    const found = statSync(path, { throwIfNoEntry: false })
    if (!found) response.writeHead(404).end('404 page not found\n')
    else if (found.isDirectory()) response.end(`<pre>\n${readdirSync(path).map((name) => `<a href="${name}">${name}</a>\n`).join('')}</pre>\n`)
    else createReadStream(path).on('error', (error) => response.destroy(error)).pipe(response)
  }).listen(port)
}
