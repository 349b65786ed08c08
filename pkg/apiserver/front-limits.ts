// What the HTTP door puts up with from clients.

export interface FrontLimits {
  /** From a connection's start, or the end of the request before, to the end of a request's headers (HTTP/1.1). */
  readonly headersMs: number
  readonly handshakeMs: number
  /** From a request's headers to the end of its body. */
  readonly bodyMs: number
  /** How long a client may leave what it was sent unread. */
  readonly stallMs: number
  /** HTTP/2 connections are asked this often whether somebody is still there. */
  readonly pingMs: number
  /** How long the end of the server waits for requests that are under way. */
  readonly graceMs: number
}

export const defaultLimits: FrontLimits = { headersMs: 60_000, handshakeMs: 30_000, bodyMs: 60_000, stallMs: 30_000, pingMs: 60_000, graceMs: 5_000 }
