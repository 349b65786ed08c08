import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { unifiedDiff } from './unified-diff.ts'

const python = `import difflib, json, sys
pairs = json.load(sys.stdin)
def one(a, b):
    lines = lambda text: [line + "\\n" for line in text.split("\\n")]
    return "".join(list(difflib.unified_diff(lines(a), lines(b)))[2:])
print(json.dumps([one(a, b) for a, b in pairs]))`

function byDifflib(pairs: readonly (readonly [string, string])[]): string[] {
  return JSON.parse(execFileSync('python3', ['-c', python], { input: JSON.stringify(pairs), encoding: 'utf8' })) as string[]
}

describe('the difference of two texts', () => {
  it('shows changes with three lines around them', () => {
    expect(unifiedDiff('a\nb\nc\nd\ne\nf\ng\nh', 'a\nb\nc\nd\nE\nf\ng\nh')).toBe('@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n')
    expect(unifiedDiff('a', 'b')).toBe('@@ -1 +1 @@\n-a\n+b\n')
    expect(unifiedDiff('a', 'a')).toBe('')
  })

  it('is what difflib makes', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', '{', '}'), { minLength: 1, maxLength: 30 }).map((lines) => lines.join('\n'))
    const long = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 200, maxLength: 260 }).map((lines) => lines.map((line) => (line < 60 ? '}' : `${line}`)).join('\n'))
    const pairs = [...fc.sample(fc.tuple(text, text), { numRuns: 300, seed: 7 }), ...fc.sample(fc.tuple(long, long), { numRuns: 20, seed: 7 })].filter(([a, b]) => a !== b)
    expect(pairs.map(([a, b]) => unifiedDiff(a, b))).toEqual(byDifflib(pairs))
  })
})
