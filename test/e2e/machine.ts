// A network of its own for a test cluster, so that it meets neither a cluster of this machine nor another test's.
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'

const run = promisify(execFile)
const prefix = 'kinglet-e2e-'

/** A network namespace with one link to the machine, by which its default route goes. */
export class TestNetwork {
  readonly name: string
  /** The node's address: reachable from the machine, as from any other host. */
  readonly address: string
  readonly #hostAddress: string
  readonly #link: string

  private constructor(id: number) {
    this.name = `${prefix}${id}`
    this.#link = `ke${id}`
    const third = (id >> 6) & 255
    const fourth = (id & 63) * 4
    this.#hostAddress = `172.31.${third}.${fourth + 1}`
    this.address = `172.31.${third}.${fourth + 2}`
  }

  static async create(id = process.pid): Promise<TestNetwork> {
    const network = new TestNetwork(id)
    await network.remove()
    await run('ip', ['netns', 'add', network.name])
    await run('ip', ['link', 'add', network.#link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', network.name])
    await run('ip', ['address', 'add', `${network.#hostAddress}/30`, 'dev', network.#link])
    await run('ip', ['link', 'set', network.#link, 'up'])
    for (const args of [
      ['link', 'set', 'lo', 'up'], ['address', 'add', `${network.address}/30`, 'dev', 'eth0'], ['link', 'set', 'eth0', 'up'],
      ['route', 'add', 'default', 'via', network.#hostAddress],
    ]) await run('ip', ['-n', network.name, ...args])
    return network
  }

  static left(id: number): TestNetwork {
    return new TestNetwork(id)
  }

  /** The test processes that have one. */
  static ids(): number[] {
    return namesIn('/run/netns').flatMap((name) => (name.startsWith(prefix) ? Number(name.slice(prefix.length)) : []))
  }

  /** The command line that runs a program in this network, and otherwise where we are. */
  command(program: string, args: readonly string[]): [string, string[]] {
    return ['nsenter', [`--net=/run/netns/${this.name}`, program, ...args]]
  }

  /** The processes that are in it. */
  processes(): string[] {
    const pids = execFileSync('ip', ['netns', 'pids', this.name], { encoding: 'utf8' }).split('\n').filter(Boolean)
    return pids.map((pid) => `${pid} ${processText(pid, 'cmdline').replaceAll('\0', ' ')}`)
  }

  async remove(): Promise<void> {
    if (!existsSync(`/run/netns/${this.name}`)) return
    // The link goes with the namespace, once nothing holds it.
    await run('ip', ['link', 'del', this.#link]).catch(() => undefined)
    await run('ip', ['netns', 'del', this.name])
  }
}

/** What a cluster could leave on a machine; comparing two of these tells whether it did. */
export interface Traces {
  readonly mounts: readonly string[]
  readonly cgroups: readonly string[]
  readonly networkCache: readonly string[]
  readonly stateDirectories: readonly string[]
}

export function tracesOnMachine(): Traces {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').flatMap((line) => line.split(' ')[4] ?? [])
  const hierarchies = ['', ...namesIn('/sys/fs/cgroup')].map((name) => `/sys/fs/cgroup/${name}/kinglet`)
  return {
    mounts: mounts.filter((path) => !path.startsWith('/run/netns')),
    cgroups: hierarchies.flatMap((path) => namesIn(path).filter((name) => name.startsWith('pod') || name === 'burstable' || name === 'besteffort').map((name) => `${path}/${name}`)),
    networkCache: namesIn('/var/lib/cni/results'),
    stateDirectories: namesIn('/run').filter((name) => name.startsWith('kinglet')),
  }
}

/** A file about a process; empty when it has ended, which it may at any time. */
export function processText(pid: string | number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return ''
    throw error
  }
}

const namesIn = (directory: string): string[] => (existsSync(directory) ? readdirSync(directory) : [])
