// What went wrong with a connection to another server, as Go words it.
const trust = new Set(['SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_GET_ISSUER_CERT', 'CERT_SIGNATURE_FAILURE'])

export function networkWords(error: unknown): string {
  const { code = '', message, address, port, hostname } = error as NodeJS.ErrnoException & { address?: string; port?: number; hostname?: string }
  const dialled = `dial tcp ${address?.includes(':') ? `[${address}]` : address ?? ''}:${port ?? ''}`
  if (code === 'ECONNREFUSED') return `${dialled}: connect: connection refused`
  if (code === 'EHOSTUNREACH') return `${dialled}: connect: no route to host`
  if (code === 'ENETUNREACH') return `${dialled}: connect: network is unreachable`
  if (code === 'ETIMEDOUT') return `${dialled}: connect: connection timed out`
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${hostname ?? ''}: no such host`
  if (code === 'ECONNRESET') return 'EOF'
  if (trust.has(code)) return 'tls: failed to verify certificate: x509: certificate signed by unknown authority'
  if (code === 'CERT_HAS_EXPIRED') return 'tls: failed to verify certificate: x509: certificate has expired or is not yet valid'
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `tls: failed to verify certificate: x509: ${message}`
  return message
}
