// Names of images and their full forms.
import { fullImageName, repositoryOf } from './image-name.ts'

const digest = `sha256:${'a'.repeat(64)}`

describe('fullImageName', () => {
  it.each([
    ['busybox', 'docker.io/library/busybox:latest'],
    ['busybox:1.36', 'docker.io/library/busybox:1.36'],
    ['team/app:v1', 'docker.io/team/app:v1'],
    ['docker.io/redis', 'docker.io/library/redis:latest'],
    ['index.docker.io/library/redis:7', 'docker.io/library/redis:7'],
    ['registry.k8s.io/pause:3.10', 'registry.k8s.io/pause:3.10'],
    ['localhost/app', 'localhost/app:latest'],
    ['localhost:5000/a/b', 'localhost:5000/a/b:latest'],
    ['kinglet.io/pause:1', 'kinglet.io/pause:1'],
    [`nginx@${digest}`, `docker.io/library/nginx@${digest}`],
    [`quay.io/a/b:c@${digest}`, `quay.io/a/b:c@${digest}`],
  ])('%s is %s', (name, full) => {
    expect(fullImageName(name)).toBe(full)
    expect(fullImageName(full)).toBe(full)
  })

  it.each(['', 'UPPER', 'a//b', 'a:b:c', ':tag', 'a@sha256:short', '-a', 'a b'])('refuses %j', (name) => {
    expect(() => fullImageName(name)).toThrow('is not an image name')
  })

  it('knows the repository', () => {
    expect(repositoryOf('localhost:5000/a/b:c')).toBe('localhost:5000/a/b')
    expect(repositoryOf(`nginx@${digest}`)).toBe('docker.io/library/nginx')
  })
})
