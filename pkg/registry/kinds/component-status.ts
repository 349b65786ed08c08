// ComponentStatus: computed by the API server on each read; nothing is stored.
import type { KubeObject } from '../../api/object.ts'
import { nameColumn, text } from './columns.ts'
import { define, named } from './define.ts'

interface ComponentStatus extends KubeObject {
  conditions?: { type: string; status: string; message?: string; error?: string }[]
}

const healthOf = ({ conditions = [] }: ComponentStatus) => conditions.find(({ type }) => type === 'Healthy')

export default define(named<ComponentStatus>('v1', 'componentstatuses'), {
  generation: false,
  deprecation: 'v1 ComponentStatus is deprecated in v1.19+',
  columns: [
    nameColumn,
    text('Status', 'Whether the component is well.', (object) => (healthOf(object)?.status === 'True' ? 'Healthy' : healthOf(object)?.status === 'False' ? 'Unhealthy' : 'Unknown')),
    text('Message', 'What the component said of itself.', (object) => healthOf(object)?.message ?? ''),
    text('Error', 'Why the component could not be asked.', (object) => healthOf(object)?.error ?? ''),
  ],
})
