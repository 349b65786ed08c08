// Who listens on a port of this machine, as far as /proc tells.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface PortOwner {
  readonly pid: number
  readonly name: string
}

/** undefined when nobody listens, or when the listener's process can't be seen. */
export function portOwner(port: number): PortOwner | undefined {
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => listeningInodes(readProc(file), port)))
  if (inodes.size === 0) return undefined
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (openSockets(pid).some((inode) => inodes.has(inode))) return { pid: Number(pid), name: readProc(`/proc/${pid}/comm`).trim() }
  }
  return undefined
}

/** Pure: the sockets that listen on the port, by a /proc/net/tcp text. */
export function listeningInodes(text: string, port: number): string[] {
  const listening = '0A'
  return text.split('\n').slice(1).flatMap((line) => {
    const fields = line.trim().split(/\s+/)
    const [, local = '', , state] = fields
    return state === listening && Number.parseInt(local.split(':')[1] ?? '', 16) === port ? [fields[9] ?? ''] : []
  })
}

/** ` by process 12 (nginx)`, or nothing. */
export function describePortOwner(port: number): string {
  const owner = portOwner(port)
  return owner ? ` by process ${owner.pid} (${owner.name})` : ''
}

function openSockets(pid: string): string[] {
  const directory = `/proc/${pid}/fd`
  return listOrNothing(directory).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${directory}/${fd}`))?.[1] ?? []
    } catch {
      // Closed meanwhile.
      return []
    }
  })
}

function listOrNothing(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    // Ended meanwhile, or another user's.
    return []
  }
}

function readProc(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
