import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bindSubPath } from './sub-path.ts'
import type { Mounter } from './volume.ts'

const unused = async (): Promise<void> => {
  throw new Error('not for a subpath')
}

describe('a subpath', () => {
  const base = mkdtempSync(join(tmpdir(), 'kinglet-subpath-'))
  const root = join(base, 'volume')
  const outside = join(base, 'outside')
  let count = 0
  /** What would have been mounted: a real mount needs no path any more when it is made. */
  const bound = async (subPath: string, before: () => void = () => undefined): Promise<string> => {
    let found = ''
    const mounter = {
      mount: unused, mountTmpfs: unused, unmountBelow: unused, mountHugePages: unused,
      bind: async (source: string) => {
        before()
        found = readlinkSync(source)
      },
    } as unknown as Mounter
    await bindSubPath({ volumePath: root, subPath, target: join(base, 'targets', String(count++)) }, mounter)
    return found
  }

  beforeEach(() => {
    mkdirSync(join(root, 'a/b'), { recursive: true })
    mkdirSync(outside, { recursive: true })
    writeFileSync(join(root, 'a/file'), 'inside')
    writeFileSync(join(outside, 'secret'), 'outside')
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))
  afterAll(() => rmSync(base, { recursive: true, force: true }))

  it('is what is there, or a new directory', async () => {
    expect(await bound('a/b')).toBe(join(root, 'a/b'))
    expect(await bound('a/file')).toBe(join(root, 'a/file'))
    expect(await bound('./a//new/deep')).toBe(join(root, 'a/new/deep'))
    expect(lstatSync(join(root, 'a/new')).mode).toBe(lstatSync(root).mode)
  })

  it('follows links that stay inside, as those of ConfigMaps', async () => {
    mkdirSync(join(root, '..2026'))
    writeFileSync(join(root, '..2026/key'), 'value')
    symlinkSync('..2026', join(root, '..data'))
    symlinkSync('..data/key', join(root, 'key'))
    expect(await bound('key')).toBe(join(root, '..2026/key'))
    symlinkSync(join(root, 'a'), join(root, 'absolute'))
    expect(await bound('absolute/b')).toBe(join(root, 'a/b'))
    symlinkSync('../a/./b/..', join(root, 'a/round'))
    expect(await bound('a/round/b')).toBe(join(root, 'a/b'))
  })

  it.each([
    ['an absolute link', 'escape', '/etc'], ['a relative link', 'escape', '../outside'], ['a link in the middle', 'escape/secret', '../outside'],
    ['a link to where it is to be made', 'escape/new', '../outside'], ['a link that looks like the root', 'escape', `${root}-more`],
  ])('is refused through %s', async (_name, subPath, target) => {
    symlinkSync(target, join(root, 'escape'))
    await expect(bound(subPath)).rejects.toThrow(`subPath "${subPath}" leads out of its volume`)
    expect(existsSync(join(outside, 'new'))).toBe(false)
  })

  it('is refused where links go round, and where names lead up', async () => {
    symlinkSync('two', join(root, 'one'))
    symlinkSync('one', join(root, 'two'))
    await expect(bound('one')).rejects.toThrow('too many links')
    await expect(bound('../outside')).rejects.toThrow("must be relative, without '..'")
    await expect(bound('/etc')).rejects.toThrow("must be relative, without '..'")
  })

  it('stays what it was when it is exchanged before it is mounted', async () => {
    const found = await bound('a/b', () => {
      renameSync(join(root, 'a/b'), join(root, 'a/moved'))
      symlinkSync(outside, join(root, 'a/b'))
    })
    expect(found).toBe(join(root, 'a/moved'))
  })

  it('never makes or finds anything outside, however fast a container exchanges its directories for links', async () => {
    let going = true
    let cleared = 0
    // The walk may make the directory anew between any two steps of ours, and fill it: it is put aside as it is, as often as that takes.
    const insist = (step: () => void): void => {
      for (;;) {
        try {
          renameSync(join(root, 'a'), join(root, `cleared-${cleared++}`))
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
        }
        try {
          return step()
        } catch (error) {
          if (!['EEXIST', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
        }
      }
    }
    let pauses = 0
    // Of changing length, lest the exchange and the walk go in step.
    const pause = async (): Promise<void> => {
      const turns = 1 + pauses++ % 7
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
    }
    const attack = (async () => {
      while (going) {
        renameSync(join(root, 'a'), join(root, 'away'))
        insist(() => symlinkSync(outside, join(root, 'a')))
        await pause()
        insist(() => renameSync(join(root, 'away'), join(root, 'a')))
        await pause()
      }
    })()
    const found: string[] = []
    let refused = 0
    let rounds = 0
    try {
      // Until it was seen both ways.
      for (; rounds < 300 || found.length === 0 || refused === 0; rounds++) await bound(`a/made-${rounds}/deep`).then((path) => found.push(path), () => refused++)
    } finally {
      going = false
      await attack
    }
    expect(found.filter((path) => !path.startsWith(`${root}/`))).toEqual([])
    expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('outside')
    for (let round = 0; round < rounds; round++) expect(existsSync(join(outside, `made-${round}`))).toBe(false)
    expect(found.length).toBeGreaterThan(0)
    expect(refused).toBeGreaterThan(0)
  }, 60_000)
})
