// What is done about the APIServices of this server, by their label, at the start and later.
import type { ApiService } from '../api/types-api-service.ts'
import { planApiServices } from './api-services.ts'

const service = (label: string | undefined, versionPriority = 10): ApiService => ({
  metadata: { name: 'v1.x', ...(label ? { labels: { 'kube-aggregator.kubernetes.io/automanaged': label } } : {}) },
  spec: { group: 'x', version: 'v1', groupPriorityMinimum: 1, versionPriority },
})

// wanted, found, at the start, later
test.each<[string | undefined, string | undefined | 'nothing', string, string]>([
  [undefined, undefined, '', ''],
  [undefined, 'onstart', 'remove', ''],
  [undefined, 'true', 'remove', 'remove'],
  ['onstart', 'nothing', 'create', ''],
  ['onstart', undefined, '', ''],
  ['onstart', 'onstart', 'update', ''],
  ['onstart', 'true', 'update', ''],
  ['true', 'nothing', 'create', 'create'],
  ['true', undefined, '', ''],
  ['true', 'false', '', ''],
  ['true', 'onstart', 'update', ''],
  ['true', 'true', 'update', 'update'],
])('wanted %s, found %s: %s, later %s', (wanted, found, first, later) => {
  const done = (starting: boolean): string => {
    const plan = planApiServices(wanted ? [service(wanted)] : [], found === 'nothing' ? [] : [service(found, 77)], starting)
    for (const { spec } of plan.update) expect(spec.versionPriority).toBe(10)
    return Object.entries(plan).filter(([, list]) => (list as unknown[]).length > 0).map(([name]) => name).join()
  }
  expect([done(true), done(false)]).toEqual([first, later])
})

test('one that is as wanted is left alone', () => {
  expect(planApiServices([service('true')], [service('true')], true)).toEqual({ create: [], update: [], remove: [] })
})
