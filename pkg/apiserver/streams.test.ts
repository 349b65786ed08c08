// Logs and tunnels of pods, against a node that is a few lines of TCP.
import { request as httpsRequest } from 'node:https'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { WebSocket } from 'ws'
import { createServer as createHttp, type IncomingMessage, type Server as HttpServer } from 'node:http'
import { gzipSync } from 'node:zlib'
import { badRequest } from '../api/status-error.ts'
import { admin, alice, startServer, type TestServer } from './fixture.suite.ts'
import { ownAddress } from '../../test/own-address.ts'
import type { ExecOptions, LogOptions, NodeConnection } from '../api/node-connection.ts'

const pods = '/api/v1/namespaces/a/pods'
const pod = (name: string, containers: string[], nodeName?: string) => ({
  metadata: { name }, spec: { nodeName, containers: containers.map((container) => ({ name: container, image: 'x' })) },
})

let server: TestServer
let upstream: Server
let backend: HttpServer
const seen: { requests: string[]; exec: ExecOptions[]; logs: LogOptions[]; ports: (readonly number[])[] } = { requests: [], exec: [], logs: [], ports: [] }

/** Takes an upgrade, then sends back what it gets in upper case. */
function serveUpstream(socket: Socket): void {
  let head = ''
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    if (head.includes('\r\n\r\n')) return void socket.write(chunk.toString().toUpperCase())
    head += chunk.toString()
    if (!head.includes('\r\n\r\n')) return
    seen.requests.push(head.slice(0, head.indexOf('\r\n\r\n')))
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n')
  })
}

beforeAll(async () => {
  upstream = createServer(serveUpstream)
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const url = (path: string): Promise<URL> => Promise.resolve(new URL(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}${path}`))
  const node: NodeConnection = {
    async logs(_pod, options) {
      seen.logs.push(options)
      if (options.previous) throw badRequest('previous terminated container "c" in pod "one" not found')
      return (async function* () {
        yield Buffer.from('first\n')
        if (options.follow) await new Promise((resolve) => options.signal.addEventListener('abort', resolve))
        yield Buffer.from('second\n')
      })()
    },
    exec: (_pod, options) => { seen.exec.push(options); return url('/exec/token1') },
    attach: () => url('/attach/token2'),
    portForward: (_pod, ports) => { seen.ports.push(ports); return url('/portforward/token3') },
  }
  server = await startServer({ nodeConnections: (name) => name === 'n1' ? node : undefined })
  for (const body of [pod('one', ['c'], 'n1'), pod('two', ['c', 'd'], 'n1'), pod('waiting', ['c']), pod('lost', ['c'], 'n2')]) {
    expect((await server.call('POST', pods, { body })).code).toBe(201)
  }
  backend = createHttp((incoming, outgoing) => {
    if (incoming.url === '/go') outgoing.writeHead(302, { location: '/there' })
    if (incoming.url === '/near/go') outgoing.writeHead(302, { location: 'there' })
    if (incoming.url?.startsWith('/page')) {
      const page = Buffer.from('<a href="/x">é</a>', 'latin1')
      const zipped = incoming.url === '/page.gz'
      return void outgoing.writeHead(200, { 'content-type': 'text/html; charset=iso-8859-1', 'access-control-allow-origin': '*', 'content-length': zipped ? gzipSync(page).length : page.length, ...(zipped ? { 'content-encoding': 'gzip' } : {}) }).end(zipped ? gzipSync(page) : page)
    }
    outgoing.end(JSON.stringify({ url: incoming.url, method: incoming.method, headers: incoming.headers }))
  })
  await new Promise<void>((resolve) => backend.listen(0, ownAddress, resolve))
})
afterAll(async () => {
  await server.stop()
  upstream.close()
  backend.close()
})

describe('pods/log', () => {
  it('is plain text, with the parameters handed on', async () => {
    const reply = await server.call('GET', `${pods}/one/log?tailLines=5&timestamps=true&limitBytes=100&stream=All`)
    expect([reply.code, reply.text, reply.headers['content-type']]).toEqual([200, 'first\nsecond\n', 'text/plain'])
    expect(seen.logs.at(-1)).toMatchObject({ container: 'c', tailLines: 5, timestamps: true, limitBytes: 100, stream: 'All' })
  })

  it('of a pod without a node is empty', async () => {
    expect(await server.call('GET', `${pods}/waiting/log`)).toMatchObject({ code: 200, text: '' })
  })

  it.each([
    ['two/log', 400, 'a container name must be specified for pod two, choose one of: [c d]'],
    ['two/log?container=x', 400, 'container x is not valid for pod two'],
    ['one/log?previous=true', 400, 'previous terminated container "c" in pod "one" not found'],
    ['one/log?tailLines=-1', 422, expect.stringContaining('tailLines: Invalid value: -1: must be greater than or equal to 0')],
    ['lost/log', 503, 'node "n2" is not connected'],
    ['none/log', 404, 'pods "none" not found'],
    ['one/exec', 400, 'Upgrade request required'],
  ])('%s fails', async (path, code, message) => {
    expect((await server.call('GET', `${pods}/${path}`)).json).toMatchObject({ code, message })
  })

  it('follows until the client leaves', async () => {
    const text = await new Promise<string>((resolve, reject) => {
      const outgoing = httpsRequest(`${server.url}${pods}/one/log?follow=true`, { ca: server.ca, cert: admin.certificate, key: admin.key, agent: false })
      outgoing.on('response', (incoming) => incoming.once('data', (chunk: Buffer) => {
        outgoing.destroy()
        resolve(chunk.toString())
      }))
      outgoing.on('error', reject)
      outgoing.end()
    })
    expect(text).toBe('first\n')
    const { signal } = seen.logs.at(-1)!
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
  })

  it('comes over a WebSocket', async () => {
    const socket = new WebSocket(`wss://127.0.0.1:${server.port}${pods}/one/log`, ['binary.k8s.io'], { ca: server.ca, cert: admin.certificate, key: admin.key })
    const messages: string[] = []
    socket.on('message', (message) => messages.push(String(message)))
    const code = await new Promise((resolve, reject) => { socket.on('close', resolve); socket.on('error', reject) })
    expect([code, messages]).toEqual([1000, ['first\n', 'second\n']])
  })
})

