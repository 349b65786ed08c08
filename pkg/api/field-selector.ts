// Field selectors: `metadata.name=a,status.phase!=Running` to requirements and a match.
import { badRequest } from './status-error.ts'

export interface FieldRequirement {
  readonly field: string
  readonly operator: '=' | '!='
  readonly value: string
}

/** Reads the text. Fails with 400. */
export function parseFieldSelector(text: string): FieldRequirement[] {
  return splitTerms(text).filter((term) => term !== '').map((term) => readTerm(text, term))
}

/** Terms end at commas that no backslash stands before. */
function splitTerms(text: string): string[] {
  const terms: string[] = []
  let start = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === ',') {
      terms.push(text.slice(start, at))
      start = at + 1
    }
  }
  return [...terms, text.slice(start)]
}

function readTerm(selector: string, term: string): FieldRequirement {
  const match = /!=|==|=/.exec(term)
  if (!match) throw badRequest(`invalid selector: '${selector}'; can't understand '${term}'`)
  return {
    field: term.slice(0, match.index),
    operator: match[0] === '!=' ? '!=' : '=',
    value: unescape(term.slice(match.index + match[0].length)),
  }
}

function unescape(text: string): string {
  if (!/[\\,=]/.test(text)) return text
  let result = ''
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at)
    if (char === '\\') {
      const escaped = text.charAt(++at)
      if (escaped !== '\\' && escaped !== ',' && escaped !== '=') throw badRequest(`invalid field selector: invalid escape sequence: \\${escaped}`)
      result += escaped
    } else if (char === ',' || char === '=') {
      throw badRequest(`invalid field selector: unescaped character in value: ${char.charCodeAt(0)}`)
    } else {
      result += char
    }
  }
  return result
}

export function escapeFieldValue(value: string): string {
  return value.replace(/[\\,=]/g, '\\$&')
}

/** The one value that a field must have, so that a list can become a get. */
export function exactValue(requirements: readonly FieldRequirement[], field: string): string | undefined {
  return requirements.find((requirement) => requirement.field === field && requirement.operator === '=')?.value
}
