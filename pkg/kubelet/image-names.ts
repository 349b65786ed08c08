// Names of images as people write them. Pure.

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const domain = '(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?'
const reference = new RegExp(`^(?:${domain}/)?${component}(?:/${component})*(:[\\w][\\w.-]{0,127})?(@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$`)
/** Reads as an image's id. */
const identifier = /^[a-f0-9]{64}$/

/** With `:latest` where neither tag nor digest is given; undefined when it is no image name. */
export function withDefaultTag(image: string): string | undefined {
  const match = identifier.test(image) ? null : reference.exec(image)
  if (!match) return undefined
  return match[1] || match[2] ? image : `${image}:latest`
}

/** What is wrong with the name that is none. */
export function imageNameFault(image: string): string {
  if (identifier.test(image)) return `invalid repository name (${image}), cannot specify 64-byte hexadecimal strings`
  const repository = repositoryOf(image)
  return repository === repository.toLowerCase() ? 'invalid reference format' : `invalid reference format: repository name (${repository}) must be lowercase`
}

function repositoryOf(image: string): string {
  const slash = image.indexOf('/')
  const host = image.slice(0, Math.max(0, slash))
  const isHost = slash >= 0 && (/[.:]/.test(host) || host === 'localhost' || host !== host.toLowerCase())
  const [path = ''] = (isHost ? image.slice(slash + 1) : image).split(':')
  return isHost || path.includes('/') ? path : `library/${path}`
}
