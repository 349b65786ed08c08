// Optional members of lists and maps, `[?a, b]` and `{?"k": v}`, which the engine's grammar lacks.

const token = /\/\/[^\n]*|(?:[rbRB]{1,2})?(?:"""[^]*?"""|'''[^]*?'''|"(?:\\[^]|[^"\\\n])*"|'(?:\\[^]|[^'\\\n])*')|[A-Za-z_][A-Za-z0-9_]*|`[^`\n]*`|[0-9.]+|\s+|[^]/g

interface Literal {
  readonly open: '[' | '{' | '('
  /** Text before the brackets are closed, member by member; a map's member is its key and its value. */
  members: { key?: string; text: string; optional: boolean }[]
  readonly isLiteral: boolean
}

/** Without optional members: `[?a, b]` becomes `optional.unwrap([a, optional.of(b)])`. What has none stays as it is. */
export function withoutOptionalMembers(expression: string): string {
  if (!/[[{,]\s*\?/.test(expression)) return expression
  const frames: Literal[] = [{ open: '(', members: [{ text: '', optional: false }], isLiteral: false }]
  let before = ''
  const add = (text: string): void => void (frames.at(-1)!.members.at(-1)!.text += text)
  for (const [text] of expression.matchAll(token)) {
    const frame = frames.at(-1)!
    const member = frame.members.at(-1)!
    if (/^\s|^\/\//.test(text)) {
      add(text.startsWith('//') ? ' ' : text)
      continue
    }
    if (text === '[' || text === '{' || text === '(') {
      // After a value, brackets are an index, and braces a message.
      const afterValue = /^[\w"'`)\]}]/.test(before) && before !== 'in'
      frames.push({ open: text, members: [{ text: '', optional: false }], isLiteral: text !== '(' && !afterValue })
    } else if ((text === ']' || text === '}' || text === ')') && frames.length > 1) {
      frames.pop()
      add(closed(frame, text))
    } else if (text === ',' && frame.isLiteral) {
      frame.members.push({ text: '', optional: false })
    } else if (text === '?' && frame.isLiteral && member.text.trim() === '' && member.key === undefined) {
      member.optional = true
    } else if (text === ':' && frame.open === '{' && frame.isLiteral && member.key === undefined) {
      member.key = member.text
      member.text = ''
    } else {
      add(text)
    }
    before = text
  }
  // Brackets that are not closed are told by the parser.
  while (frames.length > 1) {
    const frame = frames.pop()!
    add(frame.open + joined(frame, (text) => text))
  }
  return frames[0]!.members[0]!.text
}

function joined({ members }: Literal, value: (text: string, optional: boolean) => string): string {
  return members.map(({ key, text, optional }) => (key === undefined ? '' : `${key}:`) + (key === undefined && text.trim() === '' ? text : value(text, optional))).join(',')
}

function closed(frame: Literal, close: string): string {
  if (!frame.members.some(({ optional }) => optional)) return frame.open + joined(frame, (text) => text) + close
  const all = frame.open + joined(frame, (text, optional) => (optional ? text : `optional.of(${text})`)) + close
  return frame.open === '[' ? `optional.unwrap(${all})` : `presentEntries__(${all})`
}
