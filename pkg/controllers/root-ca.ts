// Root CA publisher: every namespace has a ConfigMap with the certificate that the API server is trusted by.
import { isAlreadyExists } from '../api/status-error.ts'
import { configMaps, namespaces, type Namespace } from '../api/types-config.ts'
import { controller, watches, type Controller } from '../controller/controller.ts'
import { isNamespaceTerminating } from '../controller/refusals.ts'

const name = 'kube-root-ca.crt'
const annotations = {
  'kubernetes.io/description': 'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
}

export interface RootCaOptions {
  /** PEM. */
  readonly certificate: string
}

export function rootCaController({ certificate }: RootCaOptions): Controller {
  const data = { 'ca.crt': certificate }
  return controller<Namespace>({
    name: 'root-ca-certificate-publisher',
    for: namespaces,
    watches: [watches(configMaps, ({ metadata }) => (metadata.name === name ? [{ name: metadata.namespace ?? '' }] : []))],
    async reconcile({ name: namespace }, object, { client, informers }) {
      if (!object || object.metadata.deletionTimestamp) return
      const published = informers.for(configMaps).get({ namespace, name })
      if (published && published.data?.['ca.crt'] === certificate && Object.keys(published.data).length === 1) return
      if (published) {
        await client.update(configMaps, { ...published, data, metadata: { ...published.metadata, annotations: { ...published.metadata.annotations, ...annotations } } })
        return
      }
      await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name, annotations }, data }).catch((error: unknown) => {
        if (!isAlreadyExists(error) && !isNamespaceTerminating(error)) throw error
      })
    },
  })
}
