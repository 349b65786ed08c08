// The lock: one holder at a time, known by name, free again when it lets go.
import { machineLockHolder, takeMachineLock } from './machine-lock.ts'

const name = `\0kinglet-test-${process.pid}`

test('the second is told who has it; after the release it is free', async () => {
  expect(await machineLockHolder(name)).toBeUndefined()
  const holder = { pid: 1, dataDirectory: '/first' }
  const lock = await takeMachineLock(holder, name)
  if ('pid' in lock) throw new Error('the lock was taken')
  expect(await machineLockHolder(name)).toEqual(holder)
  expect(await takeMachineLock({ pid: 2, dataDirectory: '/second' }, name)).toEqual(holder)
  lock.release()
  const next = await takeMachineLock({ pid: 3, dataDirectory: '/third' }, name)
  if ('pid' in next) throw new Error('the lock is still taken')
  next.release()
})
