// Indexes of a job's pods as text, `0,2-4`: what is wrong with it, how many they are, and where two such texts meet.

interface Interval {
  readonly first: number
  readonly last: number
}

type Read = Interval | { readonly fault: string }

function indexIn(text: string, completions: number): number | string {
  if (!/^[-+]?\d+$/.test(text)) return `cannot convert string to integer for index: ${JSON.stringify(text)}`
  return Number(text) >= completions ? `too large index: ${JSON.stringify(text)}` : Number(text)
}

function intervalIn(text: string, completions: number): Read {
  const parts = text.split('-')
  if (parts.length > 2) return { fault: `the fragment ${JSON.stringify(text)} violates the requirement that an index interval can have at most two parts separated by '-'` }
  const first = indexIn(parts[0] ?? '', completions)
  if (typeof first === 'string') return { fault: first }
  if (parts[1] === undefined) return { first, last: first }
  const last = indexIn(parts[1], completions)
  if (typeof last === 'string') return { fault: last }
  return first >= last ? { fault: outOfOrder(first, last) } : { first, last }
}

const outOfOrder = (previous: number, current: number): string => `non-increasing order, previous: ${previous}, current: ${current}`

/** How many indexes there are, all below `completions`, or why it cannot be told. */
export function countIndexes(text: string, completions: number): number | { readonly fault: string } {
  let total = 0
  let previous: number | undefined
  for (const part of text === '' ? [] : text.split(',')) {
    const read = intervalIn(part, completions)
    if ('fault' in read) return read
    if (previous !== undefined && previous >= read.first) return { fault: outOfOrder(previous, read.first) }
    total += read.last - read.first + 1
    previous = read.last
  }
  return total
}

const readable = (text: string, completions: number): Interval[] =>
  (text === '' ? [] : text.split(',')).map((part) => intervalIn(part, completions)).filter((read): read is Interval => !('fault' in read))

/** The first index that is in both; what cannot be read is left out. */
export function commonIndex(a: string, b: string, completions: number): number | undefined {
  const others = readable(b, completions)
  for (const { first, last } of readable(a, completions)) {
    const other = others.find((one) => first <= one.last && one.first <= last)
    if (other) return Math.max(first, other.first)
  }
  return undefined
}
