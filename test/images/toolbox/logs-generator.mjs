// Writes a number of log lines, evenly over a time, and ends.
import { durationMs, flags } from './_flags.mjs'

const verbs = ['GET', 'PUT', 'POST']
const namespaces = ['kube-system', 'default', 'ns']
const random = (count) => Math.floor(Math.random() * count)

export default async function logsGenerator(args) {
  const options = flags(args, { 'log-lines-total': 0, 'run-duration': '0s' }, { t: 'log-lines-total', d: 'run-duration' })
  const total = options['log-lines-total']
  const everyMs = durationMs(options['run-duration']) / total
  for (let line = 0; line < total; line++) {
    const name = Math.random().toString(36).slice(2, 5)
    console.log(`${new Date().toISOString()} ${line} ${verbs[random(3)]} /api/v1/namespaces/${namespaces[random(3)]}/pods/${name} ${200 + random(400)}`)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
