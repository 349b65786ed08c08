import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '../util/clock.ts'
import { rotateLog } from './log-rotation.ts'

describe('rotateLog', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kinglet-rot-'))
  const path = join(directory, '0.log')
  const clock = new ManualClock()
  const options = { clock, maxBytes: 10, maxFiles: 3 }
  afterAll(() => rmSync(directory, { recursive: true }))

  it('leaves small logs and missing ones', async () => {
    expect(await rotateLog(path, () => Promise.reject(new Error('not to be called')), options)).toBe(false)
    writeFileSync(path, 'small')
    expect(await rotateLog(path, () => Promise.reject(new Error('not to be called')), options)).toBe(false)
  })

  it('sets large ones aside, and keeps the newest', async () => {
    for (let round = 0; round < 4; round++) {
      writeFileSync(path, 'large enough')
      expect(await rotateLog(path, async () => writeFileSync(path, ''), options)).toBe(true)
      clock.step(1000)
    }
    expect(readdirSync(directory).sort()).toEqual(['0.log', '0.log.20260101-000002', '0.log.20260101-000003'])
  })

  it('puts it back when the runtime does not follow', async () => {
    writeFileSync(path, 'large enough')
    await expect(rotateLog(path, () => Promise.reject(new Error('no')), options)).rejects.toThrow('no')
    expect(readdirSync(directory)).toContain('0.log')
  })
})
