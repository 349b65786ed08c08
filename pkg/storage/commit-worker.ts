// The commit worker: the thread that owns the SQLite file, so that no write ever holds up the event loop.
import { parentPort } from 'node:worker_threads'
import type { CommitAnswer, CommitRequest, Rows } from './commit-protocol.ts'
import { SqliteFile } from './sqlite-file.ts'

const port = parentPort
if (!port) throw new Error('the commit worker must be started as a worker thread')

let file: SqliteFile | undefined
let reading: Iterator<Rows> | undefined
const answer = (message: CommitAnswer): void => port.postMessage(message)

function nextRows(rows: Iterator<Rows>): CommitAnswer {
  const next = rows.next()
  return next.done ? { type: 'done' } : { type: 'rows', rows: next.value }
}

function carryOut(request: CommitRequest): CommitAnswer {
  if (request.type === 'open') {
    file = new SqliteFile(request.directory, { maxBytes: request.maxBytes })
    answer({ type: 'counters', compacted: file.counter('compacted'), reserved: file.counter('reserved') })
    reading = file.read()
    return nextRows(reading)
  }
  if (!file) throw new Error(`${request.type} came before open`)
  switch (request.type) {
    case 'more':
      if (!reading) throw new Error('all rows are read')
      return nextRows(reading)
    case 'commit':
      file.append(request.rows, request.reserve)
      return { type: 'done' }
    case 'prune':
      file.prune(request.compacted, request.revisions)
      return { type: 'done' }
    case 'shrink':
      return { type: 'done', more: file.shrink() }
    case 'close':
      file.close(request.revision)
      return { type: 'done' }
  }
}

port.on('message', (request: CommitRequest) => {
  try {
    answer(carryOut(request))
  } catch (error) {
    answer({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
  }
})
