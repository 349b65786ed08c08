// How webhooks are reached and what they are asked about: what a configuration may not say.
import { checkRules } from './admission-checks.ts'
import type { Errors } from './rules.ts'
import { checkWebhookClient, type WebhookClient } from './webhook-client.ts'

const lines = (check: (out: Errors) => void): string[] => {
  const out: Errors = []
  check(out)
  return out.map(({ field, text }) => `${field}: ${text}`)
}

const service = (more: object): WebhookClient => ({ service: { name: 'a', namespace: 'b', port: 443, ...more } })

it.each<[string, WebhookClient | undefined, string[]]>([
  ['a URL', { url: 'https://host:1/path/' }, []],
  ['a service', service({ path: '/a/b-c/' }), []],
  ['the root', service({ path: '/' }), []],
  ['an empty path', service({ path: '' }), []],
  ['neither', undefined, ['c: Required value: exactly one of url or service is required']],
  ['both', { url: 'https://x', ...service({}) }, ['c: Required value: exactly one of url or service is required']],
  ['another scheme', { url: 'http://x' }, [`c.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`]],
  ['no host', { url: 'https:///x' }, ['c.url: Invalid value: "": host must be specified; desired format: https://host[/path]']],
  ['a user, a query and a fragment', { url: 'https://u:p@x/?a=b#c' }, [
    'c.url: Invalid value: "u:p": user information is not permitted in the URL', 'c.url: Invalid value: "c": fragments are not permitted in the URL', 'c.url: Invalid value: "a=b": query parameters are not permitted in the URL',
  ]],
  ['a path without a start', service({ path: 'x' }), [`c.service.path: Invalid value: "x": must start with a '/'`]],
  ['empty segments', service({ path: '/a//b' }), ['c.service.path: Invalid value: "/a//b": segment[1] may not be empty']],
  ['nothing but slashes', service({ path: '//' }), ['c.service.path: Invalid value: "//": segment[0] may not be empty']],
  ['no names', { service: {} }, ['c.service.name: Required value', 'c.service.namespace: Required value', 'c.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive']],
])('%s', (_title, client, expected) => {
  expect(lines((out) => checkWebhookClient(out, 'c', client))).toEqual(expected)
})

it.each<[string[], string[]]>([
  [['pods', 'pods/status', '*/scale'], []],
  [['*', 'pods/status'], []],
  [['*/*'], []],
  [['*/*', 'pods'], [`r[0].resources: Invalid value: ["*/*","pods"]: if '*/*' is present, must not specify other resources`]],
  [['*', 'pods'], [`r[0].resources: Invalid value: ["*","pods"]: if '*' is present, must not specify other resources without subresources`]],
  [['pods/*', 'pods/status'], [`r[0].resources[1]: Invalid value: "pods/status": if 'pods/*' is present, must not specify pods/status`]],
  [['*/a', 'x/a'], [`r[0].resources[1]: Invalid value: "x/a": if '*/a' is present, must not specify x/a`]],
  [[''], ['r[0].resources[0]: Required value']],
])('rules about %j', (resources, expected) => {
  expect(lines((out) => checkRules(out, 'r', [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources, scope: '*' }]))).toEqual(expected)
})
