// What systemd is told, by a program of that name that writes it down.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tellSystemd } from './service-notice.ts'

let directory: string
let logged: string[]
const log = (text: string): void => void logged.push(text)
const program = (text: string): void => {
  writeFileSync(join(directory, 'systemd-notify'), `#!/bin/sh\n${text}\n`)
  chmodSync(join(directory, 'systemd-notify'), 0o755)
}
const environment = (more: NodeJS.ProcessEnv = { NOTIFY_SOCKET: '/run/systemd/notify' }): NodeJS.ProcessEnv => ({ PATH: `${directory}:/bin:/usr/bin`, ...more })

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'notify-'))
  logged = []
})
afterEach(() => rmSync(directory, { recursive: true }))

test.each(['ready', 'stopping'] as const)('%s', async (state) => {
  program(`echo "$@ $NOTIFY_SOCKET" > ${directory}/told`)
  await tellSystemd(state, { environment: environment(), log })
  expect([readFileSync(join(directory, 'told'), 'utf8'), logged]).toEqual([`--${state} /run/systemd/notify\n`, []])
})

test('nothing where systemd did not ask', async () => {
  program(`touch ${directory}/told`)
  await tellSystemd('ready', { environment: environment({}), log })
  expect([existsSync(join(directory, 'told')), logged]).toEqual([false, []])
})

test('what fails is logged', async () => {
  program('echo no such socket >&2; exit 1')
  await tellSystemd('ready', { environment: environment(), log })
  expect(logged).toEqual([expect.stringMatching(/^systemd waits for word of us, .*no such socket$/s)])
})
