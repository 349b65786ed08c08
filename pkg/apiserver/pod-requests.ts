// Creates that act on a pod: its binding to a node, and its eviction.
import type { ApiRequest, ApiResponse } from '../api/request.ts'
import { evictPod } from '../registry/pod-eviction.ts'
import { bindPod } from '../registry/pod-binding.ts'
import type { Registry } from '../registry/registry.ts'
import type { SpecialRequest } from './handle.ts'

export function podRequests(registry: Registry): [string, SpecialRequest][] {
  const about = ({ user, namespace = '', options, warn }: ApiRequest, name = ''): Parameters<typeof bindPod>[1] => ({ user, namespace, name, options, warn })
  const created = (status: Awaited<ReturnType<typeof bindPod>>): ApiResponse => ({ type: 'status', code: 201, status })
  return [
    ['create /pods/binding', async (request) => created(await bindPod(registry, about(request, request.name), request.object!))],
    ['create /bindings', async (request) => created(await bindPod(registry, about(request, request.object?.metadata.name), request.object!))],
    ['create /pods/eviction', async (request) => {
      // The eviction's own delete options may ask for a dry run too.
      const { dryRun } = (request.object as { deleteOptions?: { dryRun?: string[] } }).deleteOptions ?? {}
      const options = dryRun?.length ? { ...request.options, dryRun } : request.options
      return created(await evictPod(registry, about({ ...request, options }, request.name), request.object!))
    }],
  ]
}