/** The answer's status line, and the echo of `text`. */
function upgrade(path: string, { method = 'POST', as = admin, text = 'hello' } = {}): Promise<{ code: number; echo: string; headers: object }> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(`${server.url}${path}`, {
      method, ca: server.ca, cert: as.certificate, key: as.key, agent: false,
      headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1', authorization: 'Bearer mine', 'x-stream-protocol-version': ['v4.channel.k8s.io', 'v3.channel.k8s.io'] },
    })
    outgoing.on('upgrade', (incoming, socket, head) => {
      let echo = head.toString()
      socket.write(text)
      socket.on('data', (chunk: Buffer) => {
        echo += chunk.toString()
        if (echo.length >= text.length) {
          socket.destroy()
          resolve({ code: 101, echo, headers: incoming.headers })
        }
      })
    })
    outgoing.on('response', (incoming) => {
      let body = ''
      incoming.on('data', (chunk: Buffer) => void (body += chunk.toString()))
      incoming.on('end', () => resolve({ code: incoming.statusCode ?? 0, echo: body, headers: incoming.headers }))
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

describe('tunnels', () => {
  it('replay the upgrade on the runtime and pipe both ways', async () => {
    const reply = await upgrade(`${pods}/one/exec?command=sh&command=-c&stdin=true&stdout=1&tty=false`)
    expect([reply.code, reply.echo]).toEqual([101, 'HELLO'])
    expect(seen.exec.at(-1)).toEqual({ container: 'c', command: ['sh', '-c'], stdin: true, stdout: true, stderr: false, tty: false })
    const request = seen.requests.at(-1)!
    expect(request.split('\r\n')[0]).toBe('POST /exec/token1 HTTP/1.1')
    expect(request).toContain('v4.channel.k8s.io')
    expect(request.toLowerCase()).not.toContain('authorization')
  })

  it('serve attach and port-forward', async () => {
    expect((await upgrade(`${pods}/two/attach?container=d&stdout=true`)).code).toBe(101)
    expect((await upgrade(`${pods}/two/portforward?ports=80&ports=81`)).code).toBe(101)
    expect([seen.requests.at(-1)!.split('\r\n')[0], seen.ports.at(-1)]).toEqual(['POST /portforward/token3 HTTP/1.1', [80, 81]])
  })

  it.each([
    [`${pods}/one/exec?stdout=true`, 400, 'you must specify at least one command'],
    [`${pods}/one/exec?command=x`, 400, 'you must specify at least 1 of stdin, stdout, stderr'],
    [`${pods}/waiting/exec?command=x&stdout=1`, 400, 'pod waiting does not have a host assigned'],
    [`${pods}/none/exec?command=x&stdout=1`, 404, 'not found'],
    ['/version', 400, 'upgrade is not supported here'],
  ])('%s is refused', async (path, code, message) => {
    const reply = await upgrade(path)
    expect([reply.code, JSON.parse(reply.echo).message]).toEqual([code, expect.stringContaining(message)])
  })

  it('need the right to create', async () => {
    const rbac = '/apis/rbac.authorization.k8s.io/v1'
    await server.call('POST', `${rbac}/clusterroles`, { body: { metadata: { name: 'looker' }, rules: [{ apiGroups: [''], resources: ['pods/exec'], verbs: ['get'] }] } })
    await server.call('POST', `${rbac}/clusterrolebindings`, { body: { metadata: { name: 'looker' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'looker' }, subjects: [{ kind: 'User', name: 'alice' }] } })
    const reply = await upgrade(`${pods}/one/exec?command=x&stdout=1`, { method: 'GET', as: alice })
    expect([reply.code, JSON.parse(reply.echo).message]).toEqual([403, 'pods "one" is forbidden: User "alice" cannot create resource "pods/exec" in API group "" in the namespace "a"'])
  })
})

describe('pods/proxy', () => {
  beforeAll(async () => {
    await setIp('one', ownAddress)
  })

  const setIp = async (name: string, ip: string): Promise<void> => {
    const { code } = await server.call('PATCH', `${pods}/${name}/status`, { body: { status: { podIP: ip, podIPs: [{ ip }] } }, headers: { 'content-type': 'application/merge-patch+json' } })
    expect(code).toBe(200)
  }

  const base = (): string => `${pods}/one:${(backend.address() as AddressInfo).port}/proxy`

  it('hands on method, path and query, but no credentials', async () => {
    const reply = await server.call('PUT', `${base()}/a//b/?q=1?2`, { body: 'x', headers: { authorization: 'Bearer secret-token', 'x-remote-user': 'me', 'x-forwarded-for': '10.0.0.1', 'content-length': '1' } })
    expect(reply.json).toMatchObject({ url: '/a//b/?q=1?2', method: 'PUT', headers: { host: `127.0.0.1:${server.port}`, 'content-length': '1', 'x-forwarded-uri': `${base()}/a//b/`, 'x-forwarded-for': '10.0.0.1, 127.0.0.1' } })
    expect(Object.keys(reply.json['headers'] as object)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(?:authorization|x-remote-user)$/)]))
  })

  it('keeps redirects behind itself', async () => {
    const reply = await server.call('GET', `${base()}/go`)
    expect([reply.code, reply.headers.location]).toEqual([302, `${base()}/there`])
    expect((await server.call('GET', `${base()}/near/go`)).headers.location).toBe('there')
    const bare = await server.call('GET', `${base()}?x=1`)
    expect([bare.code, bare.headers.location]).toEqual([301, `${base()}/?x=1`])
  })

  it('makes the links of pages lead through itself', async () => {
    for (const name of ['page', 'page.gz']) {
      const { code, text, headers } = await server.call('GET', `${base()}/${name}`)
      expect([code, Buffer.from(text).toString()]).toEqual([200, `<a href="${base()}/x">\uFFFD</a>`])
      expect([headers['access-control-allow-origin'], headers['content-encoding'], headers['content-type']]).toEqual([undefined, undefined, 'text/html; charset=iso-8859-1'])
    }
  })

  it('says when nothing is there', async () => {
    expect((await server.call('GET', `${pods}/one:1/proxy/`)).json).toMatchObject({ code: 503, message: expect.stringMatching(/^error trying to reach service: dial tcp \S+:1: connect: connection refused$/) })
    const reply = await upgrade(`${pods}/one:1/proxy/`, { method: 'GET' })
    expect([reply.code, JSON.parse(reply.echo)]).toEqual([500, expect.objectContaining({ message: `error dialing backend: dial tcp ${ownAddress}:1: connect: connection refused` })])
  })

  it('hands on upgrades as the client asked for them, without its credentials', async () => {
    const asked = new Promise<IncomingMessage>((resolve) => void backend.once('upgrade', (incoming: IncomingMessage, socket: Socket) => {
      socket.end('HTTP/1.1 418 Enough\r\nConnection: close\r\n\r\n')
      resolve(incoming)
    }))
    const token = Buffer.from('secret-token').toString('base64url')
    await server.call('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', { body: { metadata: { name: 'token-user' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'all' }, subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'token-user' }] } })
    await server.call('POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', { body: { metadata: { name: 'all' }, rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] } })
    const socket = new WebSocket(`wss://127.0.0.1:${server.port}${base()}/x`, [`base64url.bearer.authorization.k8s.io.${token}`, 'chat'], { ca: server.ca, headers: { cookie: 'mine=1', origin: 'https://page.example.com', 'x-remote-user': 'root' } })
    const failed = new Promise<never>((_resolve, reject) => void socket.on('unexpected-response', (_, { statusCode }) => { if (statusCode !== 418) reject(new Error(`answered ${statusCode}`)) }).on('error', () => undefined))
    const { url, headers } = await Promise.race([asked, failed])
    expect({ url, ...headers }).toMatchObject({ url: '/x', host: `127.0.0.1:${server.port}`, upgrade: 'websocket', 'sec-websocket-protocol': 'chat', cookie: 'mine=1', origin: 'https://page.example.com' })
    expect(Object.keys(headers)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(?:authorization|impersonate|x-remote)/)]))
  })

  it.each([
    ['ftp:one:80', 400, 'invalid pod request "ftp:one:80"'],
    ['a:b:c:d', 400, 'invalid pod request "a:b:c:d"'],
    ['one:web', 503, 'error trying to reach service: dial tcp: lookup tcp/web: unknown port'],
    ['one:70000', 503, 'error trying to reach service: dial tcp: address 70000: invalid port'],
    ['nobody', 404, 'pods "nobody" not found'],
    ['waiting', 400, 'address not allowed'],
  ])('refuses %s', async (name, code, message) => {
    for (const end of ['', '/']) expect((await server.call('GET', `${pods}/${name}/proxy${end}`)).json).toMatchObject({ code, message })
  })

  it.each(['127.0.0.1', '169.254.169.254', '::ffff:127.0.0.1', 'fe80::1', '224.0.0.1', '0.0.0.0'])('leads nowhere near this server, such as to %s', async (ip) => {
    await setIp('two', ip)
    expect((await server.call('GET', `${pods}/two:80/proxy/`)).json).toMatchObject({ code: 400, message: 'address not allowed' })
  })
})

