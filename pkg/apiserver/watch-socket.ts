// A watch over a WebSocket: each event is one text message.
import type { Registry } from '../registry/registry.ts'
import type { ApiRequest, Handle } from '../api/request.ts'
import { unknownPath } from '../api/status-error.ts'
import { checkForm } from './encode.ts'
import type { Upgrade } from './http-door.ts'
import { checkStreamed, negotiate } from './negotiate.ts'
import { parseOptions } from './query-options.ts'
import type { ResourcePath } from './request-path.ts'
import { verbOf } from './resource-door.ts'
import { parseInclude } from './table.ts'
import { eventEncoder, eventText } from './watch-door.ts'
import { acceptWebSocket, isWebSocket, protocolsOf, sendMessage } from '../util/web-sockets.ts'
import type { Clock } from '../util/clock.ts'
import { defaultLimits } from './front-limits.ts'

export interface WatchSocketOptions {
  readonly handle: Handle
  readonly registry: Registry
  readonly clock: Clock
}

export const isWatchSocket = ({ incoming, query }: Upgrade, path: ResourcePath): boolean =>
  isWebSocket(incoming) && verbOf(incoming.method ?? '', path, query) === 'watch'

export async function serveWatchSocket(upgrade: Upgrade, path: ResourcePath, { handle, registry, clock }: WatchSocketOptions): Promise<void> {
  const { incoming, query, user, audit } = upgrade
  const { group, version, plural, namespace, name, subresource } = path
  const definition = registry.definition(group, version, plural)
  if (!definition) throw unknownPath()
  const form = negotiate(incoming.headers.accept)
  checkForm(definition, form)
  checkStreamed(form)
  const include = form.as === 'Table' ? parseInclude(query.get('includeObject')) : 'Metadata'
  const request: ApiRequest = { verb: 'watch', user, group, version, plural, subresource, namespace, name, options: parseOptions(query, 'watch'), ...(audit ? { annotate: audit.annotate } : {}), signal: upgrade.lasting() }
  // Before the handshake, so that a refusal is a plain answer.
  const response = await handle(request)
  if (response.type !== 'watch') throw unknownPath()
  const client = await acceptWebSocket(upgrade, protocolsOf(incoming)[0])
  audit?.started(101)
  const encode = eventEncoder({ definition, form, include, clock })
  for await (const batch of response.events) {
    for (const event of batch) {
      if (!await sendMessage(client, eventText(event.type, encode(event)), { clock, stallMs: defaultLimits.stallMs })) return
    }
  }
  client.close(1000)
}
