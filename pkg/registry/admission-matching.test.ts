// Rules of webhooks and policies: which requests they are about.
import type { MatchFacts, MatchRule } from './admission-matching.ts'
import { Equivalents, isExempt, matchedDefinition, ruleMatches, selectorTest } from './admission-matching.ts'
import { namespaces, pods, testDefinition, widgets } from './fixture.suite.ts'

const facts = (more: Partial<MatchFacts> = {}): MatchFacts => ({ operation: 'CREATE', definition: pods, name: 'p', namespace: 'a', ...more })
const rule = (more: Partial<MatchRule> = {}): MatchRule => ({ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], scope: '*', ...more })

it.each<[string, MatchRule, MatchFacts, boolean]>([
  ['the very same', rule(), facts(), true],
  ['another operation', rule(), facts({ operation: 'DELETE' }), false],
  ['any operation', rule({ operations: ['*'] }), facts({ operation: 'CONNECT' }), true],
  ['another group', rule({ apiGroups: ['apps'] }), facts(), false],
  ['a resource is not its subresource', rule(), facts({ subresource: 'status' }), false],
  ['* is no subresource', rule({ resources: ['*'] }), facts({ subresource: 'status' }), false],
  ['*/* is everything', rule({ resources: ['*/*'] }), facts(), true],
  ['*/* is every subresource', rule({ resources: ['*/*'] }), facts({ subresource: 'status' }), true],
  ['*/status is any status', rule({ resources: ['*/status'] }), facts({ subresource: 'status' }), true],
  ['pods/* is each of its subresources', rule({ resources: ['pods/*'] }), facts({ subresource: 'exec' }), true],
  ['namespaced', rule({ scope: 'Namespaced' }), facts(), true],
  ['not cluster-scoped', rule({ scope: 'Cluster' }), facts(), false],
  ['a namespace is cluster-scoped', rule({ scope: 'Cluster', resources: ['namespaces'] }), facts({ definition: namespaces }), true],
  ['another name', rule({ resourceNames: ['q'] }), facts(), false],
])('%s', (_name, stated, about, expected) => {
  expect(ruleMatches(stated, about)).toBe(expected)
})

it('finds the version that is asked for, if any will do', () => {
  const older = { ...widgets, resource: { ...widgets.resource, version: 'v1beta1' } }
  const equivalents = new Equivalents(() => [widgets, older, pods])
  const rules = [rule({ apiGroups: ['example.com'], resources: ['widgets'] })]
  const about = facts({ definition: older })
  expect(matchedDefinition(rules, about, 'Equivalent', equivalents)).toBe(widgets)
  expect(matchedDefinition(rules, about, 'Exact', equivalents)).toBeUndefined()
  expect(matchedDefinition(rules, facts({ definition: widgets }), 'Exact', equivalents)).toBe(widgets)
})

it('selects by the labels of the namespace, of a namespace itself, and of either object', () => {
  const labelled = (labels: Record<string, string>): NonNullable<MatchFacts['object']> => ({ metadata: { labels } })
  const inTeam = selectorTest({ namespaceSelector: { matchLabels: { team: 'a' } } })
  expect(inTeam(facts({ namespaceObject: labelled({ team: 'a' }) }))).toBe(true)
  expect(inTeam(facts({ namespaceObject: labelled({}) }))).toBe(false)
  expect(inTeam(facts({ definition: namespaces, object: labelled({ team: 'a' }) }))).toBe(true)
  expect(inTeam(facts({ definition: namespaces, old: labelled({}) }))).toBe(false)
  const chosen = selectorTest({ objectSelector: { matchLabels: { x: 'y' } } })
  expect(chosen(facts({ object: labelled({}), old: labelled({ x: 'y' }) }))).toBe(true)
  expect(chosen(facts({ object: labelled({}) }))).toBe(false)
})

it('spares what configures admission', () => {
  const configuration = testDefinition('validatingwebhookconfigurations', 'ValidatingWebhookConfiguration')
  expect(isExempt(configuration)).toBe(false)
  expect(isExempt({ ...configuration, resource: { ...configuration.resource, group: 'admissionregistration.k8s.io' } })).toBe(true)
})
