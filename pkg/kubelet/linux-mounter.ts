// The Mounter of a real node, over mount(8).
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Mounter } from './volume.ts'

const run = promisify(execFile)

export class LinuxMounter implements Mounter {
  async mountTmpfs(directory: string, options: { sizeBytes?: number }): Promise<void> {
    if ((await mountPoints()).includes(directory)) return
    const size = options.sizeBytes === undefined ? [] : ['-o', `size=${options.sizeBytes}`]
    await mount(['-t', 'tmpfs', ...size, 'tmpfs', directory])
  }

  async mountHugePages(directory: string, pageSize: string): Promise<void> {
    if ((await mountPoints()).includes(directory)) return
    await mount(['-t', 'hugetlbfs', '-o', `pagesize=${pageSize}`, 'nodev', directory])
  }

  async bind(source: string, target: string): Promise<void> {
    if ((await mountPoints()).includes(target)) return
    await mount(['--no-canonicalize', '--bind', source, target])
  }

  async unmountBelow(directory: string): Promise<void> {
    const below = (await mountPoints()).filter((point) => point === directory || point.startsWith(`${directory}/`))
    // The newest first: one may cover another.
    for (const point of below.reverse()) await run('umount', ['--no-canonicalize', point]).catch(() => run('umount', ['-l', point]))
  }
}

async function mount(args: readonly string[]): Promise<void> {
  try {
    await run('mount', [...args])
  } catch (error) {
    throw new Error(`mount ${args.join(' ')}: ${String((error as { stderr?: string }).stderr || (error as Error).message).trim()}`)
  }
}

export async function mountPoints(): Promise<string[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8')
  return text.split('\n').map((line) => line.split(' ')[4] ?? '').filter(Boolean).map(unescapedPath)
}

const unescapedPath = (path: string): string => path.replace(/\\(\d{3})/g, (_all, octal: string) => String.fromCharCode(parseInt(octal, 8)))
