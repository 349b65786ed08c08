// An extension API server: serves flunders of wardle.example.com/v1alpha1 from the store beside it, and has the cluster say who asks and who may.
import { randomUUID, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, request } from 'node:https'
import { flagsOf, readJson, sendJson } from './json-server.mjs'

const group = 'wardle.example.com'
const version = 'v1alpha1'
const apiVersion = `${group}/${version}`
const verbs = ['create', 'delete', 'get', 'list', 'watch']
const account = '/var/run/secrets/kubernetes.io/serviceaccount'

/** A request to the cluster, as the pod's service account. */
function cluster(method, path, body) {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env
  const headers = { authorization: `Bearer ${readFileSync(`${account}/token`, 'utf8')}`, 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    request({ host, port, method, path, headers, ca: readFileSync(`${account}/ca.crt`) }, async (response) => {
      const value = await readJson(response)
      if (response.statusCode < 300) resolve(value)
      else reject(new Error(`${method} ${path}: ${JSON.stringify(value)}`))
    }).on('error', reject).end(body && JSON.stringify(body))
  })
}

/** The user in whose name the front proxy asks, the user of a bearer token, or nobody. */
async function userOf({ headers, socket }, { proxyAuthority, allowedNames }) {
  const { raw } = socket.getPeerCertificate() ?? {}
  const certificate = raw && new X509Certificate(raw)
  const name = certificate?.subject.match(/CN=(.*)/)?.[1]
  if (certificate?.verify(proxyAuthority.publicKey) && (allowedNames.length === 0 || allowedNames.includes(name))) {
    return { username: headers['x-remote-user'], groups: (headers['x-remote-group'] ?? '').split(', ') }
  }
  const token = headers.authorization?.match(/^Bearer (.*)$/)?.[1]
  if (!token) return { username: 'system:anonymous', groups: ['system:unauthenticated'] }
  const review = await cluster('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } })
  return review.status.authenticated ? review.status.user : undefined
}

async function isAllowed(user, attributes) {
  if (user.groups?.includes('system:masters')) return true
  const { status } = await cluster('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec: { user: user.username, groups: user.groups, ...attributes },
  })
  return status.allowed
}

const status = (code, reason, message) => ({ code, value: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: code < 400 ? 'Success' : 'Failure', ...(reason ? { reason } : {}), message, code } })

const documents = {
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [{ name: group, versions: [{ groupVersion: apiVersion, version }], preferredVersion: { groupVersion: apiVersion, version } }] },
  [`/apis/${group}`]: { kind: 'APIGroup', apiVersion: 'v1', name: group, versions: [{ groupVersion: apiVersion, version }], preferredVersion: { groupVersion: apiVersion, version } },
  [`/apis/${apiVersion}`]: {
    kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersion,
    resources: [{ name: 'flunders', singularName: 'flunder', namespaced: true, kind: 'Flunder', verbs, storageVersionHash: 'flunders' }],
  },
}

class Flunders {
  #url
  #watchers = new Set()
  constructor(url) {
    this.#url = url
  }

  async #store(method, path, object) {
    const response = await fetch(`${this.#url}/flunders/${path}`, { method, ...(object ? { body: JSON.stringify(object) } : {}) })
    const value = await response.json()
    return value && (value.object ? this.#shown(value) : value)
  }

