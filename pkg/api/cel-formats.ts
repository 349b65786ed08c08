// CEL: the named formats of Kubernetes, `!format.dns1123Label().validate(self.name).hasValue()`.
import type { Environment } from '@marcbachmann/cel-js'
import { functionsOf, registerEquality } from './cel-register.ts'
import { celOptional } from './cel-optional.ts'
import { dnsLabel1035Faults, dnsLabelFaults, dnsSubdomainFaults, labelValueFaults, qualifiedNameFaults } from './names.ts'
import { parseGoUrl } from './go-url.ts'
import { textFormat } from './text-formats.ts'

class FormatNamespace {}

class CelFormat {
  readonly name: string
  readonly faults: (text: string) => string[]
  constructor(name: string, faults: (text: string) => string[]) {
    this.name = name
    this.faults = faults
  }
}

const tested = (name: string, fault: string): (text: string) => string[] => (text) => (textFormat(name)?.(text) === false ? [fault] : [])

function uriFaults(text: string): string[] {
  try {
    parseGoUrl(text)
    return []
  } catch (error) {
    return [(error as Error).message]
  }
}

const formats: Readonly<Record<string, (text: string) => string[]>> = {
  dns1123Label: dnsLabelFaults, dns1123Subdomain: dnsSubdomainFaults, dns1035Label: dnsLabel1035Faults,
  qualifiedName: qualifiedNameFaults, labelValue: labelValueFaults,
  dns1123LabelPrefix: (text) => dnsLabelFaults(text.replace(/-$/, 'a')), dns1123SubdomainPrefix: (text) => dnsSubdomainFaults(text.replace(/-$/, 'a')),
  dns1035LabelPrefix: (text) => dnsLabel1035Faults(text.replace(/-$/, 'a')),
  uri: uriFaults, uuid: tested('uuid', 'does not match the UUID format'), byte: tested('byte', 'invalid base64'),
  date: tested('date', 'invalid date'), datetime: tested('date-time', 'invalid datetime'),
}

export function registerCelFormats(environment: Environment): void {
  const add = functionsOf(environment)
  environment.registerType('kubernetes.NamedFormat', CelFormat).registerType('FormatNamespace', FormatNamespace)
  registerEquality(environment, 'kubernetes.NamedFormat', (a: CelFormat, b: CelFormat) => a === b)
  environment.registerConstant('format', 'FormatNamespace', new FormatNamespace())
  const made = new Map(Object.entries(formats).map(([name, faults]) => [name, new CelFormat(name, faults)]))
  for (const [name, format] of made) add(`FormatNamespace.${name}(): kubernetes.NamedFormat`, () => format)
  add('FormatNamespace.named(string): optional<kubernetes.NamedFormat>', (_namespace: unknown, name: string) => celOptional(made.get(name)))
  add('kubernetes.NamedFormat.validate(string): optional<list<string>>', (format: CelFormat, text: string) => {
    const faults = format.faults(text)
    return celOptional(faults.length === 0 ? undefined : faults)
  })
}
