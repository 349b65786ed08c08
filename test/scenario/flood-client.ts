// A client that floods a server from a process of its own: `width` requests at once over one connection, again and again until its input ends. Prints what it got.
import { connect } from 'node:http2'

interface Orders {
  readonly url: string
  readonly ca: string
  readonly path: string
  readonly width: number
  readonly headers: Readonly<Record<string, string>>
}

const { url, ca, path, width, headers } = JSON.parse(process.argv[2]!) as Orders
const session = connect(url, { ca })
session.on('error', () => undefined)
let stopping = false
process.stdin.resume()
process.stdin.on('end', () => void (stopping = true))

const codes: Record<string, number> = {}
const times: number[] = []

const ask = (): Promise<void> => new Promise((resolve) => {
  const begin = performance.now()
  const stream = session.request({ ':path': path, ...headers })
  stream.on('response', (answer) => void (codes[String(answer[':status'])] = (codes[String(answer[':status'])] ?? 0) + 1))
  stream.on('error', () => resolve())
  stream.on('end', () => {
    if (times.push(performance.now() - begin) === 1) console.log('flooding')
    resolve()
  })
  stream.resume()
})

while (!stopping) await Promise.all(Array.from({ length: width }, ask))
times.sort((a, b) => a - b)
console.log(JSON.stringify({ codes, p50Ms: times[Math.floor(times.length / 2)] ?? 0 }))
session.destroy()
