// componentstatuses: the old list of parts. All of them are this process, so whoever gets an answer sees them healthy.
import type { KubeObject } from '../api/object.ts'
import { notFound } from '../api/status-error.ts'
import type { SpecialRequest } from './handle.ts'

const component = (name: string): KubeObject & { conditions: object[] } => ({
  kind: 'ComponentStatus', apiVersion: 'v1', metadata: { name },
  conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }],
})

const components = ['controller-manager', 'scheduler', 'etcd-0'].map(component)

export const componentStatusRequests: [string, SpecialRequest][] = [
  ['list /componentstatuses', () => ({
    type: 'list', code: 200, list: { kind: 'ComponentStatusList', apiVersion: 'v1', metadata: {}, items: components },
  })],
  ['get /componentstatuses', ({ name = '' }, { resource }) => {
    const object = components.find((one) => one.metadata.name === name)
    if (!object) throw notFound(resource, name)
    return { type: 'object', code: 200, object }
  }],
]
