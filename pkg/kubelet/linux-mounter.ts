// The Mounter of a real node, over mount(8).
import { execFile } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { systemClock } from '../util/clock.ts'
import { CommandShells } from '../util/command-shells.ts'
import type { Mounter } from './volume.ts'

const run = promisify(execFile)

export class LinuxMounter implements Mounter {
  readonly #shells = new CommandShells({ clock: systemClock })

  async mountTmpfs(directory: string, options: { sizeBytes?: number }): Promise<void> {
    const [own, above] = await Promise.all([directory, dirname(directory)].map((path) => stat(path)))
    if (own?.dev !== above?.dev) return
    const size = options.sizeBytes === undefined ? [] : ['-o', `size=${options.sizeBytes}`]
    await this.#mount(['-t', 'tmpfs', ...size, 'tmpfs', directory])
  }

  async mountHugePages(directory: string, pageSize: string): Promise<void> {
    if ((await mountPoints()).includes(directory)) return
    await this.#mount(['-t', 'hugetlbfs', '-o', `pagesize=${pageSize}`, 'nodev', directory])
  }

  async mount(source: string, target: string, { type, options }: { type: string; options: readonly string[] }): Promise<void> {
    if ((await mountPoints()).includes(target)) return
    const args = ['-t', type, ...(options.length > 0 ? ['-o', options.join(',')] : []), source, target]
    // A process of its own: a file server may keep it waiting.
    await run('mount', args).catch((error: Error & { code?: number; stdout?: string; stderr?: string }) => {
      const output = `${error.stdout ?? ''}${error.stderr ?? ''}`
      throw new Error(`mount failed: exit status ${error.code ?? 1}\nMounting command: mount\nMounting arguments: ${args.join(' ')}\nOutput: ${output}`)
    })
  }

  async bind(source: string, target: string): Promise<void> {
    if ((await mountPoints()).includes(target)) return
    await this.#mount(['--no-canonicalize', '--bind', source, target])
  }

  async unmountBelow(directory: string): Promise<void> {
    const below = (await mountPoints()).filter((point) => point === directory || point.startsWith(`${directory}/`))
    // The newest first: one may cover another.
    for (const point of below.reverse()) await this.#shells.run('umount', ['--no-canonicalize', point]).catch(() => this.#shells.run('umount', ['-l', point]))
  }

  async #mount(args: readonly string[]): Promise<void> {
    try {
      await this.#shells.run('mount', args)
    } catch (error) {
      throw new Error(`mount ${args.join(' ')}: ${(error as Error).message}`)
    }
  }
}

export async function mountPoints(): Promise<string[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8')
  return text.split('\n').map((line) => line.split(' ')[4] ?? '').filter(Boolean).map(unescapedPath)
}

const unescapedPath = (path: string): string => path.replace(/\\(\d{3})/g, (_all, octal: string) => String.fromCharCode(parseInt(octal, 8)))
