// The layer check: which package may import which, as a table. Fails on a forbidden edge and on an import cycle between packages.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const base = ['util', 'api']
const allowed = {
  util: [],
  pki: ['util'],
  api: ['util'],
  storage: ['util'],
  registry: [...base, 'storage'],
  apiserver: [...base, 'registry', 'pki'],
  client: base,
  controller: [...base, 'client'],
  controllers: [...base, 'client', 'controller'],
  scheduler: [...base, 'client'],
  containerd: ['util'],
  kubelet: [...base, 'client', 'containerd'],
  network: [...base, 'client'],
  cluster: ['*'],
  cmd: ['cluster', 'util'],
  test: ['*'],
}

const root = resolve(import.meta.dirname, '..')
const packageOf = (file) => {
  const [top, name] = relative(root, file).split('/')
  return top === 'pkg' ? name : top
}
const isTest = (file) => /\.(test|suite)\.ts$/.test(file)

const problems = []
const graph = new Map()
for (const top of ['pkg', 'cmd']) {
  for (const entry of readdirSync(join(root, top), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts')) continue
    const file = join(entry.parentPath, entry.name)
    const from = packageOf(file)
    const text = readFileSync(file, 'utf8')
    const lines = text.split('\n').length
    if (lines > 500 && !isTest(file) && !/pkg\/api\/(types-|schema\/)/.test(file)) problems.push(`${relative(root, file)}: ${lines} lines; split it (limit 500)`)
    for (const match of text.matchAll(/(?:from|import)\s*\(?['"](\.[^'"]+)['"]/g)) {
      const target = resolve(dirname(file), match[1])
      const to = packageOf(target)
      if (to === from) continue
      // Tests may build the real thing around their subject.
      if (isTest(file)) continue
      if (!(to in allowed)) problems.push(`${relative(root, file)}: imports ${match[1]}, which is in no known package`)
      else if (!allowed[from]?.includes(to) && !allowed[from]?.includes('*')) {
        problems.push(`${relative(root, file)}: ${from} may not import ${to} (${match[1]})`)
      }
      if (!graph.has(from)) graph.set(from, new Set())
      graph.get(from).add(to)
    }
  }
}

const visit = (name, path) => {
  if (path.includes(name)) {
    problems.push(`cycle: ${[...path.slice(path.indexOf(name)), name].join(' -> ')}`)
    return
  }
  for (const next of graph.get(name) ?? []) visit(next, [...path, name])
}
for (const name of graph.keys()) visit(name, [])

if (problems.length > 0) {
  console.error([...new Set(problems)].join('\n'))
  process.exit(1)
}
console.log('layers: ok')
