// RuntimeClass: a container runtime's handler by name.
import { runtimeClasses } from '../../api/types-config.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import { define } from './define.ts'
import type { Errors } from './rules.ts'
import { checkDnsLabel, checkImmutable, checkLabels, duplicate, repeats } from './rules.ts'
import type { Toleration } from '../../api/types-pod.ts'
import { goStruct } from './go-values.ts'
import { checkResources } from './container-resources.ts'
import { deprecatedLabelText } from './deprecated-labels.ts'
import { checkTolerations } from './scheduling-validation.ts'

function checkUnique(out: Errors, path: string, tolerations: readonly Toleration[]): void {
  const keys = tolerations.map(({ key = '', operator = '', value = '', effect = '' }) => JSON.stringify([key, operator, value, effect]))
  for (const index of repeats(keys)) out.push(duplicate(`${path}[${index}]`, goStruct('Toleration', tolerations[index] ?? {})))
}

export default define(runtimeClasses, {
  finalizers: 'any',
  generation: false,
  allowCreateOnUpdate: true,
  requireVersionOnUpdate: true,
  validate({ handler = '', overhead, scheduling }, old) {
    const out: Errors = []
    checkDnsLabel(out, 'handler', handler)
    // The path is that of limits, by which overheads are judged.
    if (overhead) checkResources(out, 'overhead', { limits: overhead.podFixed })
    checkLabels(out, 'scheduling.nodeSelector', scheduling?.nodeSelector)
    checkTolerations(out, 'scheduling.tolerations', scheduling?.tolerations)
    checkUnique(out, 'scheduling.tolerations', scheduling?.tolerations ?? [])
    if (old) checkImmutable(out, 'handler', handler, old.handler)
    return out
  },
  warnings: ({ scheduling }) => Object.keys(scheduling?.nodeSelector ?? {}).flatMap((key) => {
    const text = deprecatedLabelText(key)
    return text ? [`scheduling.nodeSelector: ${text}`] : []
  }),
  columns: [nameColumn, text('Handler', 'Name of the handler in the runtime\'s configuration.', ({ handler = '' }) => handler), ageColumn],
})
