// NamespaceLifecycle: objects need a namespace that exists and stays, and some namespaces stay for ever.
import { StatusError, notFound } from '../api/status-error.ts'
import type { Namespace } from '../api/types-config.ts'
import { namespaces } from '../api/types-config.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import { isAbout, refusal } from './admission.ts'

const immortal = new Set(['default', 'kube-system', 'kube-public'])

function refuseTerminating(request: AdmissionRequest, name: string): never {
  const { status } = refusal(request, `unable to create new content in namespace ${name} because it is being terminated`)
  throw new StatusError(403, 'Forbidden', status.message ?? '', {
    ...status.details,
    causes: [{ reason: 'NamespaceTerminating', message: `namespace ${name} is being terminated`, field: 'metadata.namespace' }],
  })
}

export const namespaceLifecycle: AdmissionPlugin = {
  name: 'NamespaceLifecycle',
  mutate(_draft, request) {
    const { namespace } = request
    if (namespace === undefined || request.operation !== 'CREATE') return
    const found = request.view.get<Namespace>(namespaces, { name: namespace })
    if (!found) throw notFound(namespaces, namespace)
    if (found.metadata.deletionTimestamp !== undefined || found.status?.phase === 'Terminating') refuseTerminating(request, namespace)
  },
  validate(_object, request) {
    if (request.operation === 'DELETE' && isAbout(request, namespaces) && immortal.has(request.name)) {
      throw refusal(request, 'this namespace may not be deleted')
    }
  },
}
