// What the webhook programs share: their flags, and a TLS server that answers JSON.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'

/** `--name=value` arguments by name. */
export const flagsOf = (args) => Object.fromEntries(args.map((arg) => {
  const [, name, value = 'true'] = /^--?([^=]+)(?:=(.*))?$/.exec(arg) ?? [undefined, arg]
  return [name, value]
}))

export async function readJson(incoming) {
  const chunks = []
  for await (const chunk of incoming) chunks.push(chunk)
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString())
}

export function sendJson(outgoing, code, value) {
  outgoing.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

/** Serves until a signal comes. `answers` by path: each takes the body and resolves with what is sent, or never. */
export function serveReviews(args, answers) {
  const flags = flagsOf(args)
  const tls = { cert: readFileSync(flags['tls-cert-file']), key: readFileSync(flags['tls-private-key-file']) }
  const server = createServer(tls, async (incoming, outgoing) => {
    const path = new URL(incoming.url, 'https://here').pathname
    if (path === '/readyz') return outgoing.writeHead(200).end('ok')
    const answer = answers[path]
    if (!answer) return outgoing.writeHead(404).end('404 page not found\n')
    try {
      sendJson(outgoing, 200, await answer(await readJson(incoming)))
    } catch (error) {
      console.error(`${path}: ${error.stack}`)
      outgoing.writeHead(400).end(String(error.message))
    }
  })
  server.listen(Number(flags.port ?? 443), () => console.log(`listening on ${flags.port ?? 443}`))
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0))
}
