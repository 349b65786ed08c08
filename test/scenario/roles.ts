// The roles of a new cluster, for tests whose controllers act as they do in a cluster: with the rights of their own accounts.
import type { KubeObject } from '../../pkg/api/object.ts'
import type { Handle } from '../../pkg/api/request.ts'
import { DirectClient } from '../../pkg/client/direct-client.ts'
import { controllerIdentity } from '../../pkg/cluster/controller-identities.ts'
import { readManifests } from '../../pkg/cluster/manifests.ts'
import { defaultClusterOptions } from '../../pkg/cluster/options.ts'
import { ensureObjects } from '../../pkg/registry/bootstrap.ts'
import type { Registry } from '../../pkg/registry/registry.ts'

/** Makes the namespaces that have roles, and all roles and bindings. */
export async function makeRoles(registry: Registry): Promise<void> {
  const roles = readManifests({ ...defaultClusterOptions, nodeName: '', stateDirectory: '', dataDirectory: '' }).filter(({ apiVersion }) => apiVersion?.startsWith('rbac.authorization.k8s.io'))
  await ensureObjects(registry, [...['default', 'kube-system', 'kube-public'].map((name): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })), ...roles])
}

export const controllerClient = (handle: Handle, name: string): DirectClient => new DirectClient(handle, controllerIdentity(name), 'kube-controller-manager')

/** Throws when a controller was refused what it tried. */
export function checkRights(logged: readonly string[]): void {
  const refused = logged.filter((text) => /cannot \w+ resource/.test(text))
  if (refused.length > 0) throw new Error(`controllers lack rights:\n${refused.join('\n')}`)
}
