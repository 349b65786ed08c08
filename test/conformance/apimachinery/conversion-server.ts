// What tests of conversion by webhook start with: the conversion server, and a kind whose versions it converts.
import { roleBindings } from '../../../pkg/api/types-auth.ts'
import type { CustomVersion } from '../../../pkg/api/types-custom.ts'
import { StatusError } from '../../../pkg/api/status-error.ts'
import { client, eventually, existing, uniqueName } from '../framework.ts'
import { createTestCrd, customObject, type TestCrd } from './test-crd.ts'
import { allowAuthReader, deployWebhookServer, type WebhookServer } from './webhook-server.ts'

const text = { type: 'string' as const }

const schemas = {
  v1: { openAPIV3Schema: { type: 'object' as const, properties: { hostPort: text } } },
  v2: { openAPIV3Schema: { type: 'object' as const, properties: { host: text, port: text } } },
}

/** v1 has `hostPort`, v2 has `host` and `port`. */
export const hostVersions = (stored: 'v1' | 'v2', more: { v1?: Partial<CustomVersion>; v2?: Partial<CustomVersion> } = {}): CustomVersion[] =>
  (['v1', 'v2'] as const).map((name) => ({ name, served: true, storage: name === stored, schema: schemas[name], ...more[name] }))

/** Made anew before each test of the file; `namespace` is told then. */
export function useConversionServer(namespace: () => string): { createCrd(versions: CustomVersion[]): Promise<TestCrd> } {
  let server: WebhookServer | undefined
  let undo: (() => Promise<unknown>)[] = []
  beforeEach(async () => {
    const reader = uniqueName('crd-conversion-webhook-auth-reader')
    await allowAuthReader(reader, namespace())
    undo.push(() => client.delete(roleBindings, { namespace: 'kube-system', name: reader }))
    server = await deployWebhookServer(namespace(), {
      program: 'crd-conversion-webhook', service: 'e2e-test-crd-conversion-webhook', secret: 'sample-custom-resource-conversion-webhook-secret',
      labels: { 'crd-webhook': 'true' }, port: 9443, containerPort: 9444,
    })
  })
  afterEach(async () => {
    for (const what of undo.reverse()) await existing(what())
    undo = []
  })
  return {
    async createCrd(versions) {
      if (!server) throw new Error('there is no conversion server outside of tests')
      const { namespace: within, service: name, port, caBundle } = server
      const crd = await createTestCrd(uniqueName('crd-webhook'), {
        group: 'stable.example.com', versions, preserveUnknownFields: false,
        conversion: { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1', 'v1beta1'], clientConfig: { caBundle, service: { namespace: within, name, path: '/crdconvert', port } } } },
      })
      undo.push(() => crd.remove())
      await converts(crd, within)
      return crd
    },
  }
}

/** Creates objects that must be converted until one can be. */
async function converts(crd: TestCrd, namespace: string): Promise<void> {
  const name = uniqueName('ready')
  let last: unknown
  await eventually(async () => {
    try {
      await client.create(crd.of('v2'), customObject(crd, 'v2', { namespace, name }))
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      last = error.message
      return false
    }
    await client.delete(crd.of('v2'), { namespace, name })
    return true
  }, () => `the conversion works: ${String(last)}`, 30_000)
}
