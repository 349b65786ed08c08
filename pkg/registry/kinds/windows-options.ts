// Checks of what only pods of Windows have: credentials, users, processes of the host.
import { dnsSubdomainFaults } from '../../api/names.ts'
import type { PodSpec } from '../../api/types-pod.ts'
import { placedContainers } from './placed-containers.ts'
import type { Errors } from './rules.ts'
import { addFaults, invalid } from './rules.ts'

interface WindowsOptions {
  readonly gmsaCredentialSpec?: string
  readonly gmsaCredentialSpecName?: string
  readonly hostProcess?: boolean
  readonly runAsUserName?: string
}

const longestSpec = 64 * 1024

export function checkWindowsOptions(out: Errors, path: string, options: WindowsOptions | undefined): void {
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName: user } = options ?? {}
  if (name !== undefined) addFaults(out, `${path}.gmsaCredentialSpecName`, name, dnsSubdomainFaults(name))
  if (spec === '') out.push(invalid(`${path}.gmsaCredentialSpec`, spec, 'gmsaCredentialSpec cannot be an empty string'))
  else if (Buffer.byteLength(spec ?? '') > longestSpec) out.push(invalid(`${path}.gmsaCredentialSpec`, spec, 'gmsaCredentialSpec size must be under 64 KiB'))
  if (user !== undefined) for (const fault of userFaults(user)) out.push(invalid(`${path}.runAsUserName`, user, `runAsUserName${fault}`))
}

const netBios = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/
const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?'
const domainName = new RegExp(`^${label}(?:\\.${label})*$`)
const control = /\p{Cc}/u

function userFaults(text: string): string[] {
  if (text === '') return [' cannot be an empty string']
  if (control.test(text)) return [' cannot contain control characters']
  const parts = text.split('\\')
  if (parts.length > 2) return [' cannot contain more than one backslash']
  const user = parts.at(-1) ?? ''
  const domain = parts.length === 2 ? parts[0] : undefined
  return [
    ...(Buffer.byteLength(domain ?? '') >= 256 ? ["'s Domain length must be under 256 characters"] : []),
    ...(domain !== undefined && !netBios.test(domain) && !domainName.test(domain) ? ["'s Domain doesn't match the NetBios nor the DNS format"] : []),
    ...(user === '' ? ["'s User cannot be empty"] : Buffer.byteLength(user) > 104 ? ["'s User length must not be longer than 104 characters"] : []),
    ...(/^[. ]+$/.test(user) ? ["'s User cannot contain only periods or spaces"] : []),
    ...(/["/\\:;|=,+*?<>@[\]]/.test(user) ? [`'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]`] : []),
  ]
}

/** Processes of the host are all or none of a pod's containers. */
export function checkHostProcess(out: Errors, path: string, spec: PodSpec): void {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess
  const containers = placedContainers(path, spec)
  for (const { at, container } of containers) {
    const own = container.securityContext?.windowsOptions?.hostProcess
    if (ofPod !== undefined && own !== undefined && ofPod !== own) {
      out.push(invalid(`${at}.securityContext.windowsOptions.hostProcess`, own, `pod hostProcess value must be identical if both are specified, was ${ofPod}`))
    }
  }
  const count = containers.filter(({ container }) => container.securityContext?.windowsOptions?.hostProcess ?? ofPod).length
  if (count === 0) return
  if (count !== containers.length) out.push(invalid(path, '', 'If pod contains any hostProcess containers then all containers must be HostProcess containers'))
  if (!spec.hostNetwork) out.push(invalid(`${path}.hostNetwork`, false, 'hostNetwork must be true if pod contains any hostProcess containers'))
}
