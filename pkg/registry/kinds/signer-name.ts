// Names of signers: `example.com/signer-name`.
import { dnsLabelFaults, dnsSubdomainFaults } from '../../api/names.ts'
import type { Errors } from './rules.ts'
import { invalid, required, tooLong } from './rules.ts'

const longestDomain = 253
const longestName = longestDomain + 1 + 253 + 63 + 1

/** The cluster's own signers. */
export function isOwnSigner(name: string): boolean {
  const [domain = ''] = name.split('/')
  return domain === 'kubernetes.io' || domain.endsWith('.kubernetes.io')
}

/** The first label that is none ends the search; those behind it would only be told of again. */
function checkLabels(out: Errors, path: string, text: string, faultsOf: (label: string) => string[]): void {
  for (const label of text.split('.')) {
    const faults = faultsOf(label)
    for (const fault of faults) out.push(invalid(path, text, `validating label ${JSON.stringify(label)}: ${fault}`))
    if (faults.length > 0) return
  }
}

export function checkSignerName(out: Errors, path: string, name = ''): void {
  if (name === '') return void out.push(required(path))
  const [domain = '', rest, ...more] = name.split('/')
  if (rest === undefined || more.length > 0) return void out.push(invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'"))
  if (Buffer.byteLength(domain) > longestDomain) out.push(tooLong(path, longestDomain))
  checkLabels(out, path, domain, dnsLabelFaults)
  if (!domain.includes('.')) out.push(invalid(path, domain, 'should be a domain with at least two segments separated by dots'))
  checkLabels(out, path, rest, dnsSubdomainFaults)
  if (Buffer.byteLength(name) > longestName) out.push(tooLong(path, longestName))
}
