import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../util/clock.ts'
import { writeAtomically, type Payload } from './atomic-writer.ts'

describe.each([{ inMemory: false }, { inMemory: true }])('writeAtomically %j', ({ inMemory }) => {
  const directory = mkdtempSync(join(tmpdir(), 'kinglet-aw-'))
  afterAll(() => rmSync(directory, { recursive: true }))
  const payload = (files: Record<string, string>, mode = 0o644): Payload => new Map(Object.entries(files).map(([path, text]) => [path, { data: Buffer.from(text), mode }]))
  const write = (files: Record<string, string>, mode?: number): Promise<boolean> => writeAtomically(directory, payload(files, mode), { clock: systemClock, inMemory })
  const visible = (): string[] => readdirSync(directory).filter((name) => !name.startsWith('..')).sort()
  const read = (path: string): string => readFileSync(join(directory, path), 'utf8')

  it('writes files behind links, with their modes', async () => {
    expect(await write({ a: '1', 'sub/b': '2' }, 0o400)).toBe(true)
    expect(visible()).toEqual(['a', 'sub'])
    expect([read('a'), read('sub/b'), readlinkSync(join(directory, 'a'))]).toEqual(['1', '2', '..data/a'])
    expect(statSync(join(directory, 'a')).mode & 0o777).toBe(0o400)
  })

  it('does nothing when nothing has changed', async () => {
    const before = readlinkSync(join(directory, '..data'))
    expect(await write({ a: '1', 'sub/b': '2' })).toBe(false)
    expect(readlinkSync(join(directory, '..data'))).toBe(before)
  })

  it('replaces all at once, and leaves nothing old', async () => {
    expect(await write({ a: 'x', c: '3' })).toBe(true)
    expect([visible(), read('a'), read('c')]).toEqual([['a', 'c'], 'x', '3'])
    expect(readdirSync(directory).filter((name) => name.startsWith('..'))).toHaveLength(2)
  })

  it.each(['../x', '/x', 'a/../b', '..x', ''])('refuses %s', async (path) => {
    await expect(write({ [path]: '' })).rejects.toThrow('must be relative')
  })
})
