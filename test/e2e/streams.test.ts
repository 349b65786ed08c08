// exec, attach, cp, port-forward and watches over WebSockets on a real cluster: as kubectl does it, without a fallback, and as plain clients do.
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { eventually, root, TestCluster } from './cluster.ts'
import { connectionTo, type Connection } from './connection.ts'

let cluster: TestCluster
let connection: Connection
const k = (args: string | readonly string[], input?: string): Promise<string> => cluster.kubectl(args, input === undefined ? {} : { input })
const pods = '/api/v1/namespaces/default/pods'

beforeAll(async () => {
  cluster = await TestCluster.start(['busybox', 'nginx'])
  connection = connectionTo(cluster)
  await k(['run', 'box', '--image=busybox:1.36', '--', 'sh', '-c', 'trap exit TERM; while :; do sleep 1; done'])
  await k('run web --image=nginx:1.22 --port=80')
  await k('wait pod/box pod/web --for=condition=Ready --timeout=90s')
})

afterAll(() => cluster?.remove())

/** kubectl says at this level which requests it sends, and when it falls back. */
async function traced(args: readonly string[], input = ''): Promise<{ code: number; stdout: string; requests: string[] }> {
  const { code, stdout, stderr } = await cluster.tryKubectl(['-v=8', ...args], { input })
  expect(stderr).not.toMatch(/fallback/i)
  const requests = stderr.split('\n').flatMap((line) => {
    const found = /verb="(\w+)" url="https:\/\/[^/]+([^"?]*)/.exec(line) ?? /\b(GET|POST) https:\/\/[^/]+([^ ?]*)/.exec(line)
    return found && /\/(exec|attach|portforward)$/.test(found[2]!) ? [`${found[1]} ${found[2]!.split('/').pop()}`] : []
  })
  return { code, stdout, requests }
}

describe('kubectl, without a fallback', () => {
  test('exec, with input to its end, both outputs and the exit code', async () => {
    const run = await traced(['exec', '-i', 'box', '--', 'sh', '-c', 'cat; echo oops >&2; exit 7'], 'in\nput\n')
    expect(run.code).toBe(7)
    expect(run.stdout).toBe('in\nput\n')
    expect(new Set(run.requests)).toEqual(new Set(['GET exec']))
    const plain = await cluster.tryKubectl(['exec', 'box', '--', 'sh', '-c', 'echo out; echo err >&2'])
    expect(plain).toEqual({ code: 0, stdout: 'out\n', stderr: 'err\n' })
    const missing = await cluster.tryKubectl(['exec', 'box', '--', '/no/such'])
    expect([missing.code, missing.stderr]).toEqual([expect.any(Number), expect.stringMatching(/no such file or directory/)])
    expect(missing.code).not.toBe(0)
  })

  test('exec with a terminal, and its size', async () => {
    // containerd takes the size when the program has started, which may look before that: on a terminal without one busybox' stty prints nothing, and succeeds.
    const [program, args] = cluster.network.command('script', ['-qfec', `stty rows 33 cols 99; ${join(root, '.cache/tools/kubectl')} exec -it box -- sh -c 'tty; until stty size 2>/dev/null | grep .; do :; done; exit 3'; echo code $?`, '/dev/null'])
    const terminal = cluster.followProgram(program, args)
    expect((await terminal.says(/(\/dev\/pts\/\d+)\s+33 99\s+[^]*code (\d)/))[2]).toBe('3')
    await terminal.end()
  })

  test('attach, with input', async () => {
    const run = await traced(['run', 'once', '--image=busybox:1.36', '--restart=Never', '--rm', '-i', '--', 'sh', '-c', 'read line; echo got $line'], 'hello\n')
    expect(run.stdout).toContain('got hello\n')
    expect(new Set(run.requests)).toEqual(new Set(['GET attach']))
  })

  test('cp, both ways, more than any buffer holds', async () => {
    const [from, to] = [join(cluster.directory, 'from'), join(cluster.directory, 'to')]
    writeFileSync(from, randomBytes(40 << 20))
    const sum = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')
    await k(['cp', from, 'box:/tmp/copy'])
    expect((await k('exec box -- sha256sum /tmp/copy')).split(' ')[0]).toBe(sum(from))
    await k(['cp', 'box:/tmp/copy', to])
    expect(sum(to)).toBe(sum(from))
  })

  test('port-forward, several connections at once', async () => {
    await k(['exec', 'web', '--', 'sh', '-c', 'head -c 5000000 /dev/urandom > /usr/share/nginx/html/big'])
    const expected = (await k('exec web -- sha256sum /usr/share/nginx/html/big')).split(' ')[0]
    const forward = cluster.follow(['-v=8', 'port-forward', 'pod/web', ':80'])
    const port = (await forward.says(/Forwarding from 127\.0\.0\.1:(\d+)/))[1]
    const sums = await Promise.all(Array.from({ length: 5 }, () => cluster.inNetwork('sh', ['-c', `curl -sf http://127.0.0.1:${port}/big | sha256sum`])))
    expect(sums.map((sum) => sum.split(' ')[0])).toEqual(Array(5).fill(expected))
    // A port that nobody listens on is told, and harms nothing else.
    await forward.end()
    expect(forward.output).not.toMatch(/fallback/i)
    expect(forward.output).not.toMatch(/POST https/)
    const closed = cluster.follow('port-forward pod/web :81')
    const other = (await closed.says(/Forwarding from 127\.0\.0\.1:(\d+)/))[1]
    await cluster.inNetwork('sh', ['-c', `curl -s http://127.0.0.1:${other}/ || true`])
    await closed.says(/Connection refused|error forwarding port 81/i)
    await closed.end()
  })

  test('and over SPDY, when it is told to', async () => {
    const env = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' }
    const run = await cluster.tryKubectl(['exec', '-i', 'box', '--', 'sh', '-c', 'cat; exit 5'], { input: 'spdy\n', env })
    expect([run.code, run.stdout]).toEqual([5, 'spdy\n'])
  })
})

