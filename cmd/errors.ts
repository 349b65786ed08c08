// Errors as a user should see them: what went wrong and what helps, with a stack only for what nobody expected.
import { describePortOwner } from '../pkg/cluster/port-owner.ts'
import { defaultClusterOptions, OptionError } from '../pkg/cluster/options.ts'

/** An error whose message is all that the user needs. */
export class UserError extends Error {
  override name = 'UserError'
}

interface Explained {
  /** Empty when all has been said. */
  readonly text: string
  readonly code: number
}

type Explainable = Error & { code?: string; syscall?: string; port?: number; address?: string; path?: string; oclif?: { exit?: number } }

export function explain(error: Explainable): Explained {
  if (error.code === 'EEXIT') return { text: '', code: error.oclif?.exit ?? 0 }
  if (error instanceof UserError) return { text: `kinglet: ${error.message}`, code: 1 }
  if (error instanceof OptionError) return { text: `kinglet: ${error.message}`, code: 2 }
  // oclif's own errors: unknown flags, missing arguments, unknown commands.
  if (error.oclif) return { text: `kinglet: ${firstSentences(error.message)}\nSee 'kinglet --help', or 'kinglet COMMAND --help'.`, code: 2 }
  if (error.code === 'EADDRINUSE' && error.port !== undefined) {
    return { text: `kinglet: port ${error.port} is taken${describePortOwner(error.port)}; end that, or choose another with ${error.port === defaultClusterOptions.kubeletPort ? '--kubelet-port' : '--https-listen-port'}`, code: 1 }
  }
  if ((error.code === 'EACCES' || error.code === 'EPERM') && error.syscall) {
    return { text: `kinglet: not permitted: ${error.syscall}${error.path ? ` ${error.path}` : ''}${error.port ? ` port ${error.port}` : ''}; run as root`, code: 1 }
  }
  if (isExpected(error)) return { text: `kinglet: ${error.message}`, code: 1 }
  return { text: `kinglet: ${error.stack ?? error.message}`, code: 1 }
}

/** Errors of this class alone were written for the user; what JavaScript itself throws (TypeError and the like) is a defect. */
const isExpected = (error: Error): boolean => Object.getPrototypeOf(error) === Error.prototype || error.name === 'AggregateError'

const firstSentences = (text: string): string => text.replace(/\nSee more help with --help$/, '').trim()

export function requireRoot(why: string): void {
  if (process.getuid?.() !== 0) throw new UserError(`${why}, which needs root; run it with sudo (or run only the control plane: kinglet server --disable-agent --data-dir DIR)`)
}
