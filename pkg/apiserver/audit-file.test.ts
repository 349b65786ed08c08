// The audit log's file: order, rotation, what is kept, and that nothing is lost when it is closed.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { ManualClock } from '../util/clock.ts'
import { AuditFile } from './audit-file.ts'

let directory: string
let clock = new ManualClock()
const logged: string[] = []
const openFile = (more: object = {}): Promise<AuditFile> =>
  AuditFile.open({ path: join(directory, 'audit.log'), maxBytes: 1 << 20, maxAgeDays: 0, maxBackups: 0, clock, log: (text) => void logged.push(text), ...more })
const lines = (name = 'audit.log'): string[] => readFileSync(join(directory, name), 'utf8').split('\n').slice(0, -1)

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kinglet-audit-'))
  clock = new ManualClock(Date.UTC(2026, 0, 10))
  logged.length = 0
})
afterEach(() => rmSync(directory, { recursive: true }))

test('all that was written stands there after close, in order, behind what stood there before', async () => {
  writeFileSync(join(directory, 'audit.log'), 'before\n')
  const file = await openFile()
  const written = Array.from({ length: 5000 }, (_, index) => `${index} ${'ü'.repeat(100)}`)
  for (const line of written) file.write(line)
  await file.close()
  expect(lines()).toEqual(['before', ...written])
  expect({ lost: file.lost, written: file.written }).toEqual({ lost: 0, written: 5000 })
})

test('who waits for its line finds it written', async () => {
  const file = await openFile()
  const written = file.write('one')
  const others = ['two', 'three'].map((line) => file.write(line))
  await expect(written).resolves.toBe(true)
  expect(lines()[0]).toBe('one')
  await expect(Promise.all(others)).resolves.toEqual([true, true])
  expect(lines()).toEqual(['one', 'two', 'three'])
  await file.close()
  await expect(file.write('four')).resolves.toBe(false)
})

test('files put aside are compressed where that is wanted, and still told apart by their times', async () => {
  const file = await openFile({ maxBytes: 5, compress: true, maxBackups: 1 })
  await file.write('one')
  await file.write('two')
  clock.step(1000)
  await file.write('three')
  await file.close()
  expect(readdirSync(directory).sort()).toEqual(['audit-2026-01-10T00-00-01.000.log.gz', 'audit.log'])
  expect(gunzipSync(readFileSync(join(directory, 'audit-2026-01-10T00-00-01.000.log.gz'))).toString()).toBe('two\n')
})

test('a full file is put aside under its time; so many are kept, and none that is too old', async () => {
  for (const day of ['01', '07', '08', '09']) writeFileSync(join(directory, `audit-2026-01-${day}T00-00-00.000.log`), '')
  writeFileSync(join(directory, 'audit-notes.log'), '')
  const file = await openFile({ maxBytes: 30, maxAgeDays: 5, maxBackups: 3 })
  expect(readdirSync(directory).sort()).toEqual(['audit-2026-01-07T00-00-00.000.log', 'audit-2026-01-08T00-00-00.000.log', 'audit-2026-01-09T00-00-00.000.log', 'audit-notes.log', 'audit.log'])
  for (const line of ['a'.repeat(14), 'b'.repeat(14), 'c'.repeat(50)]) file.write(line)
  await file.close()
  expect(lines()).toEqual(['c'.repeat(50)])
  expect(lines('audit-2026-01-10T00-00-00.000.log')).toEqual(['a'.repeat(14), 'b'.repeat(14)])
  expect(readdirSync(directory).sort()).toEqual(['audit-2026-01-08T00-00-00.000.log', 'audit-2026-01-09T00-00-00.000.log', 'audit-2026-01-10T00-00-00.000.log', 'audit-notes.log', 'audit.log'])
})

test('a file that cannot be opened is told at once', async () => {
  writeFileSync(join(directory, 'file'), '')
  await expect(openFile({ path: join(directory, 'file', 'audit.log') })).rejects.toThrow(/EEXIST|ENOTDIR/)
  mkdirSync(join(directory, 'audit.log'))
  await expect(openFile()).rejects.toThrow('EISDIR')
})

test('what a failing disk did not take is written when it does again; who waited is told at once', async () => {
  mkdirSync(join(directory, 'logs'))
  const path = join(directory, 'logs', 'audit.log')
  const file = await openFile({ path, maxBytes: 20 })
  await expect(file.write('first line')).resolves.toBe(true)
  // It cannot be put aside: its name is taken by a directory that is not empty.
  const aside = join(directory, 'logs', 'audit-2026-01-10T00-00-00.000.log')
  mkdirSync(join(aside, 'x'), { recursive: true })
  await expect(file.write('second line, which needs another file')).resolves.toBe(false)
  expect(logged.join()).toContain("can't be written")
  rmSync(aside, { recursive: true })
  for (let tries = 0; file.written < 2 && tries < 10_000; tries++) {
    clock.step(100)
    await new Promise(setImmediate)
  }
  // Put aside at some later time.
  const [other = ''] = readdirSync(join(directory, 'logs')).filter((name) => name !== 'audit.log')
  expect(readFileSync(join(directory, 'logs', other), 'utf8') + readFileSync(path, 'utf8')).toBe('first line\nsecond line, which needs another file\n')
  await file.close()
  expect(file.lost).toBe(0)
})
