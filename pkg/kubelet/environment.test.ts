import type { ConfigMap, Secret } from '../api/types-config.ts'
import type { Container } from '../api/types-pod.ts'
import type { Service } from '../api/types-service.ts'
import { containerEnvironment } from './environment.ts'
import { expand } from './expansion.ts'
import { makePod } from './fixture.suite.ts'
import { serviceEnvironment } from './service-environment.ts'

describe('expand', () => {
  const values: Record<string, string> = { A: 'a', B: '$(A)' }
  it.each([
    ['$(A)', 'a'], ['x$(A)y$(A)', 'xaya'], ['$(NONE)', '$(NONE)'], ['$$(A)', '$(A)'], ['$$$(A)', '$a'], ['$(B)', '$(A)'],
    ['$', '$'], ['$A', '$A'], ['$(A', '$(A'], ['$()', '$()'], ['a$', 'a$'], ['$$', '$'], ['$(A)$$(A)$(A)', 'a$(A)a'],
  ])('%s', (text, expected) => expect(expand(text, (name) => values[name])).toBe(expected))
})

const pod = makePod({ serviceAccountName: 'sa', nodeName: 'n', containers: [{ name: 'c', resources: { limits: { cpu: '1500m', memory: '64Mi' }, requests: { memory: '32Mi' } } }] }, { labels: { app: 'web' } })
const input = {
  pod, addresses: { podIPs: ['10.0.0.1', 'fd00::1'], hostIPs: ['192.168.0.1'] }, allocatable: { cpu: '4', memory: '1000Ki', 'ephemeral-storage': '10' },
  configMaps: new Map([['cm', { metadata: {}, data: { key: 'from-map', other: 'o' } } as ConfigMap]]),
  secrets: new Map([['s', { metadata: {}, data: { key: Buffer.from('hush').toString('base64') } } as Secret]]),
  services: new Map([['SVC_SERVICE_HOST', '10.96.0.9']]),
}
const env = (container: Partial<Container>): Record<string, string> => Object.fromEntries(containerEnvironment({ name: 'c', ...container }, input))
const field = (fieldPath: string): Partial<Container> => ({ env: [{ name: 'V', valueFrom: { fieldRef: { fieldPath } } }] })
const resource = (name: string, divisor?: string): Partial<Container> => ({ env: [{ name: 'V', valueFrom: { resourceFieldRef: { resource: name, ...(divisor ? { divisor } : {}) } } }] })

describe('containerEnvironment', () => {
  it('takes services, then sources, then variables', () => {
    expect(env({
      envFrom: [{ configMapRef: { name: 'cm' } }, { prefix: 'P_', secretRef: { name: 's' } }, { configMapRef: { name: 'none', optional: true } }],
      env: [{ name: 'key', value: 'own $(other) $(SVC_SERVICE_HOST) $(later)' }, { name: 'later', value: '1' }],
    })).toEqual({ key: 'own o 10.96.0.9 $(later)', other: 'o', P_key: 'hush', later: '1', SVC_SERVICE_HOST: '10.96.0.9' })
  })

  it.each([
    ['metadata.name', 'p'], ['metadata.namespace', 'ns'], ['metadata.uid', 'u'], ["metadata.labels['app']", 'web'], ["metadata.annotations['no']", ''],
    ['spec.nodeName', 'n'], ['spec.serviceAccountName', 'sa'], ['status.podIP', '10.0.0.1'], ['status.podIPs', '10.0.0.1,fd00::1'], ['status.hostIP', '192.168.0.1'],
  ])('field %s', (path, expected) => expect(env(field(path))['V']).toBe(expected))

  it.each([
    ['limits.cpu', undefined, '2'], ['limits.cpu', '1m', '1500'], ['limits.memory', undefined, '67108864'], ['limits.memory', '1Mi', '64'], ['requests.memory', '1Gi', '1'],
    ['requests.cpu', undefined, '0'], ['limits.ephemeral-storage', undefined, '10'],
  ])('resource %s by %s', (name, divisor, expected) => expect(env(resource(name, divisor))['V']).toBe(expected))

  it.each<[string, Partial<Container>]>([
    ['configmap "none" not found', { envFrom: [{ configMapRef: { name: 'none' } }] }],
    ['secret "none" not found', { env: [{ name: 'V', valueFrom: { secretKeyRef: { name: 'none', key: 'k' } } }] }],
    ["couldn't find key no in ConfigMap ns/cm", { env: [{ name: 'V', valueFrom: { configMapKeyRef: { name: 'cm', key: 'no' } } }] }],
  ])('%s', (message, container) => expect(() => env(container)).toThrow(message))
})

describe('serviceEnvironment', () => {
  const service = (name: string, namespace: string, ports: object[], clusterIP = '10.96.0.1'): Service => ({ metadata: { name, namespace }, spec: { clusterIP, ports } } as Service)
  const all = [
    service('kubernetes', 'default', [{ name: 'https', port: 443 }]), service('my-db', 'ns', [{ port: 5432 }, { name: 'admin-ui', port: 80, protocol: 'TCP' }], '10.96.0.2'),
    service('headless', 'ns', [{ port: 1 }], 'None'),
  ]

  it('tells of services as docker links did', () => {
    const made = Object.fromEntries(serviceEnvironment(all, { namespace: 'ns', links: true }))
    expect(made).toMatchObject({
      KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443', KUBERNETES_SERVICE_PORT_HTTPS: '443', KUBERNETES_PORT: 'tcp://10.96.0.1:443',
      MY_DB_SERVICE_HOST: '10.96.0.2', MY_DB_SERVICE_PORT: '5432', MY_DB_SERVICE_PORT_ADMIN_UI: '80', MY_DB_PORT_5432_TCP: 'tcp://10.96.0.2:5432', MY_DB_PORT_5432_TCP_ADDR: '10.96.0.2',
    })
    expect(Object.keys(made).some((name) => name.startsWith('HEADLESS'))).toBe(false)
  })

  it('tells only of the master without links', () => {
    const names = [...serviceEnvironment(all, { namespace: 'ns', links: false }).keys()]
    expect(names.length).toBeGreaterThan(0)
    expect(names.every((name) => name.startsWith('KUBERNETES_'))).toBe(true)
  })
})
