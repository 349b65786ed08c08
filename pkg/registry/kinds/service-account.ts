// ServiceAccount: an identity for pods.
import { serviceAccounts } from '../../api/types-config.ts'
import { ageColumn, integer, nameColumn } from './columns.ts'
import { define } from './define.ts'

export default define(serviceAccounts, {
  generation: false,
  columns: [
    nameColumn,
    integer('Secrets', 'Number of secrets that the account lists.', ({ secrets }) => (secrets ?? []).length),
    ageColumn,
  ],
})
