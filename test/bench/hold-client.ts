// A client of a server in the same process, on a thread of its own, so that the server's thread does nothing but serve.
import { connect, type ClientHttp2Session } from 'node:http2'
import { parentPort, workerData } from 'node:worker_threads'
import { holdInputs, type Api, type Reply, type WatchOptions } from './hold-inputs.ts'
import { listInputs } from './hold-inputs-lists.ts'

const { url, ca, cert, key } = workerData as Record<'url' | 'ca' | 'cert' | 'key', string>
const port = parentPort!

class HttpApi implements Api {
  readonly #sessions = new Map<number, ClientHttp2Session>()
  #hasWatches = false

  call(method: string, path: string, body?: string | Uint8Array | object, headers: Record<string, string> = {}, on = 0): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const stream = this.#open(on).request({ ':method': method, ':path': path, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers }, { endStream: body === undefined })
      let code = 0
      const chunks: Buffer[] = []
      stream.on('response', (answer) => (code = Number(answer[':status'])))
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => resolve({ code, text: Buffer.concat(chunks).toString() }))
      stream.on('error', reject)
      if (body !== undefined) stream.end(typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body))
    })
  }

  watch(path: string, onText: (text: string) => void, { on = 0, from = Promise.resolve() }: WatchOptions = {}): Promise<void> {
    const stream = this.#open(on).request({ ':method': 'GET', ':path': path })
    stream.setEncoding('utf8')
    void from.then(() => stream.on('data', onText))
    stream.on('error', () => undefined)
    this.#hasWatches = true
    return new Promise((resolve) => void stream.once('response', () => resolve()))
  }

  /** With their connections: a server cuts off who resets streams by the thousand. */
  endWatches(): void {
    if (!this.#hasWatches) return
    this.#hasWatches = false
    this.close()
  }

  close(): void {
    for (const session of this.#sessions.values()) session.destroy()
    this.#sessions.clear()
  }

  closeOthers(): void {
    for (const [on, session] of this.#sessions) {
      if (on === 0) continue
      session.destroy()
      this.#sessions.delete(on)
    }
  }

  #open(on: number): ClientHttp2Session {
    const known = this.#sessions.get(on)
    if (known && !known.destroyed) return known
    const session = connect(url, { ca, cert, key, settings: { initialWindowSize: 8 << 20 } })
    session.on('connect', () => void session.setLocalWindowSize(64 << 20))
    session.setMaxListeners(0)
    session.on('error', () => undefined)
    this.#sessions.set(on, session)
    return session
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
    api.closeOthers()
    await input.clean?.(api, kept)
    port.postMessage({ done: true })
  } catch (error) {
    port.postMessage({ failed: `${name}: ${(error as Error).stack ?? String(error)}` })
  }
}
