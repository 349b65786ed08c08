// The kubelet's endpoint: what a path is in RBAC, and what paths and queries mean.
import { accessOf } from './kubelet-server-access.ts'
import { forwardedPorts, logOptions, parsePodPath, streamOptions } from './kubelet-server-paths.ts'

describe('access', () => {
  it.each([
    ['GET', '/healthz', 'get', ['healthz', 'proxy']],
    ['GET', '/pods', 'get', ['pods', 'proxy']],
    ['GET', '/runningpods/', 'get', ['pods', 'proxy']],
    ['GET', '/configz', 'get', ['configz', 'proxy']],
    ['GET', '/stats/summary', 'get', ['stats']],
    ['GET', '/metrics', 'get', ['metrics']],
    ['GET', '/metrics/cadvisor', 'get', ['metrics']],
    ['GET', '/logs/syslog', 'get', ['log']],
    ['GET', '/containerLogs/ns/p/c', 'get', ['proxy']],
    // A WebSocket begins with a GET, and runs a command all the same.
    ['GET', '/exec/ns/p/c', 'create', ['proxy']],
    ['GET', '/attach/ns/p/c', 'create', ['proxy']],
    ['GET', '/portForward/ns/p', 'create', ['proxy']],
    ['POST', '/run/ns/p/c', 'create', ['proxy']],
    ['GET', '/anything', 'get', ['proxy']],
    ['DELETE', '/', 'delete', ['proxy']],
    ['BREW', '/pods', '', ['pods', 'proxy']],
  ])('%s %s', (method, path, verb, subresources) => expect(accessOf(method, path)).toEqual({ verb, subresources }))
})

describe('paths', () => {
  it.each([
    ['/exec/ns/p/c', { type: 'exec', namespace: 'ns', name: 'p', container: 'c' }],
    ['/attach/ns/p/u1/c', { type: 'attach', namespace: 'ns', name: 'p', uid: 'u1', container: 'c' }],
    ['/portForward/ns/p', { type: 'portForward', namespace: 'ns', name: 'p', container: '' }],
    ['/portForward/ns/p/u1', { type: 'portForward', namespace: 'ns', name: 'p', uid: 'u1', container: '' }],
    ['/containerLogs/ns/p/c', { type: 'containerLogs', namespace: 'ns', name: 'p', container: 'c' }],
    ['/run/ns/p%2Dq/c', { type: 'run', namespace: 'ns', name: 'p-q', container: 'c' }],
  ])('%s', (path, found) => expect(parsePodPath(path)).toEqual(found))

  it.each(['/exec/ns/p', '/exec/ns/p/u/c/more', '/containerLogs/ns/p/u/c', '/portForward/ns/p/u/c', '/exec', '/', '/pods/ns/p/c', '/%65xec/ns/p/c', '//exec/ns/p/c'])('%s is none', (path) => {
    expect(parsePodPath(path)).toBeUndefined()
  })

  it('tells of broken escapes', () => expect(() => parsePodPath('/exec/ns/%zz/c')).toThrow('invalid URL escape in "%zz"'))
})

describe('queries', () => {
  const query = (text: string): URLSearchParams => new URLSearchParams(text)

  it('of streams, in the words of the kubelet and of the API', () => {
    const options = { container: 'c', command: ['sh', '-c'], stdin: true, stdout: true, stderr: false, tty: true }
    expect(streamOptions('c', query('command=sh&command=-c&input=1&output=1&tty=1'))).toEqual(options)
    expect(streamOptions('c', query('command=sh&command=-c&stdin=true&stdout=true&tty=true'))).toEqual(options)
    expect(() => streamOptions('c', query('command=sh'))).toThrow('at least 1 of stdin, stdout, stderr')
  })

  it('of ports', () => {
    expect(forwardedPorts(query('port=80&port=443'))).toEqual([80, 443])
    expect(forwardedPorts(query('ports=80,443'))).toEqual([80, 443])
    expect(forwardedPorts(query(''))).toEqual([])
    expect(() => forwardedPorts(query('port=http'))).toThrow('unable to parse "http" as a port')
  })

  it('of logs', () => {
    expect(logOptions('c', query('follow=true&tailLines=3&stream=Stderr'))).toMatchObject({ container: 'c', follow: true, previous: false, tailLines: 3, stream: 'Stderr' })
    expect(() => logOptions('c', query('tailLines=-1'))).toThrow('tailLines: expected a number, found "-1"')
    expect(() => logOptions('c', query('stream=both'))).toThrow('stream: expected All, Stdout or Stderr')
    expect(() => logOptions('c', query('sinceTime=today'))).toThrow('sinceTime')
  })
})
