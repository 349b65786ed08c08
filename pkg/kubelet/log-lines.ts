// The CRI's log format: `time stream tag text`, where the tag P says that the line goes on in the next record. Pure.
export interface LogRecord {
  /** As written, RFC 3339 with nanoseconds. */
  readonly time: string
  readonly stream: 'stdout' | 'stderr'
  readonly partial: boolean
  readonly text: Buffer
}

const newline = 0x0a
const space = 0x20

/** undefined for what is no record: a line that was cut short by a crash. */
export function parseRecord(line: Buffer): LogRecord | undefined {
  const first = line.indexOf(space)
  const second = line.indexOf(space, first + 1)
  const third = line.indexOf(space, second + 1)
  if (first <= 0 || second === -1) return undefined
  const stream = line.toString('latin1', first + 1, second)
  if (stream !== 'stdout' && stream !== 'stderr') return undefined
  const tags = line.toString('latin1', second + 1, third === -1 ? line.length : third)
  return { time: line.toString('latin1', 0, first), stream, partial: tags.split(':').includes('P'), text: third === -1 ? Buffer.alloc(0) : line.subarray(third + 1) }
}

/** Where the last `lines` full lines begin in a file's text. A record with the tag P is no full line. */
export function tailOffset(text: Buffer, lines: number): number {
  if (lines === 0) return text.length
  let end = text.length > 0 && text[text.length - 1] === newline ? text.length - 1 : text.length
  let found = 0
  while (end > 0) {
    const begin = text.lastIndexOf(newline, end - 1) + 1
    const record = parseRecord(text.subarray(begin, end))
    // A line's first record is the one after a full one.
    if (record && !record.partial && ++found > lines) return end + 1
    end = begin - 1
  }
  return 0
}

export interface LogFilter {
  readonly sinceMs?: number
  readonly timestamps: boolean
  readonly stream: 'All' | 'Stdout' | 'Stderr'
}

/** What a reader is shown of a record; undefined when it is not for them. `continues`: the record before it was partial. */
export function shownRecord(record: LogRecord, filter: LogFilter, continues: boolean): Buffer | undefined {
  if (filter.stream !== 'All' && filter.stream.toLowerCase() !== record.stream) return undefined
  if (filter.sinceMs !== undefined && Date.parse(record.time) < filter.sinceMs) return undefined
  const parts = [
    ...(filter.timestamps && !continues ? [Buffer.from(`${record.time} `)] : []),
    record.text,
    ...(record.partial ? [] : [Buffer.from('\n')]),
  ]
  return Buffer.concat(parts)
}
