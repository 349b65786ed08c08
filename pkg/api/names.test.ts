// Names: which are good, and Kubernetes' texts for those that are not.
import { configKeyFaults, dnsLabel1035Faults, dnsLabelFaults, dnsSubdomainFaults, pathSegmentFaults, portNameFaults, qualifiedNameFaults } from './names.ts'

const subdomain = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

it.each<[string, (value: string) => string[], string, string[]]>([
  ['subdomain', dnsSubdomainFaults, 'a.b-c.1', []],
  ['subdomain', dnsSubdomainFaults, 'A_b', [subdomain]],
  ['subdomain', dnsSubdomainFaults, 'a'.repeat(254), ['must be no more than 253 characters']],
  ['label', dnsLabelFaults, 'a-1', []],
  ['label', dnsLabelFaults, 'a.b', ['must not contain dots']],
  ['label', dnsLabelFaults, 'a'.repeat(64), ['must be no more than 63 characters']],
  ['label', dnsLabelFaults, '', ["a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"]],
  ['1035 label', dnsLabel1035Faults, '1a', ["a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"]],
  ['qualified', qualifiedNameFaults, 'example.com/My_name', []],
  ['qualified', qualifiedNameFaults, '/a', ['prefix part must be non-empty']],
  ['qualified', qualifiedNameFaults, 'A/a', [`prefix part ${subdomain}`]],
  ['path segment', pathSegmentFaults, 'system:node:a', []],
  ['path segment', pathSegmentFaults, 'a/b%', ["may not contain '/'", "may not contain '%'"]],
  ['path segment', pathSegmentFaults, '..', ["may not be '..'"]],
  ['config key', configKeyFaults, '..a', ["must not start with '..'"]],
  ['port name', portNameFaults, 'http-1', []],
  ['port name', portNameFaults, '1--', ['must contain at least one letter (a-z)', 'must not contain consecutive hyphens', 'must not begin or end with a hyphen']],
])('%s %#', (_what, check, value, faults) => {
  expect(check(value)).toEqual(faults)
})
