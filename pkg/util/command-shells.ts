// Runs small programs from shells that wait for them: a big process that forks stands still for as long as its memory is copied.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import type { Clock } from './clock.ts'

export interface CommandShellsOptions {
  readonly clock: Clock
  /** How long a command waits for the others before it gets a shell of its own: one that hangs must not hold up the rest. */
  readonly patienceMs?: number
}

interface Command {
  readonly line: string
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

interface Shell {
  readonly child: ChildProcessWithoutNullStreams
  /** What it is at. */
  command: Command | undefined
  output: string
}

/** What a shell answers with: the exit code and, of what failed, its words. */
const answer = /^(\d+) ([^]*)\0/

/** Invariants: while a command waits, every shell is at another one; whoever is among the shells still takes commands. */
export class CommandShells {
  readonly #options: CommandShellsOptions
  readonly #shells = new Set<Shell>()
  readonly #waiting: Command[] = []

  constructor(options: CommandShellsOptions) {
    this.#options = options
  }

  /** Rejects with what the program wrote when it fails. Its output is not kept otherwise. */
  run(program: string, args: readonly string[]): Promise<void> {
    const words = [program, ...args].map(quoted).join(' ')
    const line = `if e=$(${words} 2>&1 </dev/null); then printf '0 \\0'; else printf '%s %s\\0' "$?" "$e"; fi\n`
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line, resolve, reject })
      this.#hurry()
      if (this.#waiting.length > 0) this.#grow()
    })
  }

  /** The shells end with what they are at. */
  close(): void {
    for (const { child } of this.#shells) child.stdin.end()
  }

  /** It ends in its own time, and is given nothing till then. */
  #dismiss(shell: Shell): void {
    this.#shells.delete(shell)
    shell.child.stdin.end()
  }

  #hurry(): void {
    for (const shell of this.#shells) {
      if (shell.command) continue
      const command = this.#waiting.shift()
      if (!command) return
      shell.command = command
      hold(shell, true)
      shell.child.stdin.write(command.line)
    }
  }

  #grow(): void {
    if (this.#shells.size === 0) return this.#start()
    const [oldest] = this.#waiting
    this.#options.clock.setTimer(() => {
      if (oldest && this.#waiting.includes(oldest)) this.#start()
    }, this.#options.patienceMs ?? 200)
  }

  #start(): void {
    // Away from the terminal: an interrupt is for this process, which may still have something to take down.
    const child = spawn('/bin/sh', [], { stdio: 'pipe', detached: true })
    const shell: Shell = { child, command: undefined, output: '' }
    this.#shells.add(shell)
    const end = (error: Error): void => {
      if (!this.#shells.delete(shell)) return
      shell.command?.reject(error)
      if (this.#waiting.length > 0 && this.#shells.size === 0) this.#start()
    }
    child.on('error', end).on('exit', (code, signal) => end(new Error(`the shell ended with ${signal ?? code}`)))
    child.stdin.on('error', () => undefined)
    child.stderr.resume()
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#answered(shell, text))
    hold(shell, false)
    this.#hurry()
  }

  #answered(shell: Shell, text: string): void {
    shell.output += text
    const [all = '', code, words = ''] = answer.exec(shell.output) ?? []
    if (code === undefined) return
    shell.output = shell.output.slice(all.length)
    const { command } = shell
    shell.command = undefined
    hold(shell, false)
    if (code === '0') command?.resolve()
    else command?.reject(new Error(words.trim() || `exit code ${code}`))
    this.#hurry()
    // What a hanging command once needed.
    if (!shell.command && [...this.#shells].some((other) => other !== shell && !other.command)) this.#dismiss(shell)
  }
}

const quoted = (word: string): string => `'${word.replaceAll('\'', '\'\\\'\'')}'`

/** Whether it keeps this process alive: only while it is at something. */
function hold({ child }: Shell, busy: boolean): void {
  for (const one of [child, child.stdin, child.stdout, child.stderr] as unknown as { ref(): void; unref(): void }[]) {
    if (busy) one.ref()
    else one.unref()
  }
}
