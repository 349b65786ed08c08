// Who has a port: from the kernel's table, and for real.
import { createServer } from 'node:net'
import { describePortOwner, listeningInodes, portOwner } from './port-owner.ts'

const tableText = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:192B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0000 100 0 0 10 0
   1: 0100007F:192B 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 4243 1 0000 20 4 30 10 -1
   2: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4244 1 0000 100 0 0 10 0`

test('only sockets that listen count', () => {
  expect(listeningInodes(tableText, 6443)).toEqual(['4242'])
  expect(listeningInodes(tableText, 22)).toEqual(['4244'])
  expect(listeningInodes(tableText, 80)).toEqual([])
})

test('finds this process', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port ?? 0 : 0
  expect(portOwner(port)?.pid).toBe(process.pid)
  expect(describePortOwner(port)).toMatch(new RegExp(`^ by process ${process.pid} \\(`))
  await new Promise((resolve) => server.close(resolve))
  expect(describePortOwner(port)).toBe('')
})
