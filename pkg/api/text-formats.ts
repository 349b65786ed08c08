// The formats of texts that schemas may name: what each takes. A format that is not here takes everything.
import { isIPv4, isIPv6 } from 'node:net'
import { parseGoDuration } from './go-duration.ts'
import { parseGoUrl } from './go-url.ts'
import { dnsLabelFaults, dnsSubdomainFaults } from './names.ts'
import { parseTime } from './times.ts'

type Test = (text: string) => boolean

const hex = '[0-9a-fA-F]'
const uuid = (version: string): RegExp => new RegExp(`^${hex}{8}-?${hex}{4}-?${version}${hex}{3}-?${hex}{4}-?${hex}{12}$`)

function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && parseTime(`${text}T00:00:00Z`) !== undefined
}

function isCidr(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/')
  return rest.length === 0 && /^\d{1,3}$/.test(bits) && ((isIPv4(address) && Number(bits) <= 32) || (isIPv6(address) && Number(bits) <= 128))
}

function isUri(text: string): boolean {
  try {
    parseGoUrl(text)
    return true
  } catch {
    return false
  }
}

/** A Go duration, or the long form, `2 days`. */
function isDuration(text: string): boolean {
  return parseGoDuration(text) !== undefined || /^(\d+\s*(ns|nanoseconds?|us|µs|microseconds?|ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)\s*)+$/i.test(text)
}

const tests: Readonly<Record<string, Test>> = {
  'date-time': (text) => parseTime(text) !== undefined || /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)?$/.test(text),
  datetime: (text) => parseTime(text) !== undefined,
  date: isDate,
  duration: isDuration,
  byte: (text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text),
  uri: isUri,
  email: (text) => text.length < 320 && /^[^\s@<>]+@[^\s@<>]+$/.test(text),
  hostname: (text) => text.length <= 255 && text.split('.').every((label) => /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label)),
  ipv4: isIPv4,
  ipv6: isIPv6,
  cidr: isCidr,
  mac: (text) => /^([0-9a-fA-F]{2}([:-]))([0-9a-fA-F]{2}\2){4}[0-9a-fA-F]{2}$/.test(text) || /^([0-9a-fA-F]{4}\.){2}[0-9a-fA-F]{4}$/.test(text),
  uuid: (text) => uuid(hex).test(text),
  uuid3: (text) => uuid('3').test(text),
  uuid4: (text) => uuid('4').test(text),
  uuid5: (text) => uuid('5').test(text),
  hexcolor: (text) => /^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(text),
  rgbcolor: (text) => /^rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)$/.test(text),
  ssn: (text) => /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text),
  creditcard: (text) => /^[\d -]{12,25}$/.test(text),
  bsonobjectid: (text) => /^[0-9a-fA-F]{24}$/.test(text),
  isbn: (text) => /^(\d{9}[\dX]|97[89]\d{10})$/.test(text.replace(/[- ]/g, '')),
  isbn10: (text) => /^\d{9}[\dX]$/.test(text.replace(/[- ]/g, '')),
  isbn13: (text) => /^97[89]\d{10}$/.test(text.replace(/[- ]/g, '')),
  'k8s-short-name': (text) => dnsLabelFaults(text).length === 0,
  'k8s-long-name': (text) => dnsSubdomainFaults(text).length === 0,
}

const known = new Set([...Object.keys(tests), 'password'].map((name) => name.replaceAll('-', '')))

/** Whether the format of a text means anything to us. Dashes make no difference. */
export const isTextFormat = (name: string): boolean => known.has(name.replaceAll('-', ''))

/** undefined for a format that says nothing of texts. */
export function textFormat(name: string): Test | undefined {
  return Object.hasOwn(tests, name) ? tests[name] : undefined
}
