// The cluster that a command is about: the one that was started with this data directory, as its server recorded it.
import { join } from 'node:path'
import type { ClusterOptions } from '../pkg/cluster/options.ts'
import { readServerRecord, type ServerRecord } from '../pkg/cluster/server-record.ts'
import { type ClusterFlags, clusterOptions } from './cluster-flags.ts'

export interface ClusterContext {
  /** What the server was told; what the flags say when no server was ever started. */
  readonly options: ClusterOptions
  readonly record: ServerRecord | undefined
}

export function clusterContext(flags: Pick<ClusterFlags, 'data-dir' | 'config'>): ClusterContext {
  const asked = clusterOptions(flags)
  const record = readServerRecord(asked.stateDirectory)
  return { options: record?.options ?? asked, record }
}

export const logPathOf = (options: ClusterOptions): string => join(options.dataDirectory, 'kinglet.log')

/** How to name this cluster on the command line: nothing for the usual one. */
export const dataDirFlag = (options: ClusterOptions): string => (options.stateDirectory === '/run/kinglet' ? '' : ` --data-dir ${options.dataDirectory}`)
