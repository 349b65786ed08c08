// One kinglet node on a machine: its bridge, nft table and routes have fixed names, so a second one would break the first.
import { connect, createServer, type Server } from 'node:net'

export interface LockHolder {
  readonly pid: number
  readonly dataDirectory: string
}

export interface MachineLock {
  release(): void
}

// An abstract socket belongs to the network namespace, as all that it guards does, and is gone when its process is.
const socketName = '\0kinglet-node'

/** Resolves to the one who holds it already when there is one. */
export async function takeMachineLock(holder: LockHolder, name = socketName): Promise<MachineLock | LockHolder> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.end(JSON.stringify(holder))
  })
  const refused = await listen(server, name)
  if (!refused) {
    server.unref()
    return { release: () => void server.close() }
  }
  if (refused.code !== 'EADDRINUSE') throw refused
  return (await machineLockHolder(name)) ?? { pid: 0, dataDirectory: 'unknown' }
}

/** undefined when nobody holds it. */
export function machineLockHolder(name = socketName): Promise<LockHolder | undefined> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect({ path: name })
    socket.setTimeout(2_000, () => socket.destroy(new Error('the kinglet that holds the machine does not answer')))
    socket.setEncoding('utf8').on('data', (part: string) => void (text += part))
    socket.on('end', () => resolve(JSON.parse(text) as LockHolder))
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNREFUSED' || error.code === 'ENOENT' ? resolve(undefined) : reject(error)))
  })
}

function listen(server: Server, path: string): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    server.once('error', resolve)
    server.listen({ path }, () => resolve(undefined))
  })
}
