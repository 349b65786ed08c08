// Watches over WebSockets: an event a message, an end that says that it is one, and nothing left behind.
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { admin, startServer } from './fixture.suite.ts'

const configMaps = '/api/v1/namespaces/a/configmaps'

it('tells events as text until the client leaves or the server ends', async () => {
  const warned: string[] = []
  const onWarning = ({ name }: Error): void => void warned.push(name)
  process.on('warning', onWarning)
  const server = await startServer()
  const open = (query: string, protocols: string[] = []): WebSocket => new WebSocket(`wss://127.0.0.1:${server.port}${configMaps}?watch=1${query}`, protocols, { ca: server.ca, cert: admin.certificate, key: admin.key })
  const told = async (socket: WebSocket): Promise<unknown> => {
    const [data, isBinary] = await once(socket, 'message') as [Buffer, boolean]
    expect(isBinary).toBe(false)
    return JSON.parse(data.toString())
  }
  // Many come and go.
  for (let count = 0; count < 15; count++) {
    const socket = open('&resourceVersion=0', ['base64.binary.k8s.io'])
    await once(socket, 'open')
    expect(socket.protocol).toBe('base64.binary.k8s.io')
    socket.close()
    await once(socket, 'close')
  }
  const [whole, bookmarked, table] = [open('&resourceVersion=0'), open('&allowWatchBookmarks=true&fieldSelector=metadata.name=none'), new WebSocket(`wss://127.0.0.1:${server.port}${configMaps}?watch=1`, { ca: server.ca, cert: admin.certificate, key: admin.key, headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } })]
  expect(await told(bookmarked)).toMatchObject({ type: 'BOOKMARK', object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } } })
  if (table.readyState !== table.OPEN) await once(table, 'open')
  const events = [told(whole), told(table)]
  await server.call('POST', configMaps, { body: { metadata: { name: 'one' } } })
  expect(await Promise.all(events)).toMatchObject([{ type: 'ADDED', object: { kind: 'ConfigMap', metadata: { name: 'one' } } }, { type: 'ADDED', object: { kind: 'Table', rows: [{ object: { metadata: { name: 'one' } } }] } }])
  const closed = [whole, bookmarked, table].map((socket) => once(socket, 'close'))
  await server.stop()
  expect((await Promise.all(closed)).map(([code]) => code as number)).toEqual([1000, 1000, 1000])
  process.off('warning', onWarning)
  expect(warned).toEqual([])
})
