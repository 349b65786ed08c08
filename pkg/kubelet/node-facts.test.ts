// The interfaces are looked at only when something about them may have changed.
import { addressLooks } from './node-facts.ts'

it('asks for the address when the tables are others, and always where there are none', async () => {
  let asked = 0
  let tables = 'one'
  const look = addressLooks(async () => `address ${++asked}`, async () => tables)
  expect([await look(), await look()]).toEqual(['address 1', 'address 1'])
  tables = 'two'
  expect([await look(), await look()]).toEqual(['address 2', 'address 2'])
  tables = ''
  expect([await look(), await look()]).toEqual(['address 3', 'address 4'])
})
