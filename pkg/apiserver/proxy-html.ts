// HTML that comes through a proxy: links to the target's own root are made to lead through the proxy again.

/** Attributes that hold addresses, by element. */
const addresses: Readonly<Record<string, readonly string[]>> = {
  a: ['href'], applet: ['codebase'], area: ['href'], audio: ['src'], base: ['href'], blockquote: ['cite'], body: ['background'], button: ['formaction'],
  command: ['icon'], del: ['cite'], embed: ['src'], form: ['action'], frame: ['longdesc', 'src'], head: ['profile'], html: ['manifest'],
  iframe: ['longdesc', 'src'], img: ['longdesc', 'src', 'usemap'], input: ['formaction', 'src', 'usemap'], ins: ['cite'], link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'], q: ['cite'], script: ['src'], source: ['src'], video: ['poster', 'src'],
}
/** What stands inside is no markup. */
const raw = new Set(['script', 'style', 'textarea', 'title'])

export interface ProxiedPage {
  /** The target's host and port, and those by which the client knows this server. */
  readonly hosts: readonly string[]
  /** The path under which the target's root is reached. */
  readonly prefix: string
}

/** An address as the target states it, for a client behind the proxy. */
export function proxiedAddress(address: string, { hosts, prefix }: ProxiedPage): string {
  const [, scheme = '', host, path = ''] = /^\s*((?:https?:)?)(?:\/\/([^/?#]*))?([^]*?)\s*$/i.exec(address) ?? []
  if (host === undefined ? scheme !== '' || !path.startsWith('/') : !hosts.includes(host)) return address
  const rooted = path.startsWith('/') ? path : `/${path}`
  return rooted === prefix || rooted.startsWith(`${prefix}/`) ? rooted : prefix + rooted
}

/** Reads once from start to end, whatever the markup is like. */
export function proxiedHtml(html: string, page: ProxiedPage): string {
  const out: string[] = []
  let done = 0
  let at = html.indexOf('<')
  while (at >= 0) {
    if (html.startsWith('<!--', at)) {
      const end = html.indexOf('-->', at + 4)
      if (end < 0) break
      at = html.indexOf('<', end + 3)
      continue
    }
    const tag = readTag(html, at)
    if (!tag) {
      at = html.indexOf('<', at + 1)
      continue
    }
    if (tag.end < 0) break
    for (const { name, from, to } of tag.attributes) {
      if (!addresses[tag.name]?.includes(name)) continue
      out.push(html.slice(done, from), escaped(proxiedAddress(unescaped(html.slice(from, to)), page)))
      done = to
    }
    let next = tag.end
    if (raw.has(tag.name)) {
      const close = html.slice(next).search(new RegExp(`</${tag.name}`, 'i'))
      if (close < 0) break
      next += close
    }
    at = html.indexOf('<', next)
  }
  out.push(html.slice(done))
  return out.join('')
}

interface Tag {
  readonly name: string
  /** Where each value stands, without its quotes. */
  readonly attributes: readonly { readonly name: string; readonly from: number; readonly to: number }[]
  /** Behind the tag; negative when the text ends within it. */
  readonly end: number
}

const isSpace = (sign: string | undefined): boolean => sign === ' ' || sign === '\n' || sign === '\t' || sign === '\r' || sign === '\f'

function readTag(html: string, start: number): Tag | undefined {
  let at = start + 1
  const skip = (until: (sign: string) => boolean): number => {
    while (at < html.length && !until(html[at]!)) at++
    return at
  }
  const nameFrom = at
  const name = html.slice(nameFrom, skip((sign) => !/[a-zA-Z0-9]/.test(sign))).toLowerCase()
  if (!/^[a-z]/.test(name) || !(at === html.length || isSpace(html[at]) || html[at] === '>' || html[at] === '/')) return undefined
  const attributes: { name: string; from: number; to: number }[] = []
  for (;;) {
    skip((sign) => !isSpace(sign) && sign !== '/')
    if (at >= html.length) return { name, attributes, end: -1 }
    if (html[at] === '>') return { name, attributes, end: at + 1 }
    const from = at
    const attribute = html.slice(from, skip((sign) => isSpace(sign) || sign === '=' || sign === '>' || sign === '/') === from ? ++at : at).toLowerCase()
    skip((sign) => !isSpace(sign))
    if (html[at] !== '=') continue
    at++
    skip((sign) => !isSpace(sign))
    const quote = html[at] === '"' || html[at] === "'" ? html[at++] : undefined
    const value = at
    skip((sign) => (quote === undefined ? isSpace(sign) || sign === '>' : sign === quote))
    if (at >= html.length) return { name, attributes, end: -1 }
    attributes.push({ name: attribute, from: value, to: at })
    if (quote !== undefined) at++
  }
}

const unescaped = (text: string): string => text.replace(/&amp;/g, '&').replace(/&quot;/g, '"').replace(/&#39;/g, "'")
const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/'/g, '&#39;')
