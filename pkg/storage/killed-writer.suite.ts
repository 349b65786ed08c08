// A process that writes to a store until it is killed, and says on stdout what was acknowledged. Not a test itself; sqlite-store.test.ts starts it.
import { writeSync } from 'node:fs'
import { systemClock } from '../util/clock.ts'
import { SqliteStore } from './sqlite-store.ts'

const directory = process.argv[2] as string
const store = await SqliteStore.open({ directory, clock: systemClock })
const idle = new Int32Array(new SharedArrayBuffer(4))

/** A reader that is busy leaves the pipe full: then it waits. */
function say(line: string): void {
  for (;;) {
    try {
      return void writeSync(1, `${line}\n`)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(idle, 0, 0, 1)
    }
  }
}
say(`open ${store.revision}`)

// Written without a buffer in between: what is said here was acknowledged before, whenever the kill comes.
const write = async (writer: number): Promise<void> => {
  for (let step = 0; ; step++) {
    const key = `/w${writer}/${step % 20}`
    const volatile = step % 4 === 0
    const entry = await store.transact((transaction) => transaction.put(key, { step, fill: 'x'.repeat(step % 3000) }, { volatile }))
    say(`${volatile ? 'volatile' : 'put'} ${key} ${entry.revision} ${step}`)
    if (step % 50 === 49 && writer === 0) await store.compact(store.revision - 20)
  }
}
await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)))
