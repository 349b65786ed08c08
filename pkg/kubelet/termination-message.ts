// The message that a container leaves when it ends: its message file, or the end of its log.
import { readFile } from 'node:fs/promises'
import { containerNotes } from './labels.ts'
import { parseRecord } from './log-lines.ts'
import type { RuntimeContainer } from './runtime-service.ts'

const mostFileBytes = 4096
const mostLogBytes = 2048
const mostLogLines = 80

export async function terminationMessage(container: RuntimeContainer, logPath: string): Promise<string> {
  const notes = containerNotes(container.annotations)
  const file = notes.messageFile === '' ? '' : await readFile(notes.messageFile).then((text) => text.subarray(0, mostFileBytes).toString(), missing)
  if (file !== '' || notes.messagePolicy !== 'FallbackToLogsOnError' || container.exitCode === 0) return file
  const log = await readFile(logPath).catch(() => Buffer.alloc(0))
  return logEnd(log)
}

function missing(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return ''
  return `Error on reading termination log: ${error.message}`
}

/** The last lines of a log in the CRI's format, without their stamps. */
export function logEnd(log: Buffer): string {
  let text = ''
  const records = log.subarray(Math.max(0, log.length - 64 * 1024)).toString('latin1').split('\n')
  for (const line of records) {
    const record = parseRecord(Buffer.from(line, 'latin1'))
    if (record) text += record.text.toString() + (record.partial ? '' : '\n')
  }
  const lines = text.split('\n')
  // The last element is what follows the last line end.
  const kept = lines.slice(Math.max(0, lines.length - 1 - mostLogLines)).join('\n')
  return Buffer.from(kept).subarray(-mostLogBytes).toString()
}
