// When a bootstrap flow object is written again.
import type { PriorityLevel } from '../api/types-flow-control.ts'
import { keptFlowObject } from './flow-bootstrap.ts'

const annotation = 'apf.kubernetes.io/autoupdate-spec'
const level = (name: string, shares: number, metadata: object = {}): PriorityLevel =>
  ({ metadata: { name, ...metadata }, spec: { type: 'Limited', limited: { nominalConcurrencyShares: shares } } })
const said = (value: string, generation = 2): object => ({ annotations: { [annotation]: value }, generation })

describe('what is found becomes', () => {
  const cases: [string, PriorityLevel, PriorityLevel, [shares: number, said: string] | undefined][] = [
    ['nothing else when it is as wanted', level('system', 30), level('system', 30, said('true')), undefined],
    ['as wanted when it says so', level('system', 30), level('system', 7, said('true')), [30, 'true']],
    ['nothing else when it says not', level('system', 30), level('system', 7, said('false')), undefined],
    ['marked when nothing is said and its spec was changed', level('system', 30), level('system', 7, { generation: 2 }), [7, 'false']],
    ['as wanted when nothing is said and its spec is the first', level('system', 30), level('system', 7, { generation: 1 }), [30, 'true']],
    ['marked when what it says has no meaning', level('system', 30), level('system', 7, said('yes')), [7, 'false']],
    ['as wanted when it is mandatory, whatever it says', level('catch-all', 5), level('catch-all', 7, said('false')), [5, 'true']],
    ['marked when it is mandatory and only says otherwise', level('catch-all', 5), level('catch-all', 5, said('false')), [5, 'true']],
  ]
  test.each(cases)('%s', (_name, wanted, found, expected) => {
    const kept = keptFlowObject(wanted, found)
    expect(kept && [kept.spec.limited?.nominalConcurrencyShares, kept.metadata.annotations?.[annotation]]).toEqual(expected)
  })
})

test('how much of exempt is shared out is left as it is', () => {
  const exempt = (shares: number): PriorityLevel => ({ metadata: { name: 'exempt', ...said('true') }, spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: shares } } })
  expect(keptFlowObject(exempt(0), exempt(20))).toBeUndefined()
})
