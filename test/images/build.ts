// The images that tests and samples use, made from Debian packages of this machine and kept in .cache/images.
// Run it to build them all: node test/images/build.ts
import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { HostImage } from './host-image.ts'
import { buildHostImage, inputsOf } from './host-image.ts'

const cacheDirectory = resolve(import.meta.dirname, '../../.cache/images')
const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Which package brings the program, for the error message. */
const packages: Record<string, string> = {
  '/usr/bin/busybox': 'busybox-static', '/usr/bin/curl': 'curl', '/usr/bin/redis-server': 'redis-server', '/usr/bin/redis-cli': 'redis-tools',
  '/usr/sbin/nginx': 'nginx-light', '/etc/nginx/mime.types': 'nginx-common',
}

const accounts = {
  '/etc/passwd': [
    'root:x:0:0:root:/root:/bin/sh', 'nobody:x:65534:65534:nobody:/nonexistent:/bin/false',
    'redis:x:999:999:redis:/data:/bin/false', 'nginx:x:101:101:nginx:/nonexistent:/bin/false', '',
  ].join('\n'),
  '/etc/group': ['root:x:0:', 'nogroup:x:65534:', 'redis:x:999:', 'nginx:x:101:', ''].join('\n'),
}

/** busybox with all its commands, as a base for the others. */
function busyboxBase(): Pick<HostImage, 'programs' | 'texts' | 'links' | 'directories'> {
  const applets = execFileSync('/usr/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n')
  return {
    programs: { '/bin/busybox': '/usr/bin/busybox' },
    texts: accounts,
    links: Object.fromEntries(applets.filter((name) => name !== 'busybox').map((name) => [`/bin/${name}`, '/bin/busybox'])),
    directories: {
      '/tmp': { mode: 0o1777 }, '/root': { mode: 0o700 }, '/var/log': {}, '/run': {}, '/home': {}, '/var/www': {},
      '/mnt': {}, '/opt': {}, '/srv': {}, '/usr/bin': {}, '/usr/sbin': {}, '/dev': {}, '/proc': {}, '/sys': {},
    },
  }
}

const redisEntrypoint = `#!/bin/sh
# Arguments alone are redis-server's; like the well-known image, it answers other hosts without a password.
set -e
case "\${1:-}" in -*|*.conf) set -- redis-server "$@" ;; esac
if [ "\${1:-}" = redis-server ]; then shift; set -- redis-server "$@" --protected-mode no; fi
exec "$@"
`

const nginxConfig = `user nginx;
worker_processes 1;
error_log /var/log/nginx/error.log notice;
pid /run/nginx.pid;
events { worker_connections 512; }
http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log /var/log/nginx/access.log;
  sendfile on;
  include /etc/nginx/conf.d/*.conf;
}
`
const nginxSite = `server {
  listen 80;
  server_name localhost;
  location / {
    root /usr/share/nginx/html;
    index index.html index.htm;
  }
}
`

