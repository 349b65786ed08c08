// A client of a server in the same process, on a thread of its own, so that the server's thread does nothing but serve.
import { connect, type ClientHttp2Session } from 'node:http2'
import { parentPort, workerData } from 'node:worker_threads'
import { holdInputs, type Api, type Reply } from './hold-inputs.ts'
import { listInputs } from './hold-inputs-lists.ts'

const { url, ca, cert, key } = workerData as Record<'url' | 'ca' | 'cert' | 'key', string>
const port = parentPort!

class HttpApi implements Api {
  #session: ClientHttp2Session | undefined
  readonly #watches: (() => void)[] = []

  call(method: string, path: string, body?: string | Uint8Array | object, headers: Record<string, string> = {}): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const stream = this.#open().request({ ':method': method, ':path': path, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers })
      let code = 0
      const chunks: Buffer[] = []
      stream.on('response', (answer) => (code = Number(answer[':status'])))
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => resolve({ code, text: Buffer.concat(chunks).toString() }))
      stream.on('error', reject)
      stream.end(body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body))
    })
  }

  watch(path: string, onText: (text: string) => void): Promise<void> {
    const stream = this.#open().request({ ':method': 'GET', ':path': path })
    stream.setEncoding('utf8')
    stream.on('data', onText)
    stream.on('error', () => undefined)
    this.#watches.push(() => stream.close())
    return new Promise((resolve) => void stream.once('response', () => resolve()))
  }

  endWatches(): void {
    for (const end of this.#watches.splice(0)) end()
  }

  close(): void {
    this.#session?.destroy()
    this.#session = undefined
  }

  #open(): ClientHttp2Session {
    if (!this.#session || this.#session.destroyed) {
      this.#session = connect(url, { ca, cert, key, settings: { initialWindowSize: 8 << 20 } })
      this.#session.on('connect', (session) => void session.setLocalWindowSize(64 << 20))
      this.#session.setMaxListeners(0)
      this.#session.on('error', () => undefined)
    }
    return this.#session
  }
}

const api = new HttpApi()
let lists: ReturnType<typeof listInputs> | undefined
let measured: (() => void) | undefined

port.on('message', (message: { run: string } | 'go' | 'end') => {
  if (message === 'go') measured?.()
  else if (message === 'end') {
    api.close()
    port.close()
  } else void run(message.run)
})

/** Tells when the measured part begins and ends, and what came of it. */
async function run(name: string): Promise<void> {
  const input = (holdInputs[name] ?? (lists ??= listInputs())[name])!
  try {
    const kept = await input.prepare?.(api)
    const made = input.act.length === 0 ? input.act(api, kept) : undefined
    await new Promise<void>((resolve) => {
      measured = resolve
      port.postMessage('begin')
    })
    const acting = made ?? input.act(api, kept)
    const shown = await (typeof acting === 'function' ? acting(api) : acting)
    port.postMessage({ shown })
    await new Promise<void>((resolve) => void (measured = resolve))
    api.endWatches()
    await input.clean?.(api, kept)
    port.postMessage({ done: true })
  } catch (error) {
    port.postMessage({ failed: `${name}: ${(error as Error).stack ?? String(error)}` })
  }
}
