// The kinglet program. What is asked most often is answered before anything is loaded.
import { versionText } from './version.ts'

const [first] = process.argv.slice(2)
if (first === '--version' || first === '-v' || first === 'version') console.log(versionText())
else await (await import('./cli.ts')).runCli(process.argv.slice(2))
