// Expressions in CEL parsed and type checked as cel-go does it, before the engine that runs them sees them.
import type { Checked, CelScope } from './cel-check.ts'
import { checkCel } from './cel-check.ts'
import { literalFaults } from './cel-literal-checks.ts'
import { parseCel } from './cel-parse.ts'
import { faultsText } from './cel-syntax.ts'
import { spend } from '../util/allowance.ts'

/** What is wrong with the expression, as cel-go prints it, or what is known of its parts. */
export function analyseCel(source: string, scope: CelScope): Checked | string {
  spend(500 + 25 * source.length)
  const { expr, faults } = parseCel(source, { binding: scope.binding ?? false })
  if (!expr) return faultsText(faults, source)
  const { checked, faults: wrong } = checkCel(expr, scope)
  if (wrong.length > 0) return faultsText(wrong, source)
  const literals = literalFaults(checked)
  return literals.length > 0 ? faultsText(literals, source) : checked
}
