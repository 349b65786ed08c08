// Generates the texts of `kubectl explain`: .cache/descriptions.json, or the file named. They are the doc comments of @kubernetes/client-node's
// models, and, for the fields of object types, of which the models have none, those of kubernetes-types.
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

const files = new Set(readdirSync(models).filter((name) => name.endsWith('.d.ts')))
const result = {}
const groups = new Map([...builtinResources.map(({ resource }) => resource), { group: 'meta.k8s.io', version: 'v1' }].map(({ group, version }) => [`${group}/${version}`, { group, version }]))
for (const { group, version } of groups.values()) {
  const short = group === '' ? 'core' : group.split('.')[0]
  const more = readTypes(short, version)
  for (const [name, schema] of definitionsOf(group, version)) {
    const file = [`${capital(short)}${capital(version)}${name}.d.ts`, `${capital(version)}${name}.d.ts`].find((candidate) => files.has(candidate))
    if (!file) continue
    const texts = { ...more.get(name), ...readModel(file) }
    const known = Object.entries(texts).filter(([field]) => field === '' || schema.fields.has(field))
    result[schema.name] = Object.fromEntries(known)
  }
}
mkdirSync(dirname(target), { recursive: true })
writeFileSync(target, JSON.stringify(result))
console.log(`${Object.keys(result).length} types in ${target}`)
