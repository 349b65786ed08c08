import { ManualClock } from '../util/clock.ts'
import { AddressWatch } from './address-watch.ts'

const turns = async (): Promise<void> => { for (let turn = 0; turn < 20; turn++) await Promise.resolve() }

it('renews for another address, once it stays, and every day', async () => {
  const clock = new ManualClock()
  let address = '10.0.0.1'
  let failing = false
  const renewed: string[] = []
  const logged: string[] = []
  const watch = new AddressWatch({
    clock, address, look: async () => address, log: (text) => void logged.push(text),
    renew: async (wanted) => {
      if (failing) throw new Error('disk full')
      renewed.push(wanted)
    },
  })
  watch.start()
  const pass = async (looks: number): Promise<string[]> => {
    for (let look = 0; look < looks; look++) {
      clock.step(10_000)
      await turns()
    }
    return renewed.splice(0)
  }
  expect(await pass(3)).toEqual([])
  address = '127.0.0.1'
  expect(await pass(3)).toEqual([])
  address = '10.0.0.2'
  expect(await pass(1)).toEqual([])
  failing = true
  expect(await pass(1)).toEqual([])
  failing = false
  expect(await pass(3)).toEqual(['10.0.0.2'])
  address = '10.0.0.3'
  await pass(1)
  address = '10.0.0.2'
  expect(await pass(2)).toEqual([])
  expect(logged).toEqual(["the node's address is 10.0.0.2 now; it was 10.0.0.1", 'address of the node: disk full', "the node's address is 10.0.0.2 now; it was 10.0.0.1"])
  clock.step(86_400_000)
  await turns()
  expect(await pass(1)).toEqual(['10.0.0.2'])
  await watch.stop()
})
