// A real cluster for a test file: the built kinglet in the background, with the real kubectl and helm beside it.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { testImage, type TestImage } from '../images/build.ts'
import { processText, TestNetwork } from './machine.ts'
import { patience } from './patience.ts'

export const root = resolve(import.meta.dirname, '../..')
const node = join(root, `node_modules/node-linux-${process.arch}/bin/node`)

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
}

export class TestCluster {
  readonly directory: string
  readonly network: TestNetwork
  readonly #followers: ChildProcess[] = []

  private constructor(directory: string, network: TestNetwork) {
    this.directory = directory
    this.network = network
  }

  /** A place for a cluster; `up` makes one. */
  static async prepare(): Promise<TestCluster> {
    if (process.getuid?.() !== 0) throw new Error('the end-to-end tests make networks and containers, which needs root')
    // Builds when a source is newer; afterwards the build is used as it is.
    execFileSync(join(root, 'scripts/kinglet'), ['--version'])
    await removeInterrupted()
    const network = await TestNetwork.create()
    const directory = directoryOf(process.pid)
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory)
    return new TestCluster(directory, network)
  }

  /** The cluster that another test process has made. */
  static of(id: number): TestCluster {
    return new TestCluster(directoryOf(id), TestNetwork.left(id))
  }

  /** A cluster that is ready, with these images. */
  static async start(images: readonly TestImage[] = ['busybox']): Promise<TestCluster> {
    const cluster = await TestCluster.prepare()
    try {
      await cluster.up()
      await cluster.kinglet(['image', 'import', ...images.map(testImage)])
    } catch (error) {
      await cluster.remove()
      throw error
    }
    return cluster
  }

  get dataDirectory(): string {
    return join(this.directory, 'data')
  }

  get kubeconfig(): string {
    return join(this.dataDirectory, 'kubeconfig.yaml')
  }

  async up(flags: readonly string[] = []): Promise<string> {
    return this.kinglet(['up', '--node-name=node-1', ...(patience > 1 ? [`--timeout=${60 * patience}`] : []), ...flags])
  }

  /** Ends everything, also after a failure half-way. */
  async remove(): Promise<void> {
    for (const follower of this.#followers) follower.kill('SIGKILL')
    const down = await this.tryKinglet(['down', '--purge'])
    // What still runs must keep its files: the next test process ends it (removeInterrupted).
    if (down.code !== 0) throw new Error(`kinglet down failed with ${down.code}: ${down.stderr}`)
    const left = this.network.processes()
    await this.network.remove()
    rmSync(this.directory, { recursive: true, force: true })
    if (left.length > 0) throw new Error(`these processes were left:\n${left.join('\n')}`)
  }

  kubectl(args: string | readonly string[], options: RunOptions = {}): Promise<string> {
    return succeed(this.tryKubectl(args, options), 'kubectl', words(args))
  }

  /** Never throws: for what is meant to fail. */
  tryKubectl(args: string | readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return this.#run(join(root, '.cache/tools/kubectl'), words(args), options)
  }

  helm(args: string | readonly string[]): Promise<string> {
    return succeed(this.#run(join(root, '.cache/tools/helm'), words(args)), 'helm', words(args))
  }

  /** A tool by the name that scripts/fetch-tools gives it, of another version than the usual one. */
  tool(name: string, args: string | readonly string[], options: RunOptions = {}): Promise<string> {
    return succeed(this.tryTool(name, args, options), name, words(args))
  }

  tryTool(name: string, args: string | readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return this.#run(join(root, '.cache/tools', name), words(args), options)
  }

  kinglet(args: readonly string[]): Promise<string> {
    return succeed(this.tryKinglet(args), 'kinglet', args)
  }

  tryKinglet(args: readonly string[], options: RunOptions & { readonly wrapper?: readonly string[] } = {}): Promise<Outcome> {
    const [command, ...rest] = args
    const subcommand = command === 'image' ? [rest.shift() ?? ''] : []
    const own = command?.startsWith('-') || rest.some((arg) => arg.startsWith('--data-dir=')) ? [] : [`--data-dir=${this.dataDirectory}`]
    const line = [node, '--disable-warning=ExperimentalWarning', join(root, 'dist/kinglet.js'), command ?? '', ...subcommand, ...own, ...rest]
    const [program = '', ...programArgs] = [...(options.wrapper ?? []), ...line]
    return this.#run(program, programArgs, options)
  }

  /** Any program, in the node's network. */
  inNetwork(program: string, args: readonly string[]): Promise<string> {
    return succeed(this.#run(program, args), program, args)
  }

  /** Starts kubectl and hands over its output as it comes; ends with the cluster at the latest. */
  follow(args: string | readonly string[]): Following {
    const [program, line] = this.network.command(join(root, '.cache/tools/kubectl'), words(args))
    return this.followProgram(program, line)
  }

  followProgram(program: string, args: readonly string[]): Following {
    const child = spawn(program, args, { env: this.#environment(), stdio: ['pipe', 'pipe', 'pipe'] })
    this.#followers.push(child)
    return new Following(child)
  }

  async json<T>(args: string): Promise<T> {
    return JSON.parse(await this.kubectl(`${args} -o json`)) as T
  }

  async serverPid(): Promise<number> {
    const { stdout } = await this.tryKinglet(['status', '-o', 'json'])
    return (JSON.parse(stdout) as { server?: { pid: number } }).server?.pid ?? 0
  }

  #run(program: string, args: readonly string[], { input, env }: RunOptions = {}): Promise<Outcome> {
    const [command, line] = this.network.command(program, args)
    return new Promise((done) => {
      const child = execFile(command, line, { env: { ...this.#environment(), ...env }, maxBuffer: 64 << 20, timeout: 150_000 * patience }, (error, stdout, stderr) => {
        done({ code: error ? (typeof error.code === 'number' ? error.code : 255) : 0, stdout, stderr })
      })
      child.stdin?.on('error', () => undefined)
      child.stdin?.end(input ?? '')
    })
  }

  #environment(): NodeJS.ProcessEnv {
    const { PATH = '', LANG = 'C.UTF-8' } = process.env
    // HOME: caches and plugins of kubectl and helm are the test's own.
    // What comes first on PATH is taken: so is a containerd of one's choice (scripts/fetch-containerd).
    return { PATH: `${join(root, '.cache/tools')}:${PATH}:/usr/sbin:/sbin`, LANG, HOME: this.directory, KUBECONFIG: this.kubeconfig, TERM: 'xterm' }
  }
}

const directoryOf = (id: number): string => join(tmpdir(), `kinglet-e2e-${id}`)

async function removeInterrupted(): Promise<void> {
  for (const id of TestNetwork.ids()) {
    if (!existsSync(`/proc/${id}`)) await TestCluster.of(id).remove()
  }
}

/** A program that runs on, and what it has said so far. */
export class Following {
  readonly child: ChildProcess
  output = ''

  constructor(child: ChildProcess) {
    this.child = child
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => void (this.output += text))
  }

  /** Resolves with the first match. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    return eventually(() => pattern.exec(this.output) ?? undefined, () => `${pattern} in:\n${this.output}`)
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const ended = new Promise((resolve) => this.child.once('exit', resolve))
    this.child.kill('SIGTERM')
    await ended
  }
}

/** Resolves with the first value that is not undefined and not false; tells what never came true. */
export async function eventually<T>(probe: () => T | undefined | Promise<T | undefined>, what: string | (() => string), timeoutMs = 60_000): Promise<NonNullable<T>> {
  const limitMs = timeoutMs * patience
  const deadline = performance.now() + limitMs
  for (;;) {
    const value = await probe()
    if (value !== undefined && value !== false && value !== null) return value
    if (performance.now() > deadline) throw new Error(`did not happen within ${limitMs / 1000} s: ${typeof what === 'string' ? what : what()}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const words = (args: string | readonly string[]): readonly string[] => (typeof args === 'string' ? args.split(' ').filter(Boolean) : args)

async function succeed(running: Promise<Outcome>, program: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await running
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}\n${stderr}${stdout}`)
  return stdout
}

/** The machine's process ids of a pod's program. */
export function processesOfPod(uid: string, program: string): number[] {
  return execFileSync('ps', ['-eo', 'pid,comm'], { encoding: 'utf8' }).split('\n').flatMap((line) => {
    const [pid = '', name] = line.trim().split(/\s+/)
    return name === program && processText(pid, 'cgroup').includes(uid) ? [Number(pid)] : []
  })
}
