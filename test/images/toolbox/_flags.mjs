// Flags as Go's programs take them: --name=value, --name value, -n value; --name alone where the default is true or false.

/** `defaults` has every flag there is; numbers stay numbers. `short` maps one letter to a name. */
export function flags(args, defaults, short = {}) {
  const found = { ...defaults }
  const rest = []
  for (let at = 0; at < args.length; at++) {
    const match = /^--?([a-zA-Z][\w-]*)(?:=([^]*))?$/.exec(args[at])
    if (!match) {
      rest.push(args[at])
      continue
    }
    const name = short[match[1]] ?? match[1].replaceAll('_', '-')
    if (!(name in defaults)) {
      console.error(`unknown flag: ${args[at]}`)
      process.exit(1)
    }
    const text = match[2] ?? (typeof defaults[name] === 'boolean' ? 'true' : args[++at] ?? '')
    found[name] = typeof defaults[name] === 'number' ? Number(text) : typeof defaults[name] === 'boolean' ? text === 'true' : text
  }
  return { ...found, rest }
}

const unitsMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** 1m30s, 250ms … in milliseconds. */
export const durationMs = (text) =>
  [...text.matchAll(/([\d.]+)(ms|s|m|h)/g)].reduce((sum, [, count, unit]) => sum + Number(count) * unitsMs[unit], 0)
