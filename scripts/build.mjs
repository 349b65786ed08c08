// Bundles the CLI and the worker threads into dist/, with the files that they read at run time beside them.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { build } from 'esbuild'
import { loadAll } from 'js-yaml'

const root = resolve(import.meta.dirname, '..')
const out = join(root, 'dist')

/** Worker threads and files lie beside the bundle, not where the source has them. */
const relocate = {
  name: 'relocate',
  setup(builder) {
    builder.onLoad({ filter: /\/(pkg|cmd)\/.*\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8')
      if (!source.includes('import.meta.url')) return undefined
      const contents = source
        .replace(/new URL\('(?:\.\.?\/)+([\w-]*worker)\.ts', import\.meta\.url\)/g, "new URL('./$1.js', import.meta.url)")
        .replace(/new URL\('(?:\.\.\/)+(manifests\/|package\.json|\.cache\/)([^']*)', import\.meta\.url\)/g, "new URL('./$1$2', import.meta.url)")
      return { contents, loader: 'ts', resolveDir: dirname(path) }
    })
  },
}

// Pieces have their content's hash in their names. Those of earlier builds stay for a while: a server that runs loads some of them late.
const keepMs = 7 * 24 * 3600 * 1000
mkdirSync(out, { recursive: true })
for (const name of readdirSync(out)) {
  const file = join(out, name)
  if (/-[A-Z0-9]{8}\.js$/.test(name) && Date.now() - statSync(file).mtimeMs > keepMs) rmSync(file)
}
await build({
  absWorkingDir: root,
  entryPoints: { kinglet: 'cmd/main.ts', 'commit-worker': 'pkg/storage/commit-worker.ts', 'dataplane-worker': 'pkg/network/dataplane-worker.ts', 'evaluation-worker': 'pkg/cluster/evaluation-worker.ts' },
  outdir: out,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  // The module form of a package where it has one: its CommonJS twin would come without named exports.
  mainFields: ['module', 'main'],
  // Native code stays where npm put it; oclif would load a compiler only for plugins in TypeScript.
  external: ['better-sqlite3', 'typescript'],
  banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
  plugins: [relocate],
  logLevel: 'warning',
})
// The texts of `kubectl explain`, out of a package that only the build needs.
execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'scripts/generate-descriptions.mjs'), join(out, 'descriptions.json')], { stdio: 'inherit' })
rmSync(join(out, 'manifests'), { recursive: true, force: true })
mkdirSync(join(out, 'manifests'))
for (const name of readdirSync(join(root, 'manifests')).filter((one) => one.endsWith('.yaml'))) {
  writeFileSync(join(out, 'manifests', name.replace(/yaml$/, 'json')), JSON.stringify(loadAll(readFileSync(join(root, 'manifests', name), 'utf8'))))
}
// What was compiled of earlier builds.
rmSync(join(out, 'compiled'), { recursive: true, force: true })
cpSync(join(root, 'package.json'), join(out, 'package.json'))
writeFileSync(join(out, '.built'), '')