/** A WebSocket to the API server, and what came over it. */
class Plain {
  readonly socket: WebSocket
  readonly messages: { data: Buffer; binary: boolean }[] = []
  readonly closed: Promise<number>

  constructor(path: string, protocols: string[], headers: Record<string, string> = {}) {
    const { server, ca, certificate, key } = connection
    const certified = headers['anonymous'] ? {} : { cert: certificate, key }
    this.socket = new WebSocket(`${server.replace('https', 'wss')}${path}`, protocols, { ca, ...certified })
    this.socket.on('message', (data, binary) => void this.messages.push({ data: data as Buffer, binary }))
    this.closed = new Promise((resolve, reject) => void this.socket.on('error', reject).on('close', resolve))
    this.closed.catch(() => undefined)
  }

  open(): Promise<void> {
    return new Promise((resolve, reject) => void this.socket.once('open', () => resolve()).once('error', reject))
  }

  /** All that came on a channel. */
  channel(number: number): string {
    return Buffer.concat(this.messages.filter(({ data }) => data[0] === number).map(({ data }) => data.subarray(1))).toString()
  }
}

const exec = (command: readonly string[], flags = 'stdout=1&stderr=1'): string => `${pods}/box/exec?${flags}&${command.map((word) => `command=${encodeURIComponent(word)}`).join('&')}`

