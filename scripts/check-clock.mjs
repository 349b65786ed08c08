// The clock check: time and chance come from pkg/util only, so that a test can step the clock and replay a seed.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

const banned = /\b(Date\.now|new Date\(\)|setTimeout|setInterval|setImmediate|Math\.random|performance\.now)\b/
const root = resolve(import.meta.dirname, '..')
const problems = []
for (const entry of readdirSync(join(root, 'pkg'), { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !entry.name.endsWith('.ts') || /\.(test|suite)\.ts$/.test(entry.name)) continue
  const file = join(entry.parentPath, entry.name)
  if (relative(root, file).startsWith('pkg/util/')) continue
  readFileSync(file, 'utf8').split('\n').forEach((line, index) => {
    const code = line.replace(/\/\/.*$/, '').replace(/^\s*\*.*$/, '')
    if (/setTimeouts?\b/.test(code) && /\.(setTimeout|setTimer)\(/.test(code) && !/\b(?:globalThis)\b/.test(code)) return
    if (banned.test(code)) problems.push(`${relative(root, file)}:${index + 1}: ${code.trim()}`)
  })
}
if (problems.length > 0) {
  console.error(problems.join('\n'))
  process.exit(1)
}
console.log('clock: ok')
