// Healthy for ten seconds: then /healthz on port 8080 fails.
import { createServer } from 'node:http'

const healthyMs = 10_000

export default function liveness() {
  const startedMs = performance.now()
  createServer((request, response) => {
    const url = new URL(request.url, 'http://here')
    const age = performance.now() - startedMs
    if (url.pathname === '/started') response.end(`${(age / 1000).toFixed(3)}s`)
    else if (url.pathname === '/redirect') response.writeHead(302, { location: url.searchParams.get('loc') ?? '' }).end()
    else if (url.pathname !== '/healthz') response.writeHead(404).end()
    else if (age > healthyMs) response.writeHead(500).end(`error: ${age / 1000}`)
    else response.end('ok')
  }).listen(8080)
}
