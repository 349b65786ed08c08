// The difference of two texts as `diff -u` shows it, without the names of files. Which lines count as kept is decided as Python's difflib does.

interface Same {
  readonly left: number
  readonly right: number
  readonly length: number
}

type Edit = readonly [tag: 'equal' | 'change', leftStart: number, leftEnd: number, rightStart: number, rightEnd: number]

const around = 3
/** In long texts, lines that are this common tell nothing about what belongs together. */
const longText = 200

function places(lines: readonly string[]): Map<string, number[]> {
  const found = new Map<string, number[]>()
  for (const [index, line] of lines.entries()) found.set(line, [...found.get(line) ?? [], index])
  if (lines.length >= longText) for (const [line, list] of found) if (list.length > Math.floor(lines.length / 100) + 1) found.delete(line)
  return found
}

/** The first longest run of lines that both have within bounds; common lines beside it belong to it. */
function longest(left: readonly string[], right: readonly string[], where: ReadonlyMap<string, number[]>, [leftStart, leftEnd, rightStart, rightEnd]: readonly [number, number, number, number]): Same {
  let [best, at, length] = [leftStart, rightStart, 0]
  let runs = new Map<number, number>()
  for (let index = leftStart; index < leftEnd; index++) {
    const next = new Map<number, number>()
    for (const place of where.get(left[index] ?? '') ?? []) {
      if (place < rightStart || place >= rightEnd) continue
      const run = (runs.get(place - 1) ?? 0) + 1
      next.set(place, run)
      if (run > length) [best, at, length] = [index - run + 1, place - run + 1, run]
    }
    runs = next
  }
  while (best > leftStart && at > rightStart && left[best - 1] === right[at - 1]) [best, at, length] = [best - 1, at - 1, length + 1]
  while (best + length < leftEnd && at + length < rightEnd && left[best + length] === right[at + length]) length++
  return { left: best, right: at, length }
}

function edits(left: readonly string[], right: readonly string[]): Edit[] {
  const where = places(right)
  const find = (bounds: readonly [number, number, number, number]): Same[] => {
    const same = longest(left, right, where, bounds)
    if (same.length === 0) return []
    return [
      ...find([bounds[0], same.left, bounds[2], same.right]), same,
      ...find([same.left + same.length, bounds[1], same.right + same.length, bounds[3]]),
    ]
  }
  const result: Edit[] = []
  let [leftAt, rightAt] = [0, 0]
  for (const same of [...find([0, left.length, 0, right.length]), { left: left.length, right: right.length, length: 0 }]) {
    if (leftAt < same.left || rightAt < same.right) result.push(['change', leftAt, same.left, rightAt, same.right])
    if (same.length > 0) result.push(['equal', same.left, same.left + same.length, same.right, same.right + same.length])
    leftAt = same.left + same.length
    rightAt = same.right + same.length
  }
  return result
}

const rangeText = (start: number, end: number): string => (end - start === 1 ? `${start + 1}` : `${end === start ? start : start + 1},${end - start}`)

/** Each change with the lines around it; changes that are near each other stand together. */
function hunks(all: readonly Edit[]): Edit[][] {
  const result: Edit[][] = []
  let hunk: Edit[] = []
  for (const [index, [tag, leftStart, leftEnd, rightStart, rightEnd]] of all.entries()) {
    if (tag === 'change') {
      hunk.push([tag, leftStart, leftEnd, rightStart, rightEnd])
      continue
    }
    const length = leftEnd - leftStart
    const [first, last] = [index === 0, index === all.length - 1]
    if (!first && !last && length <= 2 * around) {
      hunk.push([tag, leftStart, leftEnd, rightStart, rightEnd])
      continue
    }
    const kept = Math.min(around, length)
    if (!first) {
      hunk.push([tag, leftStart, leftStart + kept, rightStart, rightStart + kept])
      result.push(hunk)
    }
    hunk = last ? [] : [[tag, leftEnd - kept, leftEnd, rightEnd - kept, rightEnd]]
  }
  return hunk.length > 0 ? [...result, hunk] : result
}

/** Empty when the texts are equal. */
export function unifiedDiff(before: string, after: string): string {
  const [left, right] = [before.split('\n'), after.split('\n')]
  if (before === after) return ''
  return hunks(edits(left, right)).map((hunk) => {
    const [first, last] = [hunk[0], hunk.at(-1)]
    if (!first || !last) return ''
    const lines = hunk.flatMap(([tag, leftStart, leftEnd, rightStart, rightEnd]) => (tag === 'equal'
      ? left.slice(leftStart, leftEnd).map((line) => ` ${line}\n`)
      : [...left.slice(leftStart, leftEnd).map((line) => `-${line}\n`), ...right.slice(rightStart, rightEnd).map((line) => `+${line}\n`)]))
    return `@@ -${rangeText(first[1], last[2])} +${rangeText(first[3], last[4])} @@\n${lines.join('')}`
  }).join('')
}
