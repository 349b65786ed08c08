// Counts who has written to it, and tells it.
import { createServer } from 'node:http'
import { hostname } from 'node:os'
import { flags } from './_flags.mjs'

export default function nettest(args) {
  const { port } = flags(args, { port: 8080 })
  const received = {}
  createServer((request, response) => {
    if (request.url === '/read') return void response.end(JSON.stringify({ Hostname: hostname(), Received: received }))
    if (request.url !== '/write') return void response.writeHead(404).end()
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk)).on('end', () => {
      try {
        const { Source: source } = JSON.parse(Buffer.concat(chunks).toString())
        received[source] = (received[source] ?? 0) + 1
        response.end(JSON.stringify({ Hostname: hostname() }))
      } catch (error) {
        response.writeHead(500).end(error.message)
      }
    })
  }).listen(port)
}
