// The pod and container that a log or stream request means, and the node that runs them.
import type { Annotate, UserInfo } from '../api/request.ts'
import { StatusError, badRequest, unknownPath } from '../api/status-error.ts'
import type { Pod } from '../api/types-pod.ts'
import type { WebhookAdmission } from '../registry/admission-webhooks.ts'
import type { Registry } from '../registry/registry.ts'
import type { Clock } from '../util/clock.ts'
import type { Authorizer } from './authorizer.ts'
import { requireAllowed } from './authorize.ts'
import type { NodeConnection, NodeConnections } from '../api/node-connection.ts'
import type { ResourcePath } from './request-path.ts'

export interface ConnectOptions {
  readonly registry: Registry
  readonly authorizer: Authorizer
  readonly nodeConnections: NodeConnections
  readonly clock: Clock
  readonly log: (text: string) => void
  readonly webhooks?: WebhookAdmission
}

/** Who asks to connect, and where the audit log learns of it. */
export interface Asker {
  readonly user: UserInfo
  readonly audit?: { readonly annotate: Annotate }
}

/** Throws 403 unless the user may do all of `verbs` on the path. */
export function requireVerbs({ user, audit }: Asker, path: ResourcePath, authorizer: Authorizer, verbs: readonly string[]): void {
  const { group, version, plural, subresource, namespace, name } = path
  for (const verb of verbs) requireAllowed(authorizer, { user, verb, group, version, resource: plural, subresource, namespace, name }, audit?.annotate)
}

export function podOf(registry: Registry, path: ResourcePath): Pod {
  const pods = registry.definition('', 'v1', 'pods')
  if (!pods || !path.name) throw unknownPath()
  return registry.get(pods, { namespace: path.namespace, name: path.name }) as Pod
}

/** The node's connection, as `undefined` when the pod has no node yet. */
export function nodeOf(nodeConnections: NodeConnections, pod: Pod): NodeConnection | undefined {
  const nodeName = pod.spec?.nodeName
  if (!nodeName) return undefined
  const node = nodeConnections(nodeName)
  if (!node) throw new StatusError(503, 'ServiceUnavailable', `node ${JSON.stringify(nodeName)} is not connected`)
  return node
}

const names = (containers: readonly { name: string }[] | undefined): string[] => (containers ?? []).map(({ name }) => name)

/** The container that was asked for, or the pod's only one. */
export function containerOf(pod: Pod, asked: string | undefined): string {
  const spec = pod.spec as { containers?: { name: string }[]; initContainers?: { name: string }[]; ephemeralContainers?: { name: string }[] } | undefined
  const main = names(spec?.containers)
  const init = names(spec?.initContainers)
  const ephemeral = names(spec?.ephemeralContainers)
  const podName = pod.metadata.name ?? ''
  if (asked) {
    if (![...main, ...init, ...ephemeral].includes(asked)) throw badRequest(`container ${asked} is not valid for pod ${podName}`)
    return asked
  }
  if (main.length === 1) return main[0]!
  const others = init.length > 0 ? ` or one of the init containers: [${init.join(' ')}]` : ''
  throw badRequest(`a container name must be specified for pod ${podName}, choose one of: [${main.join(' ')}]${others}`)
}
