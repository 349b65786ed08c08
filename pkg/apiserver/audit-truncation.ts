// An audit sink whose events have a largest size: what is longer loses its objects, and what is longer still is not told.
import type { AuditEvent, AuditSink } from './audit.ts'

export interface TruncationOptions {
  readonly maxEventBytes: number
  readonly log: (text: string) => void
}

const note = { 'audit.k8s.io/truncated': 'true' }

export class TruncatingSink implements AuditSink {
  readonly #sink: AuditSink
  readonly #options: TruncationOptions
  /** Events that were too long even without their objects. */
  lost = 0

  constructor(sink: AuditSink, options: TruncationOptions) {
    this.#sink = sink
    this.#options = options
  }

  write(line: string, event: AuditEvent): Promise<boolean> | undefined {
    if (this.#fits(line)) return this.#sink.write(line, event)
    if (event.level === 'Request' || event.level === 'RequestResponse') {
      const { requestObject: _request, responseObject: _response, ...rest } = event
      const shorter: AuditEvent = { ...rest, annotations: { ...event.annotations, ...note } }
      const text = JSON.stringify(shorter)
      if (this.#fits(text)) return this.#sink.write(text, shorter)
    }
    if (this.lost++ === 0) this.#options.log('audit: an event is too large even after truncating, and is not told')
    return undefined
  }

  /** With the end of its line. A character has three bytes at most. */
  #fits(line: string): boolean {
    const most = this.#options.maxEventBytes - 1
    return line.length * 3 <= most || (line.length <= most && Buffer.byteLength(line) <= most)
  }
}
