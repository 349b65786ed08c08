// A store of JSON values by path, for the server beside it: PUT, GET and DELETE of a path; GET of a path that ends in / lists what is below.
import { createServer } from 'node:http'
import { flagsOf, readJson, sendJson } from './json-server.mjs'

export default function keyValue(args) {
  const { hostname, port } = new URL(flagsOf(args)['listen-client-urls'])
  const values = new Map()
  let revision = 1
  const methods = {
    GET: (path) => (path.endsWith('/') ? { revision, values: [...values].filter(([key]) => key.startsWith(path)).map(([, value]) => value) } : values.get(path)),
    PUT(path, object) {
      const value = { object, revision: ++revision }
      values.set(path, value)
      return value
    },
    DELETE(path) {
      const value = values.get(path)
      if (value) revision++
      values.delete(path)
      return value
    },
  }
  createServer(async (incoming, outgoing) => {
    const value = methods[incoming.method]?.(incoming.url, await readJson(incoming))
    sendJson(outgoing, value ? 200 : 404, value ?? null)
  }).listen(Number(port), hostname)
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0))
}
