// A kinglet server of the benchmark's own, started as a user would, in directories of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { connect, type ClientHttp2Session, constants } from 'node:http2'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { load } from 'js-yaml'
import { stateDirectoryOf } from '../../cmd/cluster-flags.ts'

const ownRoot = resolve(import.meta.dirname, '../..')

export interface BenchServerOptions {
  /** The checkout to run; default this one. */
  readonly root?: string
  /** Beside those of every benchmark. */
  readonly flags?: readonly string[]
}

export interface Answer {
  readonly status: number
  readonly body: string
}

/** One HTTP/2 connection with the admin's certificate. */
export class ApiConnection {
  readonly #session: ClientHttp2Session

  constructor(kubeconfigPath: string) {
    const config = load(readFileSync(kubeconfigPath, 'utf8')) as { clusters: [{ cluster: Record<string, string> }]; users: [{ user: Record<string, string> }] }
    const { cluster } = config.clusters[0]
    const { user } = config.users[0]
    const pem = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64')
    this.#session = connect(cluster.server ?? '', {
      ca: pem(cluster['certificate-authority-data']), cert: pem(user['client-certificate-data']), key: pem(user['client-key-data']),
    })
    // A failed connection shows in the requests on it.
    this.#session.on('error', () => undefined)
  }

  request(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
      // As clients in Go say it.
      const stream = this.#session.request({ ':method': method, ':path': path, ...(sent ? { 'content-type': contentType, 'content-length': sent.length } : {}) })
      let status = 0
      const chunks: Buffer[] = []
      stream.on('response', (headers) => (status = Number(headers[constants.HTTP2_HEADER_STATUS])))
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => resolve({ status, body: Buffer.concat(chunks).toString() }))
      stream.on('error', reject)
      stream.end(sent)
    })
  }

  /** Calls back for each line of a watch; returns the end of it. */
  watch(path: string, onLine: (line: string) => void): () => void {
    const stream = this.#session.request({ ':method': 'GET', ':path': path })
    let rest = ''
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) onLine(line)
    })
    stream.on('error', () => undefined)
    return () => stream.close()
  }

  close(): void {
    this.#session.destroy()
  }
}

export class BenchServer {
  readonly directory = mkdtempSync(join(tmpdir(), 'kinglet-bench-'))
  readonly kubeconfig = join(this.directory, 'kubeconfig.yaml')
  readonly dataDirectory = join(this.directory, 'data')
  readonly stateDirectory = stateDirectoryOf(this.dataDirectory)
  readonly #root: string
  readonly #flags: readonly string[]
  #process: ChildProcess | undefined

  constructor({ root = ownRoot, flags = [] }: BenchServerOptions = {}) {
    this.#root = root
    this.#flags = flags
  }

  get pid(): number {
    return this.#process?.pid ?? 0
  }

  /** Starts the server; resolves with milliseconds from the process' start to its API and to its node being Ready. */
  async start(): Promise<{ apiMs: number; nodeMs: number }> {
    const { begin, died, apiMs } = await this.startApi()
    const nodeMs = await Promise.race([this.#until(begin, (connection) => connection.request('GET', '/api/v1/nodes'), (body) => /"type":"Ready"[^}]*"status":"True"|"status":"True"[^}]*"type":"Ready"/.test(body)), died])
    return { apiMs, nodeMs }
  }

  /** Like `start`, of a server that may have no node. `died` rejects when it ends by itself. */
  async startApi(): Promise<{ begin: number; apiMs: number; died: Promise<never> }> {
    const log = openSync(join(this.directory, 'server.log'), 'a')
    const begin = performance.now()
    const child = spawn(join(this.#root, 'scripts/kinglet'), ['server', '--data-dir', this.dataDirectory, '--write-kubeconfig', this.kubeconfig, ...this.#flags], {
      stdio: ['ignore', log, log],
    })
    this.#process = child
    const died = new Promise<never>((_resolve, reject) => child.once('exit', (code) => reject(new Error(`the server ended with ${code}; see ${this.directory}/server.log`))))
    died.catch(() => undefined)
    const apiMs = await Promise.race([this.#until(begin, (connection) => connection.request('GET', '/readyz')), died])
    return { begin, apiMs, died }
  }

  connect(): ApiConnection {
    return new ApiConnection(this.kubeconfig)
  }

  async stop(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (!child || child.exitCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGCONT')
    child.kill('SIGTERM')
    await ended
  }

  /** The server stands still, as warm as it is, until `resume`. */
  pause(): void {
    this.#process?.kill('SIGSTOP')
  }

  resume(): void {
    this.#process?.kill('SIGCONT')
  }

  /** Ends pods and containerd too, and removes every file. */
  async remove(): Promise<void> {
    await this.stop()
    await new Promise<void>((resolve, reject) => {
      let said = ''
      const down = spawn(join(this.#root, 'scripts/kinglet'), ['down', '--data-dir', this.dataDirectory], { stdio: ['ignore', 'ignore', 'pipe'] })
      down.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
      down.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`kinglet down ended with ${code}: ${said}`))))
    })
    rmSync(this.directory, { recursive: true, force: true })
  }

  async #until(begin: number, ask: (connection: ApiConnection) => Promise<Answer>, wanted: (body: string) => boolean = () => true): Promise<number> {
    for (;;) {
      const answer = await this.#ask(ask)
      if (answer?.status === 200 && wanted(answer.body)) return performance.now() - begin
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  async #ask(ask: (connection: ApiConnection) => Promise<Answer>): Promise<Answer | undefined> {
    let connection: ApiConnection | undefined
    try {
      connection = this.connect()
      return await ask(connection)
    } catch {
      // Not there yet: neither the kubeconfig nor the socket.
      return undefined
    } finally {
      connection?.close()
    }
  }
}
