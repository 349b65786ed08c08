// The containerd program of this machine: where it is, which version, and how it is started so that it outlives us.
import type { ChildProcess } from 'node:child_process'
import { execFile, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, realpathSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { findProgram } from './host.ts'

export interface ContainerdBinary {
  path: string
  version: string
  majorVersion: number
  minorVersion: number
}

/** Throws with the remedy when containerd, its shim or runc is missing. */
export async function findContainerd(path?: string): Promise<ContainerdBinary> {
  const found = path ?? findProgram('containerd')
  if (!found || !existsSync(found)) throw new Error(missing(path ?? 'containerd', 'containerd'))
  const binary = realpathSync(found)
  for (const [program, packageName] of [['containerd-shim-runc-v2', 'containerd'], ['runc', 'runc']] as const) {
    if (!findProgram(program, searchPath(binary))) throw new Error(missing(program, packageName))
  }
  const { stdout } = await promisify(execFile)(binary, ['--version'])
  const version = parseVersion(stdout)
  if (!version) throw new Error(`${binary} --version says ${JSON.stringify(stdout.trim())}, which names no version`)
  const [majorVersion = 0, minorVersion = 0] = version.split('.').map((part) => Number.parseInt(part, 10))
  return { path: binary, version, majorVersion, minorVersion }
}

/** Pure: `containerd PACKAGE [v]1.6.20~ds1 REVISION` gives `1.6.20~ds1`. */
export const parseVersion = (text: string): string | undefined => /\sv?(\d+\.\d+\S*)/.exec(text)?.[1]

const missing = (program: string, packageName: string): string =>
  `${program} was not found on PATH; install it (Debian: apt-get install ${packageName}) or pass --container-runtime-endpoint`

const searchPath = (binary: string): string => `${process.env.PATH ?? ''}:${dirname(binary)}`

const maxLogBytes = 8 << 20

/** In a session of its own, writing to a file, so that neither our end nor a Ctrl-C ends it. */
export function spawnContainerd(binary: ContainerdBinary, configPath: string, logPath: string): ChildProcess {
  if (existsSync(logPath) && statSync(logPath).size > maxLogBytes) renameSync(logPath, `${logPath}.1`)
  const log = openSync(logPath, 'a')
  try {
    const env: NodeJS.ProcessEnv = { ...process.env, PATH: `${searchPath(binary.path)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin` }
    // Ours to use: containerd would tell systemd that kinglet is ready.
    delete env.NOTIFY_SOCKET
    const child = spawn(binary.path, ['--config', configPath], { detached: true, stdio: ['ignore', log, log], env, cwd: '/' })
    child.unref()
    return child
  } finally {
    closeSync(log)
  }
}

export function lastLines(logPath: string, count: number): string {
  if (!existsSync(logPath)) return ''
  return readFileSync(logPath, 'utf8').trimEnd().split('\n').slice(-count).join('\n')
}
