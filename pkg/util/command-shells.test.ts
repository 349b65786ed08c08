import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from './clock.ts'
import { CommandShells } from './command-shells.ts'

describe('commands by shells', () => {
  const directory = mkdtempSync(join(tmpdir(), 'command-shells-'))
  const shells = new CommandShells({ clock: systemClock, patienceMs: 20 })
  afterAll(() => {
    shells.close()
    rmSync(directory, { recursive: true })
  })
  const file = (name: string): string => join(directory, name)

  it.each(['plain', 'with space', 'it\'s', '$(echo no)', '`no`', '"; exit 1; "', '*', '\\', 'two\nlines', '-'])('hands over %j as it is', async (word) => {
    await shells.run('sh', ['-c', 'printf %s "$1" > "$0"', file('word'), word])
    expect(readFileSync(file('word'), 'utf8')).toBe(word)
  })

  it('tells what a failed one wrote, and goes on', async () => {
    await expect(shells.run('sh', ['-c', 'echo out; echo it\\\'s wrong >&2; exit 3'])).rejects.toThrow('out\nit\'s wrong')
    await expect(shells.run('sh', ['-c', 'exit 3'])).rejects.toThrow('exit code 3')
    await expect(shells.run('/no/such/program', [])).rejects.toThrow('not found')
    await shells.run('true', [])
  })

  it('runs many, each once', async () => {
    await Promise.all(Array.from({ length: 100 }, (_each, index) => shells.run('sh', ['-c', 'echo $1 >> "$0"', file('many'), String(index)])))
    const lines = readFileSync(file('many'), 'utf8').trim().split('\n').map(Number)
    expect(lines.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_each, index) => index))
  })

  it('does not let one that hangs hold up the others', async () => {
    const fifo = file('fifo')
    await shells.run('mkfifo', [fifo])
    let over = false
    const hanging = shells.run('cat', [fifo]).then(() => (over = true))
    await shells.run('true', [])
    expect(over).toBe(false)
    await shells.run('sh', ['-c', 'echo end > "$0"', fifo])
    await hanging
  })

  it('starts another shell when one is killed', async () => {
    await expect(shells.run('sh', ['-c', 'kill -9 $PPID'])).rejects.toThrow('the shell ended with SIGKILL')
    await shells.run('true', [])
  })
})
