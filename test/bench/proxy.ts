// The service proxy beside a direct connection: bytes and connections a second, from the node through a ClusterIP.
import net from 'node:net'
import { Worker, isMainThread, parentPort } from 'node:worker_threads'
import type { ApiConnection } from './server.ts'

export interface ProxyFigures {
  readonly directMbPerSecond: number
  readonly proxyMbPerSecond: number
  readonly directConnectionsPerSecond: number
  readonly proxyConnectionsPerSecond: number
}

const bytes = 400 * 1024 * 1024
const connections = 3000

// The endpoint: sends `bytes` to who sends `d`, and says `ok` to anything else.
if (!isMainThread) {
  const chunk = Buffer.alloc(256 * 1024)
  const server = net.createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', (first) => {
      if (first[0] !== 100) return void socket.end('ok')
      let left = bytes
      const send = (): void => {
        while (left > 0) {
          left -= chunk.length
          if (!socket.write(chunk)) return void socket.once('drain', send)
        }
        socket.end()
      }
      send()
    })
  })
  server.listen(0, '0.0.0.0', () => parentPort?.postMessage((server.address() as net.AddressInfo).port))
}

function download(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const begin = performance.now()
    let received = 0
    const socket = net.connect(port, host, () => socket.write('d'))
    socket.on('data', (chunk) => (received += chunk.length))
    socket.on('error', reject)
    socket.on('end', () => (received === bytes ? resolve(bytes / 1024 / 1024 / ((performance.now() - begin) / 1000)) : reject(new Error(`received ${received} of ${bytes} bytes`))))
  })
}

async function connect(host: string, port: number): Promise<number> {
  const one = (): Promise<void> => new Promise((resolve, reject) => {
    const socket = net.connect(port, host, () => socket.write('c'))
    socket.on('error', reject).on('end', resolve).resume()
  })
  const begin = performance.now()
  let left = connections
  await Promise.all(Array.from({ length: 16 }, async () => {
    while (left-- > 0) await one()
  }))
  return connections / ((performance.now() - begin) / 1000)
}

/** Makes a Service without a selector and its slice, which leads to an endpoint of this process on the node's address. */
export async function proxyFigures(api: ApiConnection, nodeIP: string): Promise<ProxyFigures> {
  const endpoint = new Worker(new URL(import.meta.url))
  const port = await new Promise<number>((resolve) => endpoint.once('message', resolve))
  const created = await api.request('POST', '/api/v1/namespaces/bench/services', {
    apiVersion: 'v1', kind: 'Service', metadata: { name: 'bench' }, spec: { ports: [{ port: 8000, targetPort: port }] },
  })
  const { clusterIP } = (JSON.parse(created.body) as { spec: { clusterIP: string } }).spec
  await api.request('POST', '/apis/discovery.k8s.io/v1/namespaces/bench/endpointslices', {
    apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4',
    metadata: { name: 'bench', labels: { 'kubernetes.io/service-name': 'bench' } },
    endpoints: [{ addresses: [nodeIP], conditions: { ready: true } }], ports: [{ name: '', port, protocol: 'TCP' }],
  })
  for (;;) {
    const answers = await connectOnce(clusterIP)
    if (answers) break
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const figures = {
    directMbPerSecond: await download(nodeIP, port),
    proxyMbPerSecond: await download(clusterIP, 8000),
    directConnectionsPerSecond: await connect(nodeIP, port),
    proxyConnectionsPerSecond: await connect(clusterIP, 8000),
  }
  await endpoint.terminate()
  return figures
}

function connectOnce(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(8000, host, () => socket.end('c'))
    socket.on('error', () => resolve(false)).on('end', () => resolve(true)).resume()
  })
}
