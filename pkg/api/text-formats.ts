// The formats of texts that schemas may name: what each takes. A format that is not here takes everything.
import { parseGoDuration } from './go-duration.ts'
import { parseGoUrl } from './go-url.ts'
import { parseCidr, parseIp } from './ip-address.ts'
import { dnsSubdomainFaults } from './names.ts'
import { parseTime } from './times.ts'

type Test = (text: string) => boolean

const hex = '[0-9a-f]'
const uuid = (version: string, variant = hex): RegExp => new RegExp(`^${hex}{8}-?${hex}{4}-?${version}${hex}{3}-?${variant}${hex}{3}-?${hex}{12}$`, 'i')
const uuids = { any: uuid(hex), 3: uuid('3'), 4: uuid('4', '[89ab]'), 5: uuid('5', '[89ab]') } as const

function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && parseTime(`${text}T00:00:00Z`) !== undefined
}

/** The date is one; of the time hours, minutes and seconds are in their bounds, and there is a zone. */
function isDateTime(text: string): boolean {
  const [date = '', time = ''] = text.toLowerCase().split('t')
  const [, hours = '99', minutes = '', seconds = ''] = /^(\d\d):(\d\d):(\d\d)(.\d+)?(z|([+-]\d\d:\d\d))$/.exec(time) ?? []
  return isDate(date) && hours <= '23' && minutes <= '59' && seconds <= '59'
}

function isUri(text: string): boolean {
  try {
    parseGoUrl(text)
    return true
  } catch {
    return false
  }
}

const unit = /^(ns|nano.*|us|µs|micro.*|ms|milli.*|s|sec.*|m|min.*|h|hr|hour.*|d|day.*|w|wk|week.*)$/i

/** Longer ones are durations the other way, too, and would take long to try. */
const longestGo = 1000
const mostCount = '9223372036854775807'

/** A Go duration, or anywhere a number with a unit, `2 days`. */
function isDuration(text: string): boolean {
  if (text.length <= longestGo && parseGoDuration(text) !== undefined) return true
  const parts = [...text.matchAll(/(?<!\d)0*(\d*)\s*([A-Za-zµ]+)/g)].filter(([whole]) => /^\d/.test(whole))
  return parts.some(([, , name = '']) => unit.test(name)) && parts.every(([, count = '']) => count.length < mostCount.length || (count.length === mostCount.length && count <= mostCount))
}

const symbol = 'a-zA-Z0-9\\p{S}\\p{L}'
const host = new RegExp(`^(?:[${symbol}](?:-?[${symbol}]{0,62})?|(?:[${symbol}](?:[-${symbol}]{0,61}[${symbol}])?\\.)+[a-zA-Z\\p{L}]{2,63})$`, 'u')

/** The last part of a name of several parts is letters. */
function isHostname(text: string): boolean {
  return Buffer.byteLength(text) <= 255 && text.split('.').every((label) => Buffer.byteLength(label) <= 63) && host.test(text)
}

const atom = "[\\p{L}\\p{N}!#$%&'*+/=?^_`{|}~\\u0080-\\u{10ffff}-]"
const quoted = '"(?:[^"\\\\\\r\\n]|\\\\.)*"'
const address = `(?:${atom}+(?:\\.${atom}+)*|${quoted})@(?:${atom}+(?:\\.${atom}+)*|\\[[^\\]\\[\\s]+\\])`
const mailbox = new RegExp(`^\\s*(?:${address}|(?:${atom}|[. \\t]|${quoted})*<${address}>)\\s*$`, 'u')
const longestEmail = 5000

/** An address, or a name and an address in angle brackets. */
const isEmail = (text: string): boolean => text.length <= longestEmail && mailbox.test(text)

const digits = (text: string): number[] => [...text].map((digit) => (digit === 'X' ? 10 : Number(digit)))

function isIsbn10(text: string): boolean {
  const plain = text.replace(/[\s-]+/g, '')
  return /^(?:\d{9}X|\d{10})$/.test(plain) && digits(plain).reduce((sum, digit, index) => sum + (index + 1) * digit, 0) % 11 === 0
}

function isIsbn13(text: string): boolean {
  const plain = text.replace(/[\s-]+/g, '')
  return /^\d{13}$/.test(plain) && digits(plain).reduce((sum, digit, index) => sum + (index % 2 ? 3 : 1) * digit, 0) % 10 === 0
}

const card = /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/

function isCreditCard(text: string): boolean {
  const plain = text.replace(/\D+/g, '')
  const doubled = (digit: number): number => (digit > 4 ? digit * 2 - 9 : digit * 2)
  return card.test(plain) && digits(plain).reverse().reduce((sum, digit, index) => sum + (index % 2 ? doubled(digit) : digit), 0) % 10 === 0
}

/** Six, eight or twenty bytes; by two digits with colons or dashes, by four with dots. */
function isMac(text: string): boolean {
  const bytes = text.includes('.') ? (/^[0-9a-f]{4}(?:\.[0-9a-f]{4})+$/i.test(text) ? (text.length + 1) / 5 * 2 : 0)
    : /^[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2})+$/i.test(text) ? (text.length + 1) / 3 : 0
  return [6, 8, 20].includes(bytes)
}

const octet = '(0|[1-9]\\d?|1\\d\\d?|2[0-4]\\d|25[0-5])'
const color = new RegExp(`^rgb\\(\\s*${octet}\\s*,\\s*${octet}\\s*,\\s*${octet}\\s*\\)$`)

/** By their names without dashes, which make no difference. */
const tests: Readonly<Record<string, Test>> = {
  datetime: isDateTime,
  date: isDate,
  duration: isDuration,
  byte: (text) => text !== '' && text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text),
  uri: isUri,
  email: isEmail,
  hostname: isHostname,
  ipv4: (text) => text.includes('.') && parseIp(text) !== undefined,
  ipv6: (text) => text.includes(':') && parseIp(text)?.leadingZeros === false,
  cidr: (text) => parseCidr(text) !== undefined,
  mac: isMac,
  uuid: (text) => uuids.any.test(text),
  uuid3: (text) => uuids[3].test(text),
  uuid4: (text) => uuids[4].test(text),
  uuid5: (text) => uuids[5].test(text),
  hexcolor: (text) => /^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(text),
  rgbcolor: (text) => color.test(text),
  ssn: (text) => text.length === 11 && /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text),
  creditcard: isCreditCard,
  bsonobjectid: (text) => /^[0-9a-fA-F]{24}$/.test(text),
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  password: () => true,
  k8sshortname: (text) => text.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text),
  k8slongname: (text) => text.length <= 253 && dnsSubdomainFaults(text).length === 0,
}

const plainName = (name: string): string => name.replaceAll('-', '')

/** Whether the format of a text means anything to us. */
export const isTextFormat = (name: string): boolean => Object.hasOwn(tests, plainName(name))

/** undefined for a format that says nothing of texts. */
export function textFormat(name: string): Test | undefined {
  return isTextFormat(name) ? tests[plainName(name)] : undefined
}
