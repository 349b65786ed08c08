// Answers over HTTP and UDP what a test asks of a pod: its name, the client's address, an echo; dials others, runs commands, exits.
import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, get } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { isIPv6 } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { flags } from './_flags.mjs'

export default function netexec(args) {
  const options = flags(args, {
    'http-port': 8080, 'udp-port': 8081, 'sctp-port': -1, 'delay-shutdown': 0, 'http-override': '', 'udp-listen-addresses': '',
    'tls-cert-file': '', 'tls-private-key-file': '',
  })
  process.removeAllListeners('SIGTERM')
  process.on('SIGTERM', () => setTimeout(() => process.exit(0), options['delay-shutdown'] * 1000))
  const state = { serving: true }
  const secure = options['tls-cert-file'] !== ''
  const server = secure
    ? createTlsServer({ cert: readFileSync(options['tls-cert-file']), key: readFileSync(options['tls-private-key-file']) })
    : createServer()
  server.on('request', (request, response) => {
    const url = new URL(request.url, 'http://here')
    const handler = options['http-override'] ? handlers[options['http-override']] : handlers[url.pathname] ?? handlers['/']
    Promise.resolve(handler({ request, response, query: url.searchParams, state, server })).catch((error) => {
      response.writeHead(500).end(error.message)
    })
  })
  server.listen(options['http-port'], () => console.log(`Started HTTP${secure ? 'S' : ''} server on port ${options['http-port']}`))
  if (options['udp-port'] !== -1) {
    const addresses = options['udp-listen-addresses'].split(',')
    for (const address of addresses) serveUdp(address, options['udp-port'])
  }
}

const clientAddress = ({ remoteAddress = '', remotePort }) => hostPort(remoteAddress.replace(/^::ffff:/, ''), remotePort)
const hostPort = (host, port) => (isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`)

const handlers = {
  '/': ({ response }) => {
    console.log('GET /')
    response.end(`NOW: ${new Date().toISOString()}`)
  },
  '/clientip': ({ request, response }) => {
    console.log('GET /clientip')
    response.end(clientAddress(request.socket))
  },
  '/header': ({ request, response, query }) => {
    const key = query.get('key') ?? ''
    console.log(`GET /header?key=${key}`)
    response.end(String(request.headers[key.toLowerCase()] ?? ''))
  },
  '/echo': ({ response, query }) => {
    const text = query.get('msg') ?? ''
    const code = query.get('code')
    console.log(`GET /echo?msg=${text}${code ? `&code=${code}` : ''}`)
    response.writeHead(Number(code ?? 200)).end(text)
  },
  '/hostname': ({ response }) => {
    console.log('GET /hostname')
    response.end(hostname())
  },
  '/hostName': ({ response }) => {
    console.log('GET /hostName')
    response.end(hostname())
  },
  '/healthz': ({ response, state }) => response.writeHead(state.serving ? 200 : 412).end(),
  '/redirect': ({ response, query }) => {
    const location = query.get('location') ?? ''
    const code = Number(query.get('code') ?? 302)
    console.log(`GET /redirect?code=${code}&location=${location}`)
    response.writeHead(code, { location }).end()
  },
  '/shutdown': () => {
    console.log('GET /shutdown')
    process.exit(0)
  },
  '/exit': ({ response, query, server, state }) => {
    const code = Number(query.get('code') ?? 0)
    console.log(`GET /exit?code=${code}`)
    state.serving = false
    response.end()
    setTimeout(() => {
      server.close()
      process.exit(code)
    }, Number(/\d+/.exec(query.get('wait') ?? '')?.[0] ?? 0) * 1000)
  },
  '/shell': ({ response, query }) => shell(query.get('shellCommand') ?? query.get('cmd') ?? '', response),
  '/upload': async ({ request, response }) => {
    console.log('POST /upload')
    const path = join(mkdtempSync(join(tmpdir(), 'upload-')), 'file')
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    writeFileSync(path, fileOf(Buffer.concat(chunks), request.headers['content-type'] ?? ''), { mode: 0o700 })
    response.writeHead(201).end(JSON.stringify({ output: path }))
  },
  '/dial': async ({ response, query }) => {
    console.log(`GET /dial?${query}`)
    const host = query.get('host')
    const port = Number(query.get('port'))
    if (!host) return response.writeHead(400).end('host parameter not specified')
    if (!port) return response.writeHead(400).end('port parameter not specified')
    const dial = { http: dialHttp, udp: dialUdp }[(query.get('protocol') ?? 'http').toLowerCase()]
    if (!dial) return response.writeHead(400).end(`unsupported protocol. ${query.get('protocol')}`)
    const answer = {}
    for (let left = Number(query.get('tries') ?? 1); left > 0; left--) {
      try {
        ;(answer.responses ??= []).push(await dial(host, port, query.get('request') ?? ''))
      } catch (error) {
        ;(answer.errors ??= []).push(error.message)
      }
    }
    response.end(JSON.stringify(answer))
  },
}

function shell(command, response) {
  console.log(`GET /shell?cmd=${command}`)
  execFile('/bin/sh', ['-c', command], { maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
    response.end(JSON.stringify({ ...(stdout + stderr ? { output: stdout + stderr } : {}), ...(error ? { error: error.message } : {}) }))
  })
}

/** A form's first file, or the whole body. */
function fileOf(body, type) {
  const boundary = /boundary="?([^";]+)/.exec(type)?.[1]
  if (!boundary) return body
  const begin = body.indexOf('\r\n\r\n') + 4
  return body.subarray(begin, body.indexOf(`\r\n--${boundary}`, begin))
}

const dialMs = 5000

const dialHttp = (host, port, path) => new Promise((resolve, reject) => {
  const sent = get(`http://${hostPort(host, port)}/${path}`, { agent: false, timeout: dialMs }, (response) => {
    const chunks = []
    response.on('data', (chunk) => chunks.push(chunk)).on('error', reject)
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      if (response.statusCode >= 400) reject(new Error(`request returned status ${response.statusCode}: ${text}`))
      else resolve(text)
    })
  })
  sent.on('timeout', () => sent.destroy(new Error(`no answer from ${host}:${port}`))).on('error', reject)
})

const dialUdp = (host, port, text) => new Promise((resolve, reject) => {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  const end = (done, value) => {
    clearTimeout(timer)
    socket.close()
    done(value)
  }
  const timer = setTimeout(() => end(reject, new Error('i/o timeout')), dialMs)
  socket.on('message', (message) => end(resolve, message.toString())).on('error', (error) => end(reject, error))
  socket.send(text, port, host)
})

function serveUdp(address, port) {
  const socket = createSocket({ type: address === '' || isIPv6(address) ? 'udp6' : 'udp4' })
  socket.on('message', (message, from) => {
    const [command = '', ...words] = message.toString().trim().split(' ')
    console.log(`UDP ${command}`)
    const client = hostPort(from.address.replace(/^::ffff:/, ''), from.port)
    const answer = { hostname: hostname(), echo: words.join(' '), clientip: client }[command.toLowerCase()]
    if (command === 'exit') process.exit(Number(words[0] ?? 0))
    if (answer !== undefined) socket.send(answer, from.port, from.address)
  })
  socket.bind(port, address === '' ? undefined : address, () => console.log(`Started UDP server on port ${port}`))
}
