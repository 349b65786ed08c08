// A watch on the wire: one JSON event a line, flushed a batch at a time; a client that does not read is cut off.
import type { OutgoingHttpHeaders } from 'node:http'
import type { AnyObject, KubeObject, WatchEvent } from '../api/object.ts'
import type { WatchStream } from '../api/request.ts'
import type { Definition } from '../registry/definition.ts'
import { encoded } from '../registry/object-view.ts'
import type { Clock } from '../util/clock.ts'
import type { Histogram } from '../util/histogram.ts'
import { linesOf, RecentLines } from './event-lines.ts'
import type { Exchange } from './exchange.ts'
import type { Form } from './negotiate.ts'
import { pieceBytes, write } from './patient-writer.ts'
import { warningHeader } from './respond.ts'
import { bookmarkTableText, metadataText, tableText, type Include } from './table.ts'

export interface WatchDoorOptions {
  readonly definition: Definition
  readonly form: Form
  readonly include: Include
  readonly clock: Clock
  /** Called when the client was cut off because it did not read. */
  readonly onStall: () => void
  /** Takes the sizes of the events. */
  readonly sizes?: Histogram
}

/** Bytes of events that are gathered before they are written. */
const mostGathered = 128 * 1024
/** However many wait for their clients: what many are sent is there once. */
const leastGathered = 32 * 1024

/** Of all watches. */
const recent = new RecentLines(4 * 1024 * 1024)

export async function sendWatch(exchange: Exchange, events: WatchStream, options: WatchDoorOptions): Promise<void> {
  const { outgoing } = exchange
  const headers: OutgoingHttpHeaders = { 'content-type': 'application/json', 'cache-control': 'no-cache, private' }
  if (exchange.warnings.length > 0) headers['warning'] = warningHeader(exchange.warnings)
  outgoing.writeHead(200, headers)
  // The first event may be long in coming.
  outgoing.flushHeaders?.()
  const encode = eventEncoder(options)
  const { clock, limits: { stallMs }, onBlocked } = exchange
  const patience = { clock, stallMs, onBlocked }
  const most = (): number => Math.max(leastGathered, Math.min(mostGathered, pieceBytes()))
  const shared = options.form.as === undefined ? recent : undefined
  for await (const batch of events) {
    for (const { bytes, sizes } of linesOf(batch, encode, most, shared)) {
      if (options.sizes) for (const size of sizes) options.sizes.observe(size)
      const writing = write(outgoing, bytes, patience)
      const written = writing instanceof Promise ? await writing : writing
      if (written === 'stalled') options.onStall()
      if (written !== 'written') return
    }
  }
  if (!outgoing.destroyed) outgoing.end()
}

/** One event as a line of text, without the line's end. */
export const eventText = (type: string, body: Buffer): string => `{"type":"${type}","object":${body.toString()}}`

export function eventEncoder({ definition, form, include, clock }: Omit<WatchDoorOptions, 'onStall' | 'sizes'>): (event: WatchEvent<AnyObject>) => Buffer {
  const version = form.version ?? 'v1'
  let first = true
  return ({ type, object }) => {
    if (form.as === undefined || type === 'ERROR') return encoded(object)
    if (form.as !== 'Table') return Buffer.from(metadataText(object as KubeObject, version))
    const table = { version, include, now: clock.now(), columns: first }
    first = false
    if (type === 'BOOKMARK') return Buffer.from(bookmarkTableText(definition, object, table))
    return Buffer.from(tableText(definition, [object], { resourceVersion: object.metadata.resourceVersion }, table, encoded))
  }
}
