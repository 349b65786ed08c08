// The kinglet program. What is asked most often is answered before anything is loaded.
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { versionText } from './version.ts'

const [first] = process.argv.slice(2)
if (first === '--version' || first === '-v' || first === 'version') console.log(versionText())
else {
  // Of the bundle only, beside it: what was compiled once is loaded. Where it can't be written, nothing is kept.
  if (import.meta.filename.endsWith('.js')) enableCompileCache(join(import.meta.dirname, 'compiled'))
  await (await import('./cli.ts')).runCli(process.argv.slice(2))
}
