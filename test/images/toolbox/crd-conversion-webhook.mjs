// A conversion webhook for resources whose v1 has `hostPort` and whose v2 has `host` and `port`.
import { serveReviews } from './json-server.mjs'

const versionOf = ({ apiVersion }) => apiVersion.split('/').pop()

function toV2({ hostPort, ...rest }) {
  if (hostPort === undefined) return rest
  const [host = '', ...port] = hostPort.split(':')
  return { ...rest, host, port: port.join(':') }
}

function toV1({ host, port, ...rest }) {
  return host === undefined && port === undefined ? rest : { ...rest, hostPort: `${host ?? ''}:${port ?? ''}` }
}

function converted(object, desiredAPIVersion) {
  const change = `${versionOf(object)} ${versionOf({ apiVersion: desiredAPIVersion })}`
  if (change !== 'v1 v2' && change !== 'v2 v1') throw new Error(`unexpected conversion ${change}`)
  return { ...(change === 'v1 v2' ? toV2(object) : toV1(object)), apiVersion: desiredAPIVersion }
}

function answer({ uid, desiredAPIVersion, objects }) {
  try {
    return { uid, convertedObjects: objects.map((object) => converted(object, desiredAPIVersion)), result: { status: 'Success' } }
  } catch (error) {
    return { uid, convertedObjects: [], result: { status: 'Failure', message: error.message } }
  }
}

export default function crdConversionWebhook(args) {
  serveReviews(args, { '/crdconvert': ({ apiVersion, kind, request }) => ({ apiVersion, kind, response: answer(request) }) })
}
