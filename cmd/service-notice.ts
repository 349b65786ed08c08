// Tells systemd how far we are, when it has started us and waits for that (Type=notify).
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Where systemd did not ask, nothing is told. Never throws: what it can't be told, it finds out by waiting. */
export async function tellSystemd(state: 'ready' | 'stopping', { environment = process.env, log }: { readonly environment?: NodeJS.ProcessEnv; readonly log: (text: string) => void }): Promise<void> {
  if (!environment.NOTIFY_SOCKET) return
  try {
    // A program of systemd's own: the platform has no sockets for datagrams by path.
    await promisify(execFile)('systemd-notify', [`--${state}`], { env: environment })
  } catch (error) {
    log(`systemd waits for word of us, which could not be given: ${(error as Error).message.trim()}`)
  }
}
