// Calls webhooks: a POST of JSON over TLS to a URL, or to an endpoint of a Service under the Service's name.
import { Agent, request } from 'node:https'
import { isIP } from 'node:net'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'
import { readJsonParts } from '../api/json-reader.ts'
import { textParts } from '../api/object-text-parts.ts'
import type { Registry } from '../registry/registry.ts'
import type { Clock } from '../util/clock.ts'
import { serviceEndpoint } from './service-target.ts'
import { parseLossless } from '../util/lossless-json.ts'
import { serverIdentity, signatureFailure } from '../util/peer-identity.ts'
import { inParts } from '../util/slices.ts'
import { isHeavy } from '../util/weight.ts'
import { TooLong, wholeText } from '../util/whole-text.ts'
import { networkWords } from './network-words.ts'

/** As webhooks of admission and of conversion state it. */
export interface WebhookClient {
  readonly url?: string
  readonly service?: { readonly namespace: string; readonly name: string; readonly path?: string; readonly port?: number }
  /** PEM in base64; the system's authorities when left out. */
  readonly caBundle?: string
}

interface Address {
  readonly hostname: string
  readonly port: number
  /** Host and port as they are told. */
  readonly authority: string
  readonly path: string
}

interface Destination extends Address {
  /** Where to dial. */
  readonly host: string
  readonly dialPort: number
}

const longestAnswer = 10 << 20
/** Read in parts: conversions bring hundreds of objects in one answer. */
const longAnswer = 64 << 10

/** Keeps connections between calls. `registry` may be made after this. */
export class WebhookCaller {
  readonly #registry: () => Registry
  readonly #clock: Clock
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 4 })

  constructor(options: { readonly registry: () => Registry; readonly clock: Clock }) {
    this.#registry = options.registry
    this.#clock = options.clock
  }

  /** Resolves with the answer's JSON. Rejects with an Error that says what Go's client would. */
  async call(client: WebhookClient, body: unknown, timeoutMs: number): Promise<unknown> {
    const address = addressOf(client, timeoutMs)
    try {
      const text = isHeavy(body) ? await inParts(textParts(body as object)) : JSON.stringify(body)
      return await parsed(await this.#post(this.#destination(client, address), client.caBundle, text, timeoutMs))
    } catch (error) {
      if (error instanceof RefusedAnswer || error instanceof TooLong) throw error
      throw new Error(`Post ${JSON.stringify(`https://${address.authority}${address.path}`)}: ${networkWords(error)}`, { cause: error })
    }
  }

  stop(): void {
    this.#agent.destroy()
  }

  #destination({ service }: WebhookClient, address: Address): Destination {
    if (!service) return { ...address, host: address.hostname, dialPort: address.port }
    const { host, port } = serviceEndpoint(this.#registry(), { ...service, port: address.port }, this.#clock.random())
    return { ...address, host, dialPort: port }
  }

  #post({ hostname, authority, path, host, dialPort }: Destination, caBundle: string | undefined, body: string, timeoutMs: number): Promise<{ code: number; text: string }> {
    return new Promise((resolve, reject) => {
      const outgoing = request({
        agent: this.#agent, method: 'POST', host, port: dialPort, path,
        ...(isIP(hostname) ? {} : { servername: hostname }), checkServerIdentity: (_, certificate) => serverIdentity(hostname, certificate), ...(caBundle ? { ca: Buffer.from(caBundle, 'base64') } : {}),
        headers: {
          host: authority, 'content-type': 'application/json', accept: 'application/json, */*', 'content-length': Buffer.byteLength(body),
          'user-agent': 'kube-apiserver-admission',
        },
      })
      const timer = this.#clock.setTimer(() => outgoing.destroy(new Error('context deadline exceeded')), timeoutMs)
      let shown: DetailedPeerCertificate | undefined
      const fail = (error: Error): void => {
        timer.cancel()
        reject(signatureFailure(hostname, error, shown))
      }
      outgoing.on('socket', (socket: TLSSocket & { secureConnecting?: boolean }) => {
        // Seen before the connection is ended for it.
        if (socket.secureConnecting) socket.prependOnceListener('secure', () => void (shown = socket.getPeerCertificate(true)))
      })
      outgoing.on('error', fail)
      outgoing.on('response', (response) => {
        wholeText(response, longestAnswer).then((text) => {
          timer.cancel()
          resolve({ code: response.statusCode ?? 0, text })
        }, fail)
      })
      outgoing.end(body)
    })
  }
}

/** The server answered, but not what was asked for. */
class RefusedAnswer extends Error {
  override name = 'RefusedAnswer'
}

function addressOf({ url, service }: WebhookClient, timeoutMs: number): Address {
  const timeout = `${Math.round(timeoutMs / 1000)}s`
  if (service) {
    const hostname = `${service.name}.${service.namespace}.svc`
    const port = service.port ?? 443
    const { path = '/' } = service
    return { hostname, port, authority: `${hostname}:${port}`, path: `${path.startsWith('/') ? path : `/${path}`}?timeout=${timeout}` }
  }
  const parts = new URL(url ?? '')
  parts.searchParams.set('timeout', timeout)
  return {
    hostname: parts.hostname.replace(/^\[|\]$/g, ''), port: Number(parts.port || 443), authority: parts.host, path: `${parts.pathname}${parts.search}`,
  }
}

const refusals: Readonly<Record<number, string>> = {
  400: 'the server rejected our request for an unknown reason', 401: 'the server has asked for the client to provide credentials', 404: 'the server could not find the requested resource',
  405: 'the server does not allow this method on the requested resource', 409: 'the server reported a conflict', 422: 'the server rejected our request due to an error in our request',
  429: 'the server has received too many requests and has asked us to try again later', 503: 'the server is currently unable to handle the request',
  504: 'the server was unable to return a response in the time allotted, but may still be processing the request',
}

/** What a Go client makes of a code. */
function refusalText(code: number, text: string): string {
  const known = refusals[code]
  if (known !== undefined) return known
  const said = text.trim() || 'unknown'
  if (code === 403 || code === 415) return said
  if (code === 406) return said === 'unknown' ? 'the server was unable to respond with a content type that the client supports' : said
  return code >= 500 ? `an error on the server (${JSON.stringify(said)}) has prevented the request from succeeding` : `the server responded with the status code ${code} but did not return more information`
}

async function parsed({ code, text }: { code: number; text: string }): Promise<unknown> {
  if (code < 200 || code >= 300) throw new RefusedAnswer(refusalText(code, text))
  try {
    return text.length > longAnswer ? (await inParts(readJsonParts(text))).value : parseLossless(text)
  } catch (error) {
    throw new RefusedAnswer(`couldn't get version/kind; json parse error: ${(error as Error).message}`, { cause: error })
  }
}
