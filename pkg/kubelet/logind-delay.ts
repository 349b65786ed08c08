// For how long systemd-logind lets a shutdown be held up: raised to what pods may take, until the next boot.
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Clock, sleep } from '../util/clock.ts'
import type { DBusConnection } from '../util/dbus-connection.ts'

const settingsFile = '/run/systemd/logind.conf.d/99-kinglet.conf'
const hangUp = 1
const looks = 20
const lookMs = 250

export interface DelayOptions {
  readonly bus: Pick<DBusConnection, 'call'>
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly file?: string
}

/** Resolves with the seconds that there are; fewer than `seconds` when logind does not take them. */
export async function raiseShutdownDelay(seconds: number, { bus, clock, signal, file = settingsFile }: DelayOptions): Promise<number> {
  const current = async (): Promise<number> => {
    const [found] = await bus.call({
      destination: 'org.freedesktop.login1', path: '/org/freedesktop/login1', interface: 'org.freedesktop.DBus.Properties', member: 'Get',
      signature: 'ss', body: ['org.freedesktop.login1.Manager', 'InhibitDelayMaxUSec'],
    }) as unknown as readonly [{ value: bigint }]
    return Number(found.value) / 1_000_000
  }
  let there = await current()
  if (there >= seconds) return there
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, `# By kinglet, for its pods' graceful end.\n[Login]\nInhibitDelayMaxSec=${seconds}\n`)
  await bus.call({
    destination: 'org.freedesktop.systemd1', path: '/org/freedesktop/systemd1', interface: 'org.freedesktop.systemd1.Manager', member: 'KillUnit',
    signature: 'ssi', body: ['systemd-logind.service', 'all', hangUp],
  })
  for (let look = 0; look < looks; look++) {
    there = await current()
    if (there >= seconds) return there
    await sleep(clock, lookMs, signal)
  }
  return there
}
