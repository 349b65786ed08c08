// Generates the texts of `kubectl explain`: .cache/descriptions.json, or the file named. They are the doc comments of @kubernetes/client-node's
// models, and, for the fields of object types, of which the models have none, those of kubernetes-types; what is newer has texts of our own.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const models = join(root, 'node_modules/@kubernetes/client-node/dist/gen/models')
const types = join(root, 'node_modules/kubernetes-types')
const target = resolve(process.argv[2] ?? join(root, '.cache/descriptions.json'))

const { builtinResources } = await import('../pkg/api/resources.ts')
const { definitionsOf } = await import('../pkg/api/schema-table.ts')

const clean = (comment) => comment.replace(/^\s*\/\*\*\s*|\s*\*\/\s*$/g, '').replace(/^\s*\* ?/gm, '').replace(/\\(['"`])/g, '$1').trim()
/** Names that are no JavaScript identifiers are written another way in the models. */
const jsonName = (name) => name.replace(/^_/, '').replace(/^x_kubernetes_.*/, (text) => text.replaceAll('_', '-'))
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1)

/** A model's own text and those of its fields. */
function readModel(file) {
  const text = readFileSync(join(models, file), 'utf8')
  const texts = {}
  const own = /(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)\s*export declare class/.exec(text)
  if (own) texts[''] = clean(own[1])
  for (const [, comment, name] of text.matchAll(/(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)\s*'([^']+)'\??: /g)) texts[jsonName(name)] = clean(comment)
  return texts
}

/** The fields' texts by type of a group-version that kubernetes-types knows. */
function readTypes(folder, version) {
  const file = join(types, folder, `${version}.d.ts`)
  if (!existsSync(file)) return new Map()
  const text = readFileSync(file, 'utf8')
  return new Map([...text.matchAll(/^export interface (\w+) \{\n([\s\S]*?)^\}/gm)].map(([, name, body]) => [name, Object.fromEntries(
    [...body.matchAll(/^ {4}(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)\s*(?:readonly )?"?([\w$-]+)"?\??: /gm)].map(([, comment, field]) => [field, clean(comment)]))]))
}

/** Texts of types, which the models have in place of what their fields are for. */
const typeTexts = /^(?:IntOrString is a type|Quantity is a fixed-point)/

/** Fields that came after the one package and that the other has no text for. */
const newer = {
  PodSpec: {
    resources: 'Compute resources that all containers of the pod share. Of the resources only "cpu", "memory" and "hugepages-*" may be requested for the pod as a whole; claims are not possible.',
    workloadRef: 'The Workload, and the group of pods within it, that this pod belongs to. The scheduler may treat the pods of a group as one. Immutable.',
  },
  PodStatus: {
    resources: 'Compute requests and limits that are in force for the pod as a whole, if it states any.',
    extendedResourceClaimStatus: 'The ResourceClaim that was made for the extended resources of this pod which DRA drivers provide.',
  },
  Volume: { image: 'An OCI image or artifact that the kubelet pulls and mounts, read-only, with the pod. It is resolved when the pod starts, by its pullPolicy; a volume that cannot be pulled keeps the containers from starting.' },
  ContainerStatus: { user: 'The user that the first process of the container was given.' },
  ContainerUser: { linux: 'The user and groups of the first process of a Linux container.' },
  ContainerRestartRule: { exitCodes: 'The exit codes of the container that this rule is for.' },
  VolumeProjection: { podCertificate: 'A private key and a certificate for this pod, which the kubelet asks a signer for and renews.' },
  EnvVarSource: { fileKeyRef: 'A key of a file, in a volume of the pod, that holds variables.' },
  NodeStatus: { features: 'What the CRI implementation of the node is able to do.' },
  NodeSystemInfo: { swap: 'Swap space of the node.' },
}

const files = new Set(readdirSync(models).filter((name) => name.endsWith('.d.ts')))
const result = {}
const groups = new Map([...builtinResources.map(({ resource }) => resource), { group: 'meta.k8s.io', version: 'v1' }].map(({ group, version }) => [`${group}/${version}`, { group, version }]))
for (const { group, version } of groups.values()) {
  const short = group === '' ? 'core' : group.split('.')[0]
  const more = readTypes(short, version)
  for (const [name, schema] of definitionsOf(group, version)) {
    const file = [`${capital(short)}${capital(version)}${name}.d.ts`, `${capital(version)}${name}.d.ts`].find((candidate) => files.has(candidate))
    if (!file) continue
    const older = more.get(name) ?? {}
    const own = Object.entries(readModel(file)).filter(([field, text]) => !(field in older && typeTexts.test(text)))
    const texts = { ...older, ...newer[name], ...Object.fromEntries(own) }
    const known = Object.entries(texts).filter(([field]) => field === '' || schema.fields.has(field))
    result[schema.name] = Object.fromEntries(known)
  }
}
mkdirSync(dirname(target), { recursive: true })
writeFileSync(target, JSON.stringify(result))
console.log(`${Object.keys(result).length} types in ${target}`)
