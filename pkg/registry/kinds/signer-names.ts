// Checks of names of signers: a domain and a path, `example.com/name`.
import { dnsLabelFaults, dnsSubdomainFaults } from '../../api/names.ts'
import type { Errors } from './rules.ts'
import { invalid, required, tooLong } from './rules.ts'

const longestDomain = 253
// Room for a namespace and a name, which some signers have in their names.
const longestName = longestDomain + 1 + 63 + 1 + 253

/** The cluster's own signers. */
export function isOwnSigner(name: string): boolean {
  const [domain = ''] = name.split('/')
  return domain === 'kubernetes.io' || domain.endsWith('.kubernetes.io')
}

/** Faults of the first part that has some; those of the next would tell nothing new. */
function checkParts(out: Errors, path: string, text: string, faultsOf: (part: string) => string[]): void {
  for (const part of text.split('.')) {
    const faults = faultsOf(part)
    for (const fault of faults) out.push(invalid(path, text, `validating label ${JSON.stringify(part)}: ${fault}`))
    if (faults.length > 0) return
  }
}

export function checkSignerName(out: Errors, path: string, name = ''): void {
  const [domain = '', rest = '', ...more] = name.split('/')
  if (name === '') return void out.push(required(path))
  if (!name.includes('/') || more.length > 0) return void out.push(invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'"))
  if (domain.length > longestDomain) out.push(tooLong(path, longestDomain))
  checkParts(out, path, domain, dnsLabelFaults)
  if (!domain.includes('.')) out.push(invalid(path, domain, 'should be a domain with at least two segments separated by dots'))
  checkParts(out, path, rest, dnsSubdomainFaults)
  if (name.length > longestName) out.push(tooLong(path, longestName))
}
