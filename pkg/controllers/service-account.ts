// ServiceAccount: every namespace has one named `default`.
import { isAlreadyExists } from '../api/status-error.ts'
import { namespaces, serviceAccounts } from '../api/types-config.ts'
import { controller, watches } from '../controller/controller.ts'
import { isNamespaceTerminating } from '../controller/refusals.ts'

const name = 'default'

export default controller({
  name: 'serviceaccount',
  for: namespaces,
  watches: [watches(serviceAccounts, ({ metadata }) => (metadata.name === name ? [{ name: metadata.namespace ?? '' }] : []))],
  async reconcile({ name: namespace }, object, { client, informers }) {
    if (!object || object.metadata.deletionTimestamp || informers.for(serviceAccounts).get({ namespace, name })) return
    await client.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } }).catch((error: unknown) => {
      if (!isAlreadyExists(error) && !isNamespaceTerminating(error)) throw error
    })
  },
})
