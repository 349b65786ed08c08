// Binding a pod to a node, by `pods/binding` or by creating a Binding.
import type { KubeObject } from '../api/object.ts'
import type { ApiRequest, ApiResponse } from '../api/request.ts'
import type { Status } from '../api/status-error.ts'
import { badRequest, unknownPath } from '../api/status-error.ts'
import type { Registry } from '../registry/registry.ts'
import type { SpecialRequest } from './handle.ts'

const created: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }

interface Binding extends KubeObject {
  target?: { kind?: string; name?: string }
}

/** The pod's definition has a subresource `binding`, whose merge sets the node and its condition; here is its POST. */
export function bindingRequests(registry: Registry): [string, SpecialRequest][] {
  const bind = async (request: ApiRequest, name: string): Promise<ApiResponse> => {
    const pods = registry.definition('', 'v1', 'pods')
    if (!pods) throw unknownPath()
    const binding = request.object as Binding
    if (!binding.target?.name) throw badRequest('Binding.target.name: Required value')
    if (binding.target.kind && binding.target.kind !== 'Node') throw badRequest(`Binding.target.kind: Unsupported value: ${JSON.stringify(binding.target.kind)}: supported values: "Node", ""`)
    const { user, namespace, options, warn } = request
    await registry.update(pods, { user, namespace, name, subresource: 'binding', options, warn, object: binding })
    return { type: 'status', code: 201, status: created }
  }
  return [
    ['create /pods/binding', (request) => bind(request, request.name ?? '')],
    ['create /bindings', (request) => bind(request, request.object?.metadata.name ?? '')],
  ]
}
