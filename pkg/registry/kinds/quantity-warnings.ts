// Warnings about quantities that nothing can have exactly so much of.
import { formatQuantity, isQuantity, parseQuantity } from '../../api/quantity.ts'

/** Resources that are counted in bytes, of which there are no parts. */
export const countedInBytes = ['memory', 'ephemeral-storage'] as const

export function fractionWarnings(path: string, list: Readonly<Record<string, string>> | undefined, names: readonly string[] = countedInBytes): string[] {
  return names.flatMap((name) => {
    const value = list?.[name]
    if (value === undefined || !isQuantity(value) || parseQuantity(value).nanos % 1_000_000_000n === 0n) return []
    return [`${path}[${name}]: fractional byte value ${JSON.stringify(formatQuantity(parseQuantity(value)))} is invalid, must be an integer`]
  })
}
