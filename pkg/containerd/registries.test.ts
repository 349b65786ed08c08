// registries.yaml as k3s has it, and what containerd is told.
import { parseRegistries } from './registries.ts'
import { registryHosts, registryLogins, rewrittenNames } from './registry-hosts.ts'

const hostsOf = (text: string): Record<string, string> => Object.fromEntries(registryHosts(parseRegistries(text)).map(({ host, toml }) => [host, toml.trim()]))

it('an empty file says nothing', () => expect(hostsOf('')).toEqual({}))

it('mirrors are hosts in their order, each with the TLS of its own', () => {
  expect(hostsOf(`
mirrors:
  docker.io: { endpoint: [https://one.example:5000, "http://two.example/v2/cache", three.example] }
configs:
  one.example:5000: { tls: { ca_file: /ca, cert_file: /cert, key_file: /key } }
  "*": { tls: { insecure_skip_verify: true } }
`)['docker.io']).toBe(`
server = "https://registry-1.docker.io/v2"
capabilities = ["pull","resolve"]
skip_verify = true

["host"."https://one.example:5000/v2"]
capabilities = ["pull","resolve"]
ca = "/ca"
client = [["/cert","/key"]]

["host"."http://two.example/v2/cache"]
capabilities = ["pull","resolve"]
override_path = true
skip_verify = true

["host"."https://three.example/v2"]
capabilities = ["pull","resolve"]
skip_verify = true
`.trim())
})

it.each([
  ['localhost:5000', 'http://localhost:5000/v2'], ['127.0.0.1:5000', 'http://127.0.0.1:5000/v2'], ['localhost', 'https://localhost/v2'], ['r.example:5000', 'https://r.example:5000/v2'],
])('the endpoint %s is %s', (endpoint, url) => expect(hostsOf(`mirrors: { "x.example": { endpoint: ["${endpoint}"] } }`)['x.example']).toContain(`"${url}"`))

it('a wildcard is for all registries without a mirror of their own', () => {
  const hosts = hostsOf('mirrors: { "*": { endpoint: [https://all.example] } }\nconfigs: { named.example: { tls: { ca_file: /ca } } }')
  expect(hosts['_default']).toContain('https://all.example/v2')
  expect(hosts['named.example']).toContain('https://all.example/v2')
})

it('logins go by the host that is asked', () => {
  expect(registryLogins(parseRegistries('configs: { docker.io: { auth: { username: a, password: b } }, "r.example:1": { auth: { identity_token: t } } }\nauths: { old.example: { auth: eDp5 } }'))).toEqual({
    'registry-1.docker.io': { username: 'a', password: 'b' }, 'r.example:1': { identitytoken: 't' }, 'old.example': { auth: 'eDp5' },
  })
})

describe('rewrites', () => {
  const text = `
mirrors:
  docker.io: { endpoint: [https://one.example, https://two.example/base], rewrite: { "^library/(.*)$": "hub/$1", "^": "other/" } }
  plain.example: { endpoint: [https://one.example] }
  "*": { endpoint: [https://one.example], rewrite: { "(.*)": "all/\${1}" } }
`
  const namesOf = rewrittenNames(parseRegistries(text))
  const hosts = hostsOf(text)
  it.each([
    ['docker.io/library/web:1', ['m0-0.rewritten.kinglet.internal/hub/web:1', 'm0-1.rewritten.kinglet.internal/hub/web:1']],
    ['docker.io/team/web@sha256:00', ['m0-0.rewritten.kinglet.internal/other/team/web@sha256:00', 'm0-1.rewritten.kinglet.internal/other/team/web@sha256:00']],
    ['plain.example/web:1', []],
    ['else.example:5000/web:1', ['m1-0.rewritten.kinglet.internal/all/web:1']],
  ])('%s is asked for as %j', (name, expected) => expect(namesOf(name)).toEqual(expected))
  it('each endpoint is a host that only containerd knows', () => {
    expect(hosts['m0-1.rewritten.kinglet.internal']).toContain('server = "https://two.example/base"\ncapabilities = ["pull","resolve"]\noverride_path = true')
    expect(hosts['docker.io']).toBe('[host]')
  })
})

it.each([
  ['[1]', /^the file: expected a mapping/], ['mirror: {}', /unknown key "mirror"; known are mirrors, configs, auths/], ['mirrors: { a: { endpoint: x } }', /^mirrors.a.endpoint: expected a list/],
  ['mirrors: { a: { endpoint: ["ftp://x"] } }', /expected a host or a URL, found "ftp:/], ['mirrors: { a: { rewrite: { "(": x } } }', /"\(" is no regular expression/],
  ['configs: { a: { tls: { insecure_skip_verify: maybe } } }', /expected true or false/], ['configs: { a: { auth: { user: x } } }', /^configs.a.auth: unknown key "user"/],
])('%s is refused', (text, words) => expect(() => parseRegistries(text)).toThrow(words))
