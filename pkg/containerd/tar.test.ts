// The tar writer and reader, against each other and against the system's tar.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packTar, readTar } from './tar.ts'

async function* chunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function list(bytes: Buffer, size = 700): Promise<unknown[]> {
  const items: unknown[] = []
  for await (const item of readTar(chunks(bytes, size))) {
    const parts: Buffer[] = []
    if (!item.path.startsWith('skip')) for await (const part of item.body) parts.push(part)
    items.push([item.path, item.type, item.target, Buffer.concat(parts).toString()])
  }
  return items
}

const longName = `${'directory/'.repeat(30)}file`
const entries = [
  { path: 'bin', type: 'directory' as const },
  { path: 'bin/sh', type: 'symlink' as const, target: '/bin/busybox' },
  { path: 'skipped', type: 'file' as const, bytes: Buffer.alloc(1500, 'x') },
  { path: longName, type: 'file' as const, bytes: Buffer.from('contents') },
  { path: 'empty', type: 'file' as const },
  { path: 'long-link', type: 'symlink' as const, target: longName },
]
const listed = [
  ['bin/', 'directory', '', ''], ['bin/sh', 'symlink', '/bin/busybox', ''], ['skipped', 'file', '', ''],
  [longName, 'file', '', 'contents'], ['empty', 'file', '', ''], ['long-link', 'symlink', longName, ''],
]

describe('tar', () => {
  it.each([1, 511, 700, 1 << 20])('reads what it wrote, in chunks of %d bytes, skipping what is not read', async (size) => {
    expect(await list(packTar(entries), size)).toEqual(listed)
  })

  it('writes what the system tar reads', () => {
    const directory = mkdtempSync(join(tmpdir(), 'kinglet-tar-'))
    try {
      writeFileSync(join(directory, 'a.tar'), packTar(entries))
      const names = execFileSync('tar', ['tf', join(directory, 'a.tar')], { encoding: 'utf8' }).trim().split('\n')
      expect(names).toEqual(listed.map(([path]) => path))
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  it.each(['gnu', 'pax', 'ustar'])('reads the %s format of the system tar', async (format) => {
    const directory = mkdtempSync(join(tmpdir(), 'kinglet-tar-'))
    const deep = format === 'ustar' ? `${'d'.repeat(60)}/${'e'.repeat(60)}` : 'd'.repeat(120)
    try {
      mkdirSync(join(directory, 'in', deep), { recursive: true })
      writeFileSync(join(directory, 'in', deep, 'file'), 'hello')
      symlinkSync('file', join(directory, 'in', deep, 'link'))
      execFileSync('tar', ['-C', join(directory, 'in'), `--format=${format}`, '--sort=name', '-cf', join(directory, 'a.tar'), deep])
      const archive = execFileSync('cat', [join(directory, 'a.tar')])
      expect((await list(archive)).slice(1)).toEqual([[`${deep}/file`, 'file', '', 'hello'], [`${deep}/link`, 'symlink', 'file', '']])
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  it('refuses damaged and truncated archives', async () => {
    const good = packTar(entries)
    const damaged = Buffer.from(good)
    damaged[3] = 0x41
    await expect(list(damaged)).rejects.toThrow('checksum')
    await expect(list(good.subarray(0, 2_500))).rejects.toThrow('early')
  })
})
