// The picture of the update demonstration: says on port 80 which it is.
import { createServer } from 'node:http'

export default function nautilus() {
  createServer((request, response) => {
    if (request.url === '/data.json') response.writeHead(200, { 'content-type': 'application/json' }).end('{"image": "nautilus.jpg"}')
    else response.writeHead(404).end()
  }).listen(80)
}