describe('plain WebSocket clients', () => {
  test.each(['v5.channel.k8s.io', 'v4.channel.k8s.io', 'channel.k8s.io'])('%s', async (protocol) => {
    const client = new Plain(exec(['sh', '-c', 'echo out; echo err >&2; exit 4']), [protocol])
    expect(await client.closed).toBe(1000)
    expect(client.socket.protocol).toBe(protocol)
    expect([client.channel(1), client.channel(2)]).toEqual(['out\n', 'err\n'])
    expect(client.messages.every(({ binary }) => binary)).toBe(true)
    const told = client.channel(3)
    if (protocol === 'channel.k8s.io') expect(told).toContain('exit code 4')
    else expect(JSON.parse(told)).toMatchObject({ status: 'Failure', reason: 'NonZeroExitCode', details: { causes: [{ reason: 'ExitCode', message: '4' }] } })
  })

  test('the newest that both speak is chosen, and success is told', async () => {
    const client = new Plain(exec(['true']), ['v4.channel.k8s.io', 'v5.channel.k8s.io', 'channel.k8s.io'])
    expect(await client.closed).toBe(1000)
    expect(client.socket.protocol).toBe('v5.channel.k8s.io')
    expect(JSON.parse(client.channel(3))).toEqual({ metadata: {}, status: 'Success' })
  })

  test.each(['base64.channel.k8s.io', 'v4.base64.channel.k8s.io'])('%s', async (protocol) => {
    const client = new Plain(exec(['echo', 'text']), [protocol])
    await client.closed
    expect(client.messages.every(({ binary }) => !binary)).toBe(true)
    const text = client.messages.filter(({ data }) => data.toString()[0] === '1').map(({ data }) => Buffer.from(data.toString().slice(1), 'base64').toString()).join('')
    expect(text).toBe('text\n')
  })

  test('input goes in, and is ended by a close of its channel', async () => {
    const client = new Plain(exec(['sh', '-c', 'cat; echo done'], 'stdin=1&stdout=1'), ['v5.channel.k8s.io'])
    await client.open()
    client.socket.send(Buffer.from('\0one\n'))
    client.socket.send(Buffer.from('\0two\n'))
    await eventually(() => client.channel(1) === 'one\ntwo\n', 'the input comes back')
    client.socket.send(Buffer.from([255, 0]))
    expect(await client.closed).toBe(1000)
    expect(client.channel(1)).toBe('one\ntwo\ndone\n')
  })

  test('a client that leaves ends its command', async () => {
    const client = new Plain(exec(['sh', '-c', 'echo started; exec cat'], 'stdin=1&stdout=1'), ['v5.channel.k8s.io'])
    await eventually(() => client.channel(1) === 'started\n', 'the command runs')
    client.socket.terminate()
    await eventually(async () => !(await k('exec box -- ps')).includes('cat'), 'the command is gone')
  })

  test('a refusal is a plain answer', async () => {
    const refused = await new Promise<number | undefined>((resolve) => {
      const client = new Plain(`${pods}/none/exec?stdout=1&command=x`, ['v5.channel.k8s.io'])
      client.socket.once('unexpected-response', (_request, answer) => resolve(answer.statusCode))
    })
    expect(refused).toBe(404)
  })

  test('a watch, each event as a text', async () => {
    const client = new Plain('/api/v1/namespaces/default/configmaps?watch=true', [])
    await client.open()
    await k('create configmap seen')
    await eventually(() => client.messages.some(({ data }) => data.toString().includes('"name":"seen"')), 'the event comes')
    const { data, binary } = client.messages.find((message) => message.data.toString().includes('"name":"seen"'))!
    expect([binary, JSON.parse(data.toString())]).toMatchObject([false, { type: 'ADDED', object: { kind: 'ConfigMap', metadata: { name: 'seen' } } }])
    client.socket.close()
  })

  test('who can send no header, as a browser, sends a token among the protocols', async () => {
    await k('create serviceaccount browser')
    await k('create clusterrolebinding browser --clusterrole=view --serviceaccount=default:browser')
    const token = (await k('create token browser')).trim()
    const named = (text: string): string[] => ['v4.binary.k8s.io', `base64url.bearer.authorization.k8s.io.${Buffer.from(text).toString('base64url')}`]
    const client = new Plain('/api/v1/namespaces/default/pods?watch=true', named(token), { anonymous: 'yes' })
    await client.open()
    await eventually(() => client.messages.length > 0, 'pods are told of')
    expect(client.socket.protocol).toBe('v4.binary.k8s.io')
    client.socket.close()
    const stranger = new Plain('/api/v1/namespaces/default/pods?watch=true', named('nonsense'), { anonymous: 'yes' })
    expect(await new Promise((resolve) => stranger.socket.once('unexpected-response', (_request, answer) => resolve(answer.statusCode)))).toBe(401)
  })
})

test('hundreds of streams at once leave the API free', async () => {
  const watches = Array.from({ length: 150 }, () => new Plain('/api/v1/namespaces/default/pods?watch=true', []))
  const logs = Array.from({ length: 100 }, () => new Plain(`${pods}/web/log?follow=true`, ['binary.k8s.io']))
  const commands = Array.from({ length: 60 }, () => new Plain(exec(['cat'], 'stdin=1&stdout=1'), ['v5.channel.k8s.io']))
  const all = [...watches, ...logs, ...commands]
  const times: number[] = []
  let standing = false
  const asking = (async () => {
    while (!standing) {
      const begin = performance.now()
      await get('/api/v1/namespaces/default/pods/box')
      times.push(performance.now() - begin)
    }
  })()
  await Promise.all(all.map((client) => client.open()))
  // What each sends comes back to it.
  const text = (index: number): string => `${index} `.repeat(2000)
  commands.forEach((client, index) => client.socket.send(Buffer.from(`\0${text(index)}`)))
  await eventually(() => commands.every((client, index) => client.channel(1) === text(index)), 'all commands answer')
  standing = true
  await asking
  times.sort((a, b) => a - b)
  console.log(`API beside ${all.length} streams: ${times.length} GETs, p50 ${times[times.length >> 1]!.toFixed(1)} ms, longest ${times.at(-1)!.toFixed(0)} ms`)
  // On a machine that starts sixty processes at the same time.
  expect(times[Math.floor(times.length * 0.9)]).toBeLessThan(3000)
  for (const client of all) client.socket.close()
  await Promise.all(all.map((client) => client.closed))
})

async function get(path: string): Promise<void> {
  const { server, ca, certificate, key } = connection
  const { request } = await import('node:https')
  await new Promise<void>((resolve, reject) => {
    const outgoing = request(`${server}${path}`, { ca, cert: certificate, key }, (answer) => {
      answer.resume().on('end', () => (answer.statusCode === 200 ? resolve() : reject(new Error(`${path}: ${answer.statusCode}`))))
    })
    outgoing.on('error', reject).end()
  })
}
