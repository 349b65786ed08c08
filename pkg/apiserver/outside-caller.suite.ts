// An HTTPS caller in a thread of its own, so that what it does is not taken for the server's work.
import { Worker } from 'node:worker_threads'
import type { KeyPair } from '../pki/certificates.ts'

interface Outside {
  /** Sends a body and resolves with the code and the text of the answer; a body made elsewhere costs this thread nothing. */
  call(method: string, path: string, make?: string): Promise<{ code: number; text: string }>
  stop(): Promise<void>
}

const program = `
const { parentPort, workerData } = require('node:worker_threads')
const https = require('node:https')
parentPort.on('message', ({ id, method, path, make }) => {
  const body = make === undefined ? undefined : JSON.stringify(new Function('return (' + make + ')')())
  const outgoing = https.request({ ...workerData, method, path, agent: false, headers: body === undefined ? {} : { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' } })
  outgoing.on('error', (error) => parentPort.postMessage({ id, code: 0, text: error.message }))
  outgoing.on('response', (incoming) => {
    const chunks = []
    incoming.on('data', (chunk) => chunks.push(chunk))
    incoming.on('end', () => parentPort.postMessage({ id, code: incoming.statusCode, text: Buffer.concat(chunks).toString().slice(0, 20_000) }))
  })
  outgoing.end(body)
})`

export function outsideCaller({ port, ca, as }: { readonly port: number; readonly ca: string; readonly as: KeyPair }): Outside {
  const worker = new Worker(program, { eval: true, workerData: { host: '127.0.0.1', port, ca, cert: as.certificate, key: as.key } })
  const waiting = new Map<number, (answer: { code: number; text: string }) => void>()
  let next = 0
  worker.on('message', ({ id, ...answer }: { id: number; code: number; text: string }) => {
    waiting.get(id)?.(answer)
    waiting.delete(id)
  })
  return {
    call: (method, path, make) => new Promise((resolve) => {
      const id = next++
      waiting.set(id, resolve)
      worker.postMessage({ id, method, path, make })
    }),
    stop: async () => void await worker.terminate(),
  }
}
