// Reads a URL as Go's net/url does: nothing is normalized, no default port is left out, and what it refuses is refused.

export interface GoUrl {
  readonly scheme: string
  /** With the port, without the user. */
  readonly host: string
  readonly hostname: string
  readonly port: string
  readonly escapedPath: string
  readonly query: ReadonlyMap<string, readonly string[]>
}

/** An absolute URL, or an absolute path. Fails with an Error that says what Go would. */
export function parseGoUrl(text: string): GoUrl {
  const fail = (why: string): never => {
    throw new Error(`parse ${JSON.stringify(text)}: ${why}`)
  }
  if (/[\x00-\x1f\x7f]/.test(text)) fail('net/url: invalid control character in URL')
  if (text === '') fail('empty url')
  if (text.startsWith(':')) fail('missing protocol scheme')
  const { scheme = '', rest: afterScheme = '' } = /^(?:(?<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?<rest>[^]*)$/.exec(text)?.groups ?? {}
  // A fragment counts as part of the path when it is refused, and is left out when it is read.
  const [whole = ''] = afterScheme.split('?', 1)
  if (!whole.startsWith('/')) {
    if (scheme === '') fail('invalid URI for request')
    return { scheme: scheme.toLowerCase(), host: '', hostname: '', port: '', escapedPath: '', query: queryOf(afterScheme) }
  }
  const hasAuthority = scheme !== '' && whole.startsWith('//')
  const authority = hasAuthority ? /^\/\/([^/]*)/.exec(whole)?.[1] ?? '' : ''
  const bad = /%(?![0-9A-Fa-f]{2}).{0,2}/s.exec(whole.slice(hasAuthority ? 2 + authority.length : 0))
  if (bad) fail(`invalid URL escape ${JSON.stringify(bad[0])}`)
  const { host, hostname, port } = authorityOf(authority, fail)
  const path = whole.slice(hasAuthority ? 2 + authority.length : 0).split('#', 1)[0] ?? ''
  return { scheme: scheme.toLowerCase(), host, hostname, port, escapedPath: escapedPath(path), query: queryOf(afterScheme) }
}

function authorityOf(authority: string, fail: (why: string) => never): Pick<GoUrl, 'host' | 'hostname' | 'port'> {
  const at = authority.lastIndexOf('@')
  if (at >= 0 && !/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(authority.slice(0, at))) fail('net/url: invalid userinfo')
  const host = authority.slice(at + 1)
  const parts = host.startsWith('[') ? /^\[([^]*)\]([^\]]*)$/.exec(host) : /^([^]*?)(:[^:]*)?$/.exec(host)
  if (!parts) return fail("missing ']' in host")
  const colonPort = parts[2] ?? ''
  if (!/^(:\d*)?$/.test(colonPort)) fail(`invalid port ${JSON.stringify(colonPort)} after host`)
  const wrong = [...host].find((char) => char < '\x80' && !/[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"%]/.test(char))
  if (wrong !== undefined) fail(`invalid character ${JSON.stringify(wrong)} in host name`)
  return { host, hostname: parts[1] ?? '', port: colonPort.slice(1) }
}

/** As it was written, if it could be; otherwise with what must be escaped escaped. */
function escapedPath(path: string): string {
  if (/^[A-Za-z0-9\-_.~!$&'()*+,;=:@[\]%/]*$/.test(path)) return path
  const bytes = Buffer.from(unescaped(path), 'latin1')
  return Array.from(bytes, (byte) => {
    const char = String.fromCharCode(byte)
    return /[A-Za-z0-9\-_.~$&+,/:;=@]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }).join('')
}

/** Its bytes, one a character. */
function unescaped(text: string): string {
  return Buffer.from(text).toString('latin1').replace(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)))
}

function queryOf(rest: string): Map<string, string[]> {
  const query = new Map<string, string[]>()
  const at = rest.indexOf('?')
  if (at < 0) return query
  for (const pair of (rest.slice(at + 1).split('#', 1)[0] ?? '').split('&')) {
    if (pair === '' || pair.includes(';') || /%(?![0-9A-Fa-f]{2})/.test(pair)) continue
    const equals = pair.indexOf('=')
    const [name, value] = [equals < 0 ? pair : pair.slice(0, equals), equals < 0 ? '' : pair.slice(equals + 1)]
      .map((part) => Buffer.from(unescaped(part.replaceAll('+', ' ')), 'latin1').toString('utf8')) as [string, string]
    const values = query.get(name)
    if (values) values.push(value)
    else query.set(name, [value])
  }
  return query
}
