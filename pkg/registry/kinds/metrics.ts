// NodeMetrics and PodMetrics: measured by the API server's nodes on each read; nothing is stored.
import type { Resource } from '../../api/object.ts'
import { addQuantities, formatQuantity, parseQuantity, zeroQuantity } from '../../api/quantity.ts'
import { schemaOf } from '../../api/schema-table.ts'
import type { NodeMetrics, PodMetrics, UsageList } from '../../api/types-metrics.ts'
import { nodeMetrics, podMetrics } from '../../api/types-metrics.ts'
import type { Column, Definition } from '../definition.ts'
import { nameColumn, text } from './columns.ts'

// Not in the table of resources, which tells what a Kubernetes API server has by itself.
function measured<T extends NodeMetrics | PodMetrics>(resource: Resource<T>, singular: string, usages: (object: T) => readonly UsageList[]): Definition {
  const total = (name: string) => (object: T): string =>
    formatQuantity(usages(object).map((usage) => parseQuantity(usage[name] ?? '0')).reduce((sum, each) => addQuantities(each, sum), zeroQuantity))
  const columns: Column<T>[] = [
    nameColumn,
    text<T>('cpu', 'Processor time in use, in cores.', total('cpu')),
    text<T>('memory', 'Memory that can not be given back at once.', total('memory')),
    text<T>('Window', 'The time over which processor time is averaged.', ({ window }) => window),
  ]
  return {
    resource, singular, columns,
    listKind: `${resource.kind}List`, shortNames: [], categories: [], verbs: ['get', 'list'], subresources: [], generation: false,
    get schema() {
      const schema = schemaOf(resource.group, resource.version, resource.kind)
      if (!schema) throw new Error(`schema table: expected ${resource.group} ${resource.kind}, found none`)
      return schema
    },
  } as unknown as Definition
}

/** Served where nodes are measured: `metricsRequests` of the API server answers them. */
export const metricsDefinitions: readonly Definition[] = [
  measured(nodeMetrics, 'node', ({ usage }) => [usage]),
  measured(podMetrics, 'pod', ({ containers }) => containers.map(({ usage }) => usage)),
]