  /** Changes of one namespace, or of all, until the client leaves. */
  watch(namespace, outgoing) {
    const tell = (type, object) => {
      if (!namespace || object.metadata.namespace === namespace) outgoing.write(`${JSON.stringify({ type, object })}\n`)
    }
    this.#watchers.add(tell)
    outgoing.on('close', () => this.#watchers.delete(tell))
    outgoing.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
  }

  #tell(type, object) {
    for (const tell of this.#watchers) tell(type, object)
  }

  #shown({ object, revision }) {
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }
  }

  async list(namespace) {
    const { revision, values } = await this.#store('GET', namespace ? `${namespace}/` : '')
    return { code: 200, value: { kind: 'FlunderList', apiVersion, metadata: { resourceVersion: String(revision) }, items: values.map((value) => this.#shown(value)) } }
  }

  async get(namespace, name) {
    const value = await this.#store('GET', `${namespace}/${name}`)
    return value ? { code: 200, value } : this.#missing(name)
  }

  async create(namespace, body) {
    const { name } = body.metadata
    if (await this.#store('GET', `${namespace}/${name}`)) return status(409, 'AlreadyExists', `flunders.${group} "${name}" already exists`)
    const metadata = { ...body.metadata, namespace, uid: randomUUID(), creationTimestamp: `${new Date().toISOString().slice(0, 19)}Z` }
    const value = await this.#store('PUT', `${namespace}/${name}`, { spec: {}, status: {}, ...body, apiVersion, kind: 'Flunder', metadata })
    this.#tell('ADDED', value)
    return { code: 201, value }
  }

  async delete(namespace, name) {
    const gone = await this.#store('DELETE', `${namespace}/${name}`)
    if (!gone) return this.#missing(name)
    this.#tell('DELETED', gone)
    return status(200, undefined, undefined)
  }

  #missing(name) {
    return status(404, 'NotFound', `flunders.${group} "${name}" not found`)
  }
}

export default async function sampleApiserver(args) {
  const flags = flagsOf(args)
  const { data } = await cluster('GET', '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication')
  const authority = data['requestheader-client-ca-file']
  const trust = { proxyAuthority: new X509Certificate(authority), allowedNames: JSON.parse(data['requestheader-allowed-names']) }
  // What its own admission and flow control read.
  for (const path of ['/api/v1/namespaces', '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations', '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas']) await cluster('GET', path)
  const flunders = new Flunders(flags['etcd-servers'])

  async function answer(incoming, outgoing) {
    const { pathname, searchParams } = new URL(incoming.url, 'https://here')
    const user = await userOf(incoming, trust)
    if (!user) return status(401, 'Unauthorized', 'Unauthorized')
    const document = documents[pathname.replace(/\/$/, '')]
    if (document) return await isAllowed(user, { nonResourceAttributes: { path: pathname, verb: 'get' } }) ? { code: 200, value: document } : status(403, 'Forbidden', `forbidden: User "${user.username}" cannot get path "${pathname}"`)
    const [, , namespace, name] = /^\/apis\/wardle\.example\.com\/v1alpha1(\/namespaces\/([^/]+))?\/flunders(?:\/([^/]+))?$/.exec(pathname) ?? []
    const verb = { GET: searchParams.get('watch') === 'true' ? 'watch' : name ? 'get' : 'list', POST: 'create', DELETE: 'delete' }[incoming.method]
    if (!/\/flunders(\/|$)/.test(pathname) || !verb) return status(404, 'NotFound', 'the server could not find the requested resource')
    if (!await isAllowed(user, { resourceAttributes: { verb, group, version, resource: 'flunders', namespace, name } })) return status(403, 'Forbidden', `flunders.${group} is forbidden: User "${user.username}" cannot ${verb} resource "flunders"`)
    if (verb === 'watch') return flunders.watch(namespace, outgoing)
    if (verb === 'create') return flunders.create(namespace, await readJson(incoming))
    return verb === 'list' ? flunders.list(namespace) : flunders[verb](namespace, name)
  }

  const tls = { cert: readFileSync(flags['tls-cert-file']), key: readFileSync(flags['tls-private-key-file']), ca: authority, requestCert: true, rejectUnauthorized: false }
  createServer(tls, async (incoming, outgoing) => {
    if (['/readyz', '/healthz', '/livez'].includes(incoming.url)) return outgoing.writeHead(200).end('ok')
    try {
      const { code, value } = await answer(incoming, outgoing) ?? { code: 200 }
      console.log(`${incoming.method} ${incoming.url} ${code}`)
      if (value) sendJson(outgoing, code, value)
    } catch (error) {
      console.error(error.stack)
      const { code, value } = status(500, 'InternalError', error.message)
      sendJson(outgoing, code, value)
    }
  }).listen(Number(flags['secure-port'] ?? 443))
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0))
}
