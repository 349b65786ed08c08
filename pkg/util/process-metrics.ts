// The figures of this process under the names that all programs have them by, in Prometheus' text form.
import { readdirSync, readFileSync } from 'node:fs'
import { family, type Sample } from './counters.ts'

/** `startSeconds`: when it began, since the epoch. */
export function processMetrics(startSeconds: number): string[] {
  const { user, system } = process.cpuUsage()
  const { open, most } = openFiles()
  return [
    ...family('process_cpu_seconds_total', 'counter', 'User and system CPU time in seconds.', [['', (user + system) / 1e6]]),
    ...family('process_resident_memory_bytes', 'gauge', 'Resident memory in bytes.', [['', process.memoryUsage.rss()]]),
    ...family('process_virtual_memory_bytes', 'gauge', 'Virtual memory in bytes.', virtualMemory()),
    ...family('process_open_fds', 'gauge', 'Open file descriptors.', open),
    ...family('process_max_fds', 'gauge', 'File descriptors that may be open.', most),
    ...family('process_start_time_seconds', 'gauge', 'When the process started, in seconds since the epoch.', [['', startSeconds]]),
  ]
}

/** Nothing where there is no /proc. */
function readProc(file: string): string {
  try {
    return readFileSync(`/proc/self/${file}`, 'utf8')
  } catch {
    return ''
  }
}

function virtualMemory(): Sample[] {
  const [, kilobytes] = /^VmSize:\s+(\d+) kB/m.exec(readProc('status')) ?? []
  return kilobytes ? [['', Number(kilobytes) * 1024]] : []
}

function openFiles(): { open: Sample[]; most: Sample[] } {
  const [, most] = /^Max open files\s+(\d+)/m.exec(readProc('limits')) ?? []
  if (!most) return { open: [], most: [] }
  return { open: [['', readdirSync('/proc/self/fd').length]], most: [['', Number(most)]] }
}
