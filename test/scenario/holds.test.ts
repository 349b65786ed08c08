// Large inputs are answered as they should be, in parts: the bench's probe against a server in a process of its own.
import { jest } from '@jest/globals'
import { inOneGoMs } from '../../pkg/util/cpu-time.suite.ts'
import type { Hold } from '../bench/hold-probe.ts'
import { probeHolds } from '../bench/holds.ts'

jest.setTimeout(600_000)

/** Of the probe's; `node test/bench/hold-probe.ts` measures all. */
const inputs = [
  'JSON of 320,000 small objects', 'JSON of 320,000 small objects in a custom resource', 'JSON of 150,000 small objects in a custom resource: create, patch, get',
  'JSON of a million empty lists', 'JSON of nothing but brackets', 'JSON with an error at its end',
  'keys that are all wrong', 'merge patch of 60,000 nulls', 'JSON patch of 10,000 operations', 'pod of 20,000 variables: create, strategic patch, get, status',
  'custom resource with a list by keys of 10,000 items: create, apply, patch', 'selectors of 60 KB over 5,000 objects', 'role of 20,000 rules, binding of 20,000 subjects',
  '2,000 requests at once on one connection', 'one object of 1 MB for 100 watches',
  '900 watches of 500 objects begun at once', '2,000 watches of one object that changes',
  'labels, annotations, finalizers and owners without end', 'pod of 10,000 containers', 'a little patch that makes much of little',
  'limits of 3,000 sorts and 3,000 resources, and a pod of 2,000 containers', 'role of 4,000 rules by somebody who has them',
  'YAML of 2.9 MB', 'YAML of many short lines and of flow lists', 'YAML applied, 1.2 MB',
  '1,000 CRDs created and deleted at once', 'namespace with objects of 200 kinds deleted', '5,000 owned objects orphaned',
  'YAML of aliases', 'a policy with 2,000 parameters',
  'ConfigMap of 100,000 keys: create', 'ConfigMap of 50,000 keys as YAML and indented', 'JSON of 300,000 keys that stand twice', 'JSON of 65,000 unknown fields',
  'protobuf of 100,000 keys', 'protobuf of 1.5 million empty entries', 'empty objects by the million, in JSON', 'defaults that make much of little', 'DELETE bodies of 3 MB', 'paths without end',
]

let holds: readonly Hold[]

beforeAll(async () => {
  holds = await probeHolds(inputs)
})

it.each(inputs)('%s', (name) => {
  const hold = holds.find((one) => one.name === name)
  expect(hold?.failed).toBeUndefined()
  expect(hold?.shown).not.toMatch(/\b500 (?!etcdserver: request is too large)/)
  expect(hold?.longestMs).toBeLessThan(inOneGoMs)
})
