// Compares the tests in this folder with the list of the suite: which names have a counterpart, which not, which are unknown.
import { readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

const list = resolve(process.argv[2] ?? join(import.meta.dirname, '../../../shared/data/conformance-1.35.tsv'))
const rows = readFileSync(list, 'utf8').trim().split('\n').slice(1).map((line) => line.split('\t'))
const known = new Map(rows.map((row) => [row[6] ?? '', { stage: row[0] ?? '', file: row[2] ?? '' }]))

const sources = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter((path) => /\.(test|serial|slow)\.ts$/.test(path))
const written = new Set(sources.flatMap((path) => {
  const text = readFileSync(join(import.meta.dirname, path), 'utf8')
  // Names stand in `test('…'` or in a table of tests.
  return [...text.matchAll(/(['"`])(\[sig-(?:\\.|(?!\1).)*\[Conformance\](?:\\.|(?!\1).)*)\1/g)].map((match) => (match[2] ?? '').replace(/\\(.)/g, '$1'))
}))

const stages = new Map<string, { total: number; written: number }>()
for (const [name, { stage }] of known) {
  const count = stages.get(stage) ?? { total: 0, written: 0 }
  stages.set(stage, { total: count.total + 1, written: count.written + (written.has(name) ? 1 : 0) })
}
if (process.argv.includes('--missing')) for (const [name, { stage, file }] of known) if (!written.has(name)) console.log(`missing  ${stage}  ${file}  ${name}`)
for (const name of written) if (!known.has(name)) console.log(`unknown  ${name}`)
for (const [stage, count] of stages) console.log(`${stage.padEnd(12)} ${count.written} of ${count.total}`)