const definitions = {
  busybox: (): HostImage => ({
    ...busyboxBase(),
    names: ['docker.io/library/busybox:latest', 'docker.io/library/busybox:1.36', 'docker.io/library/busybox:1.35'],
    config: { Cmd: ['sh'], Env: [path] },
  }),
  // One user, and a group that the image alone puts it in.
  groups: (): HostImage => {
    const base = busyboxBase()
    return {
      ...base,
      names: ['kinglet.test/groups:1'],
      texts: { ...base.texts, '/etc/passwd': `${accounts['/etc/passwd']}alice:x:1000:1000::/home:/bin/sh\n`, '/etc/group': `${accounts['/etc/group']}alice:x:1000:\nimage:x:50000:alice\n` },
      config: { Cmd: ['sh'], Env: [path] },
    }
  },
  redis: (): HostImage => {
    const base = busyboxBase()
    return {
      ...base,
      names: ['docker.io/library/redis:latest', 'docker.io/library/redis:7', 'docker.io/library/redis:7.0', 'docker.io/library/redis:alpine'],
      programs: { ...base.programs, '/usr/local/bin/redis-server': '/usr/bin/redis-server', '/usr/local/bin/redis-cli': '/usr/bin/redis-cli' },
      texts: { ...base.texts, '/usr/local/bin/docker-entrypoint.sh': redisEntrypoint },
      directories: { ...base.directories, '/data': { uid: 999 } },
      config: {
        Entrypoint: ['docker-entrypoint.sh'], Cmd: ['redis-server'], Env: [path], WorkingDir: '/data', ExposedPorts: { '6379/tcp': {} },
      },
    }
  },
  nginx: (): HostImage => {
    const base = busyboxBase()
    return {
      ...base,
      names: ['docker.io/library/nginx:latest', 'docker.io/library/nginx:1.22', 'docker.io/library/nginx:alpine'],
      programs: { ...base.programs, '/usr/sbin/nginx': '/usr/sbin/nginx' },
      files: { '/etc/nginx/mime.types': '/etc/nginx/mime.types' },
      texts: {
        ...base.texts,
        '/etc/nginx/nginx.conf': nginxConfig,
        '/etc/nginx/conf.d/default.conf': nginxSite,
        '/usr/share/nginx/html/index.html': '<!DOCTYPE html>\n<html><head><title>Welcome to nginx!</title></head><body><h1>Welcome to nginx!</h1></body></html>\n',
      },
      links: { ...base.links, '/var/log/nginx/access.log': '/dev/stdout', '/var/log/nginx/error.log': '/dev/stderr' },
      directories: { ...base.directories, '/var/lib/nginx': { uid: 101 }, '/var/log/nginx': {} },
      config: { Cmd: ['nginx', '-g', 'daemon off;'], Env: [path], ExposedPorts: { '80/tcp': {} }, StopSignal: 'SIGQUIT' },
    }
  },
  // busybox' own wget can't look names up: static glibc programs crash in getaddrinfo.
  curl: (): HostImage => {
    const base = busyboxBase()
    return {
      ...base,
      names: ['docker.io/curlimages/curl:latest', 'docker.io/curlimages/curl:8'],
      programs: { ...base.programs, '/usr/bin/curl': '/usr/bin/curl' },
      config: { Cmd: ['curl', '--help'], Env: [path] },
    }
  },
  // What conformance tests run in pods: the programs of ./toolbox on Node.
  toolbox: (): HostImage => {
    const base = busyboxBase()
    const folder = join(import.meta.dirname, 'toolbox')
    const node = resolve(import.meta.dirname, `../../node_modules/node-linux-${process.arch}/bin/node`)
    return {
      ...base,
      names: ['kinglet.test/toolbox:1', 'kinglet.test/toolbox:2'],
      programs: { ...base.programs, '/usr/local/bin/node': node, '/usr/bin/curl': '/usr/bin/curl' },
      rootPrograms: { '/usr/local/bin/id-as-root': '/usr/bin/id' },
      texts: { ...base.texts, ...Object.fromEntries(readdirSync(folder).map((name) => [`/toolbox/${name}`, readFileSync(join(folder, name), 'utf8')])) },
      links: { ...base.links, '/usr/local/bin/toolbox': '/toolbox/toolbox.sh', '/usr/local/bin/toolbox-2': '/toolbox/toolbox.sh' },
      config: { Entrypoint: ['toolbox'], Cmd: ['pause'], Env: [path] },
    }
  },
  'guestbook-web': (): HostImage => {
    const base = busyboxBase()
    return {
      ...base,
      names: ['docker.io/library/guestbook-web:1'],
      programs: { ...base.programs, '/usr/local/bin/redis-cli': '/usr/bin/redis-cli' },
      texts: {
        ...base.texts,
        '/www/index.html': sampleFile('index.html'), '/www/healthz': sampleFile('healthz'), '/www/cgi-bin/entries': sampleFile('entries'),
      },
      config: { Cmd: ['busybox', 'httpd', '-f', '-p', '8080', '-h', '/www'], Env: [path], ExposedPorts: { '8080/tcp': {} } },
    }
  },
}

function sampleFile(name: string): string {
  return readFileSync(join(import.meta.dirname, '../sample/web', name), 'utf8')
}

export type TestImage = keyof typeof definitions
export const testImages = Object.keys(definitions) as TestImage[]

/** The path of the image's archive; made when it is missing or when what it is made from has changed. */
export function testImage(name: TestImage): string {
  const image = definitions[name]()
  for (const file of [...Object.values(image.programs), ...Object.values(image.files ?? {})]) {
    if (!existsSync(file)) throw new Error(`the image ${name} needs ${file}; install ${packages[file] ?? 'its package'}`)
  }
  const key = createHash('sha256').update(inputsOf(image)).update(readFileSync(join(import.meta.dirname, 'host-image.ts'))).digest('hex')
  const archive = join(cacheDirectory, `${name}.tar`)
  const keyFile = join(cacheDirectory, `${name}.key`)
  if (existsSync(archive) && existsSync(keyFile) && readFileSync(keyFile, 'utf8') === key) return archive
  mkdirSync(cacheDirectory, { recursive: true })
  // Two test runs may build at once: each writes its own file, and the last rename wins.
  const partial = `${archive}.${process.pid}`
  writeFileSync(partial, buildHostImage(image))
  renameSync(partial, archive)
  writeFileSync(keyFile, key)
  return archive
}

if (import.meta.main) for (const name of testImages) console.log(testImage(name))