describe('services/proxy', () => {
  const services = '/api/v1/namespaces/a/services'
  const port = (): number => (backend.address() as AddressInfo).port

  beforeAll(async () => {
    const service = (name: string, ports: object[]) => server.call('POST', services, { body: { metadata: { name }, spec: { ports } } })
    const endpoints = (name: string, targetRef: object | undefined, portName?: string) =>
      server.call('POST', '/api/v1/namespaces/a/endpoints', { body: { metadata: { name }, subsets: [{ addresses: [{ ip: ownAddress, ...(targetRef ? { targetRef } : {}) }], ports: [{ port: port(), ...(portName ? { name: portName } : {}) }] }] } })
    const ofPod = (name: string, namespace = 'a') => ({ kind: 'Pod', namespace, name })
    await service('web', [{ port: 80 }])
    await endpoints('web', ofPod('one'))
    await service('named', [{ port: 80, name: 'http' }])
    await endpoints('named', ofPod('one'), 'http')
    await service('empty', [{ port: 80 }])
    await server.call('POST', '/api/v1/namespaces/a/endpoints', { body: { metadata: { name: 'empty' } } })
    await service('alone', [{ port: 80 }])
    for (const [name, target] of [['anywhere', undefined], ['elsewhere', ofPod('one', 'default')], ['lies', ofPod('waiting')], ['gone', ofPod('nobody')]] as const) {
      await service(name, [{ port: 80 }])
      await endpoints(name, target)
    }
  })

  it.each(['web', 'web:80', 'http:web:', 'named:http', 'named:80'])('reaches a pod by %s', async (name) => {
    expect((await server.call('GET', `${services}/${name}/proxy/x`)).json).toMatchObject({ url: '/x' })
  })

  it.each([
    ['web:81', 503, 'no service port 81 found for service "web"'],
    ['web:http', 503, 'no endpoints available for service "web:http"'],
    ['named', 503, 'no endpoints available for service "named"'],
    ['empty', 503, 'no endpoints available for service "empty"'],
    ['alone', 404, 'endpoints "alone" not found'],
    ['nothing:80', 404, 'services "nothing" not found'],
    ['x:web:80', 400, 'invalid service request "x:web:80"'],
    // Addresses that are no pods of the namespace may be anything.
    ...['anywhere', 'elsewhere', 'lies', 'gone'].map((name): [string, number, string] => [name, 503, `no endpoints available for service "${name}"`]),
  ])('refuses %s', async (name, code, message) => {
    expect((await server.call('GET', `${services}/${name}/proxy/`)).json).toMatchObject({ code, message })
  })
})

describe('nodes/proxy', () => {
  const nodes = '/api/v1/nodes'

  it('reaches what listens at another port of the node', async () => {
    await server.call('POST', nodes, { body: { metadata: { name: 'n3' }, status: { addresses: [{ type: 'Hostname', address: 'n3' }, { type: 'InternalIP', address: ownAddress }] } } })
    expect((await server.call('GET', `${nodes}/n3:${(backend.address() as AddressInfo).port}/proxy/x`)).json).toMatchObject({ url: '/x' })
    for (const name of ['n3', 'n3:10250']) expect((await server.call('GET', `${nodes}/${name}/proxy/`)).json).toMatchObject({ code: 503, message: 'node "n3" is not connected' })
  })

  it.each([['n4', 404, 'nodes "n4" not found'], ['a:b:c', 400, 'invalid node request "a:b:c"']])('refuses %s', async (name, code, message) => {
    expect((await server.call('GET', `${nodes}/${name}/proxy/`)).json).toMatchObject({ code, message })
  })
})
