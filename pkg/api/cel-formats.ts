// CEL: the named formats of Kubernetes, `!format.dns1123Label().validate(self.name).hasValue()`.
import type { Environment } from '@marcbachmann/cel-js'
import { functionsOf, registerEquality } from './cel-register.ts'
import { celOptional } from './cel-optional.ts'
import { dnsLabel1035Faults, dnsLabelFaults, dnsSubdomainFaults, labelValueFaults, qualifiedNameFaults } from './names.ts'
import { parseGoUrl } from './go-url.ts'
import { textFormat } from './text-formats.ts'

class FormatNamespace {}

export class CelFormat {
  readonly name: string
  readonly faults: (text: string) => string[]
  /** How long the pattern is taken to be that tells what fits, in what it costs. */
  readonly patternLength: number
  constructor(name: string, faults: (text: string) => string[], patternLength: number) {
    this.name = name
    this.faults = faults
    this.patternLength = patternLength
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

/** More follows: a dash at the end is none. */
const withoutDash = (prefix: string): string => (prefix.length > 1 && prefix.endsWith('-') ? `${prefix.slice(0, -2)}a` : prefix)

const formats: Readonly<Record<string, readonly [faults: (text: string) => string[], patternLength: number]>> = {
  dns1123Label: [dnsLabelFaults, 30], dns1123Subdomain: [dnsSubdomainFaults, 60], dns1035Label: [dnsLabel1035Faults, 30],
  qualifiedName: [qualifiedNameFaults, 60], labelValue: [labelValueFaults, 40],
  dns1123LabelPrefix: [(text) => dnsLabelFaults(withoutDash(text)), 30], dns1123SubdomainPrefix: [(text) => dnsSubdomainFaults(withoutDash(text)), 60],
  dns1035LabelPrefix: [(text) => dnsLabel1035Faults(withoutDash(text)), 30],
  uri: [uriFaults, 1103], uuid: [tested('uuid', 'does not match the UUID format'), 70], byte: [tested('byte', 'invalid base64'), 84],
  date: [tested('date', 'invalid date'), 71], datetime: [tested('date-time', 'invalid datetime'), 71],
}

export function registerCelFormats(environment: Environment): void {
  const add = functionsOf(environment)
  environment.registerType('kubernetes.NamedFormat', CelFormat).registerType('FormatNamespace', FormatNamespace)
  registerEquality(environment, 'kubernetes.NamedFormat', (a: CelFormat, b: CelFormat) => a === b)
  environment.registerConstant('format', 'FormatNamespace', new FormatNamespace())
  const made = new Map(Object.entries(formats).map(([name, [faults, patternLength]]) => [name, new CelFormat(name, faults, patternLength)]))
  for (const [name, format] of made) add(`FormatNamespace.${name}(): kubernetes.NamedFormat`, () => format)
  add('FormatNamespace.named(string): optional<kubernetes.NamedFormat>', (_namespace: unknown, name: string) => celOptional(made.get(name)))
  add('kubernetes.NamedFormat.validate(string): optional<list<string>>', (format: CelFormat, text: string) => {
    const faults = format.faults(text)
    return celOptional(faults.length === 0 ? undefined : faults)
  })
}
