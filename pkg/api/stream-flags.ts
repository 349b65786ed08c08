// Which streams a request for exec or attach asks for. Pure.
import type { ExecOptions } from './node-connection.ts'

const yes = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])

export const queryFlag = (query: URLSearchParams, ...names: readonly string[]): boolean => names.some((name) => yes.has(query.get(name) ?? ''))

/** In the kubelet's own names (input, output, error) or those of the API. */
export const streamFlags = (query: URLSearchParams): Pick<ExecOptions, 'stdin' | 'stdout' | 'stderr' | 'tty'> => ({
  stdin: queryFlag(query, 'input', 'stdin'), stdout: queryFlag(query, 'output', 'stdout'), stderr: queryFlag(query, 'error', 'stderr'), tty: queryFlag(query, 'tty'),
})
