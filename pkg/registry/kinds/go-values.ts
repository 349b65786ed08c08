// Values as messages show them that Kubernetes prints in its internal form: Go's field names, and what is unset with them.

/** `unset` has the fields in their order, each with what stands there when it is unset. */
export function inGo(value: object | undefined, unset: Readonly<Record<string, unknown>>): object {
  const fields = (value ?? {}) as Readonly<Record<string, unknown>>
  return Object.fromEntries(Object.entries(unset).map(([name, none]) => [name, fields[name.charAt(0).toLowerCase() + name.slice(1)] ?? none]))
}

/** What `%q` makes of a list of strings. */
export const quotedList = (texts: readonly string[]): string => `[${texts.map((text) => JSON.stringify(text)).join(' ')}]`
