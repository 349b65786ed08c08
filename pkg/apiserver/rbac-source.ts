// Roles and bindings, kept current by four watches of the registry.
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../api/types-auth.ts'
import type { Registry } from '../registry/registry.ts'
import { KindView, type Following } from './kind-view.ts'
import type { RbacObjects, RbacSource } from './rbac.ts'

/** Follows the registry until the signal aborts. */
export function watchRbac(registry: Registry, following: Following): RbacSource {
  const views = [
    new KindView(registry, roles, following), new KindView(registry, clusterRoles, following),
    new KindView(registry, roleBindings, following), new KindView(registry, clusterRoleBindings, following),
  ] as const
  let seen = -1
  let objects: RbacObjects = { roles: [], clusterRoles: [], roleBindings: [], clusterRoleBindings: [] }
  return {
    current() {
      const version = views.reduce((sum, view) => sum + view.version, 0)
      if (version !== seen) {
        seen = version
        objects = { roles: views[0].values(), clusterRoles: views[1].values(), roleBindings: views[2].values(), clusterRoleBindings: views[3].values() }
      }
      return objects
    },
  }
}
