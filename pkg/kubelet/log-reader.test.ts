import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../util/clock.ts'
import { tailOffset } from './log-lines.ts'
import { readLog, type LogReadOptions } from './log-reader.ts'
import { logEnd } from './termination-message.ts'

const at = (second: number): string => `2026-01-01T00:00:0${second}.000000001Z`
const text = [
  `${at(1)} stdout F one`, `${at(2)} stderr F two`, `${at(3)} stdout P thr`, `${at(3)} stdout P e`, `${at(3)} stdout F e`, `${at(4)} stdout F `, `${at(5)} stdout F five`, '',
].join('\n')

describe('readLog', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kinglet-log-'))
  const path = join(directory, '0.log')
  afterAll(() => rmSync(directory, { recursive: true }))
  beforeEach(() => writeFileSync(path, text))
  const options = (more: Partial<LogReadOptions> = {}): LogReadOptions => ({
    path, clock: systemClock, signal: new AbortController().signal, follow: false, timestamps: false, stream: 'All', running: () => false, onChange: () => () => undefined, ...more,
  })
  const read = async (more?: Partial<LogReadOptions>): Promise<string> => {
    let all = ''
    for await (const piece of readLog(options(more))) all += Buffer.from(piece).toString()
    return all
  }

  it.each<[string, Partial<LogReadOptions>, string]>([
    ['all', {}, 'one\ntwo\nthree\n\nfive\n'], ['a tail', { tailLines: 2 }, '\nfive\n'], ['a tail of joined lines', { tailLines: 3 }, 'three\n\nfive\n'],
    ['a longer tail than there is', { tailLines: 99 }, 'one\ntwo\nthree\n\nfive\n'], ['no tail', { tailLines: 0 }, ''],
    ['since', { sinceMs: Date.parse('2026-01-01T00:00:04Z') }, '\nfive\n'], ['bytes', { limitBytes: 6 }, 'one\ntw'], ['one stream', { stream: 'Stderr' }, 'two\n'],
    ['timestamps', { timestamps: true, tailLines: 3 }, `${at(3)} three\n${at(4)} \n${at(5)} five\n`],
  ])('%s', async (_name, more, expected) => expect(await read(more)).toBe(expected))

  it('reads so many lines as were asked for, and none that come meanwhile', async () => {
    const line = (index: number): string => `${at(1)} stdout F ${String(index).padStart(100, '0')}\n`
    writeFileSync(path, Array.from({ length: 10_000 }, (_each, index) => line(index)).join(''))
    let seen = ''
    for await (const piece of readLog(options({ tailLines: 9_000 }))) {
      seen += Buffer.from(piece).toString()
      appendFileSync(path, line(10_000))
    }
    const lines = seen.trimEnd().split('\n').map(Number)
    expect([lines.length, lines[0], lines.at(-1)]).toEqual([9_000, 1_000, 9_999])
  })

  it('follows until the container has ended, over a rotation', async () => {
    let running = true
    let changed = (): void => undefined
    let seen = ''
    for await (const piece of readLog(options({ follow: true, tailLines: 1, running: () => running, onChange: (listener) => { changed = listener; return () => undefined } }))) {
      seen += Buffer.from(piece).toString()
      if (seen === 'five\n') appendFileSync(path, `${at(6)} stdout F six\n`)
      if (seen.endsWith('six\n')) {
        renameSync(path, `${path}.old`)
        writeFileSync(path, `${at(7)} stdout F seven\n`)
      }
      if (seen.endsWith('seven\n')) {
        running = false
        changed()
      }
    }
    expect(seen).toBe('five\nsix\nseven\n')
  })

  it('ends when the reader gives up', async () => {
    const abort = new AbortController()
    const pieces: string[] = []
    for await (const piece of readLog(options({ follow: true, running: () => true, signal: abort.signal }))) {
      pieces.push(Buffer.from(piece).toString())
      abort.abort()
    }
    expect(pieces).toEqual(['one\ntwo\nthree\n\nfive\n'])
  })
})

describe('ends of logs', () => {
  it.each([[1, 'five'], [2, ''], [3, 'thr']])('the last %d lines', (lines, first) => {
    expect(Buffer.from(text).subarray(tailOffset(Buffer.from(text), lines)).toString().split('\n')[0]).toBe(`${at(lines === 1 ? 5 : lines === 2 ? 4 : 3)} stdout ${lines === 3 ? 'P' : 'F'} ${first}`)
  })

  it('are a message, cut to 80 lines and 2048 bytes', () => {
    expect(logEnd(Buffer.from(text))).toBe('one\ntwo\nthree\n\nfive\n')
    const many = Array.from({ length: 100 }, (_, index) => `${at(1)} stdout F ${index}\n`).join('')
    expect(logEnd(Buffer.from(many)).split('\n')[0]).toBe('20')
    expect(logEnd(Buffer.from(`${at(1)} stdout F ${'x'.repeat(5000)}\n`))).toHaveLength(2048)
  })
})
