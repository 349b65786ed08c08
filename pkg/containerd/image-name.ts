// Image names, completed the way Docker taught everyone: `busybox` means `docker.io/library/busybox:latest`.

const defaultRegistry = 'docker.io'

/** Pure: the full name, as containerd keeps it. Digests stay; without tag and digest, the tag is `latest`. Throws on what is no name. */
export function fullImageName(name: string): string {
  const match = /^(?<path>[^@]+?)(?::(?<tag>[\w][\w.-]{0,127}))?(?:@(?<digest>[a-z0-9+._-]+:[0-9a-fA-F]{32,}))?$/.exec(name)
  const { path = '', tag, digest } = match?.groups ?? {}
  const [first = '', ...rest] = path.split('/')
  const hasRegistry = rest.length > 0 && (first === 'localhost' || /[.:]/.test(first))
  const registry = !hasRegistry || first === 'index.docker.io' ? defaultRegistry : first
  let repository = hasRegistry ? rest.join('/') : path
  if (registry === defaultRegistry && !repository.includes('/')) repository = `library/${repository}`
  if (!match || !repository.split('/').every((part) => /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*$/.test(part))) {
    throw new Error(`${JSON.stringify(name)} is not an image name`)
  }
  return `${registry}/${repository}${tag || !digest ? `:${tag ?? 'latest'}` : ''}${digest ? `@${digest}` : ''}`
}

/** Pure: the full name without tag and digest. */
export const repositoryOf = (name: string): string => fullImageName(name).replace(/@.*$/, '').replace(/:[^/]*$/, '')
