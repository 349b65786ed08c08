// What a running server leaves in its state directory for the other commands: who it is, what it was told, how far it is.
import { mkdirSync, readFileSync, renameSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { endProcess, type ProcessFacts, readProcess } from '../containerd/processes.ts'
import type { Clock } from '../util/clock.ts'
import { sleep } from '../util/clock.ts'
import type { ClusterOptions } from './options.ts'

export type ServerStep = 'starting' | 'api' | 'controllers' | 'node' | 'ready'

export interface ServerRecord {
  readonly pid: number
  /** Clock ticks since boot: with the pid it names one process for ever. */
  readonly startTicks: number
  readonly version: string
  readonly step: ServerStep
  readonly options: ClusterOptions
  /** The API server's, known from step `api` on. */
  readonly port?: number
}

const fileName = 'server.json'

/** The last record, of a server that may have ended since. */
export function readServerRecord(stateDirectory: string): ServerRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(stateDirectory, fileName), 'utf8')) as ServerRecord
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

export function writeServerRecord(record: Omit<ServerRecord, 'pid' | 'startTicks'>): void {
  const { stateDirectory } = record.options
  mkdirSync(stateDirectory, { recursive: true, mode: 0o711 })
  const self = readProcess(process.pid)
  const path = join(stateDirectory, fileName)
  writeFileSync(`${path}.new`, JSON.stringify({ pid: process.pid, startTicks: self?.startTicks ?? 0, ...record }), { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

/** The server's process, if it lives; never another one that has its pid now. */
export function serverProcess(record: ServerRecord | undefined): ProcessFacts | undefined {
  const found = record && readProcess(record.pid)
  return found && found.startTicks === record.startTicks ? found : undefined
}

/** Asks the server to end, and makes it after `graceMs`. False when it was not running. */
export async function stopServer(record: ServerRecord | undefined, options: { clock: Clock; graceMs: number }): Promise<boolean> {
  const running = serverProcess(record)
  if (!running) return false
  await endProcess(running, options)
  return true
}

/** Calls back with every record that is written from now on, until the signal aborts. */
export async function followServerRecord(stateDirectory: string, options: { clock: Clock; signal: AbortSignal; onRecord: (record: ServerRecord) => void }): Promise<void> {
  const { clock, signal, onRecord } = options
  mkdirSync(stateDirectory, { recursive: true, mode: 0o711 })
  let last = ''
  const read = (): void => {
    const record = readServerRecord(stateDirectory)
    const text = JSON.stringify(record)
    if (!record || text === last) return
    last = text
    onRecord(record)
  }
  const watcher = watch(stateDirectory, read)
  try {
    // inotify tells at once; reading now and then as well costs nothing and does not depend on it.
    while (!signal.aborted) {
      read()
      await sleep(clock, 1_000, signal).catch(() => undefined)
    }
  } finally {
    watcher.close()
  }
}
