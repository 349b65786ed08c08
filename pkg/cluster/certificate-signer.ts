// Signs what controllers have approved, with the cluster's own authorities.
import type { CertificateSigner } from '../controllers/certificate-signing.ts'
import { allKeyUsages, certificateLifetimeMs, certifyRequest, readRequest } from '../pki/certificates.ts'
import type { ClusterPki } from '../pki/cluster-pki.ts'
import type { Clock } from '../util/clock.ts'

export function certificateSigner(pki: Pick<ClusterPki, 'clientAuthority' | 'serverAuthority'>, clock: Clock): CertificateSigner {
  return {
    read: readRequest,
    async sign(request, { usages, lifetimeMs = certificateLifetimeMs }) {
      const usage = usages.includes('server auth') ? 'server' : 'client'
      const authority = usage === 'server' ? pki.serverAuthority : pki.clientAuthority
      const keyUsages = allKeyUsages.filter((name) => usages.includes(name))
      return certifyRequest(authority, await readRequest(request), { usages: [usage], keyUsages, lifetimeMs: Math.min(lifetimeMs, certificateLifetimeMs), clock })
    },
  }
}
