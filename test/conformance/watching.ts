// A watch as the suite's client has it: open once its head has come, then read event by event.
import { request } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import type { KubeObject, WatchEvent } from '../../pkg/api/object.ts'
import { connection } from './framework.ts'

export class Watch<T extends KubeObject = KubeObject> {
  readonly #response: IncomingMessage
  readonly #events: WatchEvent<T>[] = []
  readonly #seen: WatchEvent<T>[] = []
  #ended = false
  #changed: () => void = () => undefined

  private constructor(response: IncomingMessage) {
    this.#response = response
    let rest = ''
    response.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line !== '') this.#events.push(JSON.parse(line) as WatchEvent<T>)
      this.#changed()
    })
    response.on('close', () => {
      this.#ended = true
      this.#changed()
    }).on('error', () => undefined)
  }

  /** `path` has its query, without `watch`. */
  static open<T extends KubeObject>(path: string, query: Readonly<Record<string, string>> = {}): Promise<Watch<T>> {
    const { server, ca, certificate: cert, key } = connection
    const url = new URL(path, server)
    for (const [name, value] of Object.entries({ watch: 'true', ...query })) url.searchParams.set(name, value)
    return new Promise((resolve, reject) => {
      request(url, { ca, cert, key, agent: false, headers: { accept: 'application/json' } }, (response) => {
        if (response.statusCode === 200) return resolve(new Watch<T>(response))
        response.destroy()
        reject(new Error(`watch ${path} was answered with ${response.statusCode}`))
      }).on('error', reject).end()
    })
  }

  /** Undefined when none comes in time; fails when the server ends the watch. */
  async next(timeoutMs: number): Promise<WatchEvent<T> | undefined> {
    const deadline = performance.now() + timeoutMs
    while (this.#events.length === 0) {
      if (this.#ended) throw new Error('the watch was closed')
      const left = deadline - performance.now()
      if (left <= 0) return undefined
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#changed = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    const event = this.#events.shift()
    if (event !== undefined) this.#seen.push(event)
    return event
  }

  /** Skips events until one fits; undefined when none does in time. */
  async until(fits: (event: WatchEvent<T>) => boolean, timeoutMs: number): Promise<WatchEvent<T> | undefined> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const event = await this.next(deadline - performance.now())
      if (event === undefined || fits(event)) return event
    }
  }

  /** An event of this type, and with this object if one is given, comes within a minute. */
  async expect(type: WatchEvent['type'], object?: T): Promise<WatchEvent<T>> {
    const event = await this.until((event) => isSame(event, type, object), 60_000)
    if (event === undefined) throw new Error(`no ${type} event of ${JSON.stringify(object)}; there were ${JSON.stringify(this.#seen)}`)
    return event
  }

  /** No such event comes within ten seconds. */
  async expectNone(type: WatchEvent['type'], object?: T): Promise<void> {
    const event = await this.until((event) => isSame(event, type, object), 10_000)
    if (event !== undefined) throw new Error(`unexpected event ${JSON.stringify(event)}`)
  }

  stop(): void {
    this.#response.destroy()
  }
}

const isSame = <T>(event: WatchEvent<T>, type: WatchEvent['type'], object: T | undefined): boolean =>
  event.type === type && (object === undefined || isDeepStrictEqual(event.object, object))
