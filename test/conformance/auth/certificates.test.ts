// Certificate signing requests: every operation on them, their approval and their status.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { certificateSigningRequests, type CertificateSigningRequest } from '../../../pkg/api/types-certificates.ts'
import { client, uniqueName } from '../framework.ts'
import { expectDeleted, expectDiscovered, expectPatchedUpdatedWatched, getSubresource, mergePatch } from '../operations.ts'

/** A request and a self-signed certificate for the same name; both base64 of PEM. */
function makeMaterial(): { request: string; certificate: string } {
  const directory = mkdtempSync(join(tmpdir(), 'conformance-csr-'))
  try {
    const openssl = (...args: string[]): unknown => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' })
    const subject = ['-subj', '/CN=e2e.example.com', '-addext', 'subjectAltName=DNS:e2e.example.com']
    openssl('req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-out', 'request.pem', ...subject)
    openssl('req', '-x509', '-key', 'key.pem', '-out', 'certificate.pem', ...subject)
    const read = (name: string): string => readFileSync(join(directory, name)).toString('base64')
    return { request: read('request.pem'), certificate: read('certificate.pem') }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

test('[sig-auth] Certificates API [Privileged:ClusterAdmin] should support CSR API operations [Conformance]', async () => {
  const requests = certificateSigningRequests
  const { request, certificate } = makeMaterial()
  const signerName = `example.com/${uniqueName('e2e')}`
  const template: CertificateSigningRequest = {
    apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { generateName: 'e2e-example-csr-' },
    spec: { request, signerName, expirationSeconds: 3600, usages: ['digital signature', 'key encipherment', 'server auth'] },
  }
  const place = { fieldSelector: `spec.signerName=${signerName}` }
  await expectDiscovered(requests, ['certificatesigningrequests', 'certificatesigningrequests/approval', 'certificatesigningrequests/status'])

  await client.create(requests, template)
  await client.create(requests, template)
  const created = await client.create(requests, template)
  const key = { name: created.metadata.name ?? '' }
  const found = await client.get(requests, key)
  expect(found.metadata.uid).toBe(created.metadata.uid)
  expect(found.spec.expirationSeconds).toBe(3600)

  const { items, metadata: { resourceVersion = '' } } = await client.list(requests, place)
  expect(items).toHaveLength(3)
  await expectPatchedUpdatedWatched(requests, key, { resourceVersion, fieldSelector: `metadata.name=${key.name}` })

  const approval = await getSubresource(requests, key, 'approval')
  expect(approval).toMatchObject({ apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { uid: created.metadata.uid } })
  const patchedApproval = await client.patch(requests, key, mergePatch({
    metadata: { annotations: { patchedapproval: 'true' } }, status: { conditions: [{ type: 'ApprovalPatch', status: 'True', reason: 'e2e' }] },
  }), { subresource: 'approval' })
  expect(patchedApproval.status?.conditions?.map(({ type }) => type)).toEqual(['ApprovalPatch'])
  expect(patchedApproval.metadata.annotations).toMatchObject({ patchedapproval: 'true' })
  const approved = await client.update(requests, {
    ...patchedApproval,
    status: { ...patchedApproval.status, conditions: [...patchedApproval.status?.conditions ?? [], { type: 'Approved', status: 'True', reason: 'E2E', message: 'Set from an e2e test' }] },
  }, { subresource: 'approval' })
  expect(approved.status?.conditions?.map(({ type }) => type)).toEqual(['ApprovalPatch', 'Approved'])

  const status = await getSubresource(requests, key, 'status')
  expect(status).toMatchObject({ apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { uid: created.metadata.uid } })
  const patchedStatus = await client.patch(requests, key, mergePatch({ metadata: { annotations: { patchedstatus: 'true' } }, status: { certificate } }), { subresource: 'status' })
  expect(patchedStatus.status?.certificate).toBe(certificate)
  expect(patchedStatus.metadata.annotations).toMatchObject({ patchedstatus: 'true' })
  const conditions = [...patchedStatus.status?.conditions ?? [], { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Set from an e2e test' }]
  const updatedStatus = await client.update(requests, { ...patchedStatus, status: { ...patchedStatus.status, conditions } }, { subresource: 'status' })
  expect(updatedStatus.status?.conditions).toHaveLength(conditions.length)
  expect(updatedStatus.status?.conditions?.at(-1)?.type).toBe('StatusUpdate')

  await expectDeleted(requests, key, place, 2)
})
