// Admission webhooks, one a path: they deny, allow late, and change what tests create.
import { serveReviews } from './json-server.mjs'

const allow = (more = {}) => ({ allowed: true, ...more })
const deny = (message) => ({ allowed: false, status: { message } })
const patch = (...operations) => allow({ patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(operations)).toString('base64') })
const sentObject = ({ operation, object, oldObject }) => (operation === 'DELETE' ? oldObject : object)

/** Answers in the version that was asked in. */
const review = (admit) => async ({ apiVersion, kind, request }) => ({ apiVersion, kind, response: { uid: request.uid, ...await admit(request) } })

function admitPods({ object }) {
  const { metadata: { labels = {} }, spec: { containers } } = object
  const texts = []
  if (labels['webhook-e2e-test'] === 'webhook-disallow') texts.push('the pod contains unwanted label; ')
  if (containers.some(({ name }) => name.includes('webhook-disallow'))) texts.push('the pod contains unwanted container name; ')
  if (labels['webhook-e2e-test'] === 'wait-forever') return new Promise(() => undefined)
  return texts.length > 0 ? deny(texts.join('').trim()) : allow()
}

const denyAttach = ({ name, object: { container } }) =>
  name === 'to-be-attached-pod' && container === 'container1' ? deny(`attaching to pod '${name}' is not allowed`) : allow()

const addInitContainer = ({ object: { metadata, spec } }) =>
  metadata.name === 'webhook-to-be-mutated'
    ? patch({ op: 'add', path: '/spec/initContainers', value: [{ name: 'webhook-added-init-container', image: spec.containers[0].image, resources: {} }] })
    : allow()

const admitConfigMaps = (request) =>
  sentObject(request).data?.['webhook-e2e-test'] === 'webhook-disallow' ? deny('the configmap contains unwanted key and value') : allow()

/** Each stage follows from the one before. */
function addStages({ object: { data = {} } }) {
  const next = { 'mutation-start': 'mutation-stage-1', 'mutation-stage-1': 'mutation-stage-2' }
  const added = Object.entries(next).filter(([from]) => data[from] === 'yes').map(([, to]) => ({ op: 'add', path: `/data/${to}`, value: 'yes' }))
  return added.length > 0 ? patch(...added) : allow()
}

function admitCustomResources(request) {
  const value = sentObject(request).data?.['webhook-e2e-test']
  if (value === 'webhook-disallow') return deny('the custom resource contains unwanted data')
  if (request.operation === 'DELETE' && value === 'webhook-nondeletable') return deny('the custom resource cannot be deleted because it contains unwanted key and value')
  return allow()
}

const admitDefinitions = ({ object }) =>
  object.metadata.labels?.['webhook-e2e-test'] === 'webhook-disallow' ? deny('the crd contains unwanted label') : allow()

function addLabel({ object: { metadata: { labels } } }) {
  if (!labels) return patch({ op: 'add', path: '/metadata/labels', value: { 'added-label': 'yes' } })
  return labels['added-label'] === 'yes' ? allow() : patch({ op: 'add', path: '/metadata/labels/added-label', value: 'yes' })
}

const allowLate = () => new Promise((resolve) => setTimeout(() => resolve(allow({ status: { message: 'this webhook allows all requests' } })), 5000))

export default function webhook(args) {
  const paths = {
    '/always-deny': () => deny('this webhook denies all requests'), '/always-allow-delay-5s': allowLate, '/add-label': addLabel,
    '/pods': admitPods, '/pods/attach': denyAttach, '/mutating-pods': addInitContainer,
    '/configmaps': admitConfigMaps, '/mutating-configmaps': addStages,
    '/custom-resource': admitCustomResources, '/mutating-custom-resource': addStages, '/crd': admitDefinitions,
  }
  serveReviews(args, Object.fromEntries(Object.entries(paths).map(([path, admit]) => [path, review(admit)])))
}
