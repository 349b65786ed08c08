// Answers every HTTP request with the pod's host name.
import { createServer } from 'node:http'
import { hostname } from 'node:os'

export default function serveHostname() {
  createServer((_, outgoing) => outgoing.end(hostname())).listen(9376, () => console.log('serving on 9376'))
}
