// Who may approve and sign certificate requests: a permission of its own for each signer.
import { readRequest } from '../pki/certificates.ts'
import type { ApiRequest } from '../api/request.ts'
import { forbidden, isNotFound } from '../api/status-error.ts'
import { certificateSigningRequests, type CertificateSigningRequest } from '../api/types-certificates.ts'
import type { Registry } from '../registry/registry.ts'
import type { Authorizer } from './authorizer.ts'

const { group, plural } = certificateSigningRequests
/** By subresource, the verb on `signers` that a write needs. */
const verbs: Readonly<Record<string, string>> = { approval: 'approve', status: 'sign' }

/** A guard for `createHandle`: whoever may write to requests may not, for that alone, hand out identities. */
export function certificateGuard(registry: Registry, authorizer: Authorizer): (request: ApiRequest) => void {
  return ({ verb: asking, user, group: asked, version, plural: kind, subresource = '', name = '' }) => {
    if (asking !== 'update' && asking !== 'patch') return
    const verb = verbs[subresource]
    if (asked !== group || kind !== plural || verb === undefined) return
    const definition = registry.definition(group, version, plural)
    const signer = definition && signerOf(registry, definition, name)
    // What is not there is the registry's to tell.
    if (signer === undefined) return
    const [domain = ''] = signer.split('/')
    const allowed = [signer, `${domain}/*`].some((resourceName) => authorizer.authorize({ user, verb, group, version: '*', resource: 'signers', name: resourceName }).allowed)
    if (!allowed) throw forbidden(certificateSigningRequests, name, `user not permitted to ${verb} requests with signerName "${signer}"`)
  }
}

function signerOf(registry: Registry, definition: Parameters<Registry['get']>[0], name: string): string | undefined {
  try {
    return (registry.get(definition, { name }) as CertificateSigningRequest).spec.signerName
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

const clientSigner = 'kubernetes.io/kube-apiserver-client'

/** A guard for `createHandle`: nobody asks this signer for the rights of those who may do everything. */
export function subjectGuard({ verb, group: asked, plural: kind, object }: ApiRequest): Promise<void> | undefined {
  if (verb !== 'create' || asked !== group || kind !== plural) return undefined
  const { signerName, request = '' } = (object as Partial<CertificateSigningRequest> | undefined)?.spec ?? {}
  return signerName === clientSigner ? checkSubject(object?.metadata.name ?? '', request) : undefined
}

async function checkSubject(name: string, request: string): Promise<void> {
  // What is no request is found to be none by validation.
  const subject = await readRequest(Buffer.from(request, 'base64').toString()).catch(() => undefined)
  if (subject?.organizations.includes('system:masters')) {
    throw forbidden(certificateSigningRequests, name, `use of ${clientSigner} signer with system:masters group is not allowed`)
  }
}
