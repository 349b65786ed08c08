// Expands $(VAR) references in commands, arguments and environment values. Pure.

/** `$(NAME)` becomes its value, `$$` becomes `$`, and a reference to what `lookup` does not know stays as it is. */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  let result = ''
  let from = 0
  for (let at = text.indexOf('$'); at !== -1; at = text.indexOf('$', from)) {
    result += text.slice(from, at)
    const next = text[at + 1]
    const end = next === '(' ? text.indexOf(')', at + 2) : -1
    if (next === '$') {
      result += '$'
      from = at + 2
    } else if (end !== -1) {
      result += lookup(text.slice(at + 2, end)) ?? text.slice(at, end + 1)
      from = end + 1
    } else {
      result += '$'
      from = at + 1
    }
  }
  return result + text.slice(from)
}
