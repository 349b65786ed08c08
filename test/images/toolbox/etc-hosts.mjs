// Prints the file of host names.
import { readFileSync } from 'node:fs'

export default function etcHosts() {
  process.stdout.write(readFileSync('/etc/hosts'))
}
