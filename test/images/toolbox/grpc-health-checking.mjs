// Answers grpc.health.v1 on one port, and is told by HTTP on another what to answer.
import { createServer } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { flags } from './_flags.mjs'

const serving = 1
const notServing = 2

export default function grpcHealthChecking(args) {
  const options = flags(args, { port: 5000, 'http-port': 8080 })
  let status = serving
  createHttp2Server().on('stream', (stream, headers) => {
    const known = headers[':path'] === '/grpc.health.v1.Health/Check'
    stream.resume()
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers(known ? { 'grpc-status': '0' } : { 'grpc-status': '12', 'grpc-message': 'unknown method' }))
    // One message: not compressed, two bytes long; field 1 is the status.
    stream.end(known ? Buffer.from([0, 0, 0, 0, 2, 0x08, status]) : undefined)
  }).listen(options.port)
  createServer((request, response) => {
    if (request.url === '/make-serving') status = serving
    if (request.url === '/make-not-serving') status = notServing
    response.end()
  }).listen(options['http-port'])
}
