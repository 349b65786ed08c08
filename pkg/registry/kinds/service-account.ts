// ServiceAccount: an identity for pods.
import { serviceAccounts } from '../../api/types-config.ts'
import type { ServiceAccount } from '../../api/types-config.ts'
import { ageColumn, nameColumn } from './columns.ts'
import { define } from './define.ts'

const mountable = 'kubernetes.io/enforce-mountable-secrets'

/** Secrets are named, and nothing else is said of them. */
function keepNames(draft: ServiceAccount): void {
  if (draft.secrets) draft.secrets = draft.secrets.map(({ name }) => (name ? { name } : {}))
}

export default define(serviceAccounts, {
  generation: false,
  prepareCreate: keepNames,
  prepareUpdate: keepNames,
  warnings({ metadata }, old) {
    const fresh = metadata.annotations?.[mountable] !== undefined && old?.metadata.annotations?.[mountable] === undefined
    return fresh ? [`metadata.annotations[${mountable}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`] : []
  },
  columns: [
    nameColumn,
    ageColumn,
  ],
})
