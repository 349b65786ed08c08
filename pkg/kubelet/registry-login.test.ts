// Which logins of a pull secret are for an image.
import type { Secret } from '../api/types-config.ts'
import { imageMatches, registryLogins } from './registry-login.ts'

it.each<[string, string, boolean]>([
  ['registry.example', 'registry.example/team/web', true], ['https://registry.example/v1/', 'registry.example/web', true], ['registry.example', 'registry.example:5000/web', false],
  ['registry.example:5000', 'registry.example:5000/web', true], ['*.example', 'registry.example/web', true], ['*.example', 'a.registry.example/web', false], ['*.registry.*', 'a.registry.example/web', true],
  ['registry.example/team', 'registry.example/team/web', true], ['registry.example/team', 'registry.example/other/web', false], ['regis?ry.example', 'registry.example/web', true],
  ['https://index.docker.io/v1/', 'docker.io/library/web', true], ['docker.io/library', 'docker.io/library/web', true], ['registry.example', 'docker.io/registry.example/web', false],
])('%s and %s: %s', (pattern, image, expected) => expect(imageMatches(pattern, image)).toBe(expected))

const base64 = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64')
const secret = (data: Record<string, string>): Secret => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data })
const auths = { 'r.example': { auth: base64('user:pass:word') }, 'r.example/team': { username: 'u', password: 'p' }, 'else.example': { username: 'x' }, '*.example': { identitytoken: 't' } }

it.each([
  ['.dockerconfigjson', { auths }], ['.dockercfg', auths],
])('%s: the most specific first', (key, value) => expect(registryLogins(secret({ [key]: base64(value) }), 'r.example/team/web')).toEqual([
  { username: 'u', password: 'p' }, { username: 'user', password: 'pass:word' }, { identityToken: 't' },
]))
it('none of another form', () => expect(registryLogins(secret({ token: 'eA==' }), 'r.example/web')).toEqual([]))
it('no JSON is an error', () => expect(() => registryLogins(secret({ '.dockerconfigjson': base64('{') }), 'r.example/web')).toThrow(SyntaxError))
