// RuntimeClass: a container runtime's handler by name.
import { runtimeClasses } from '../../api/types-config.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import { define } from './define.ts'
import type { Errors } from './rules.ts'
import { checkDnsLabel, checkImmutable, checkLabels, required } from './rules.ts'
import { checkResourceList } from './container-resources.ts'
import { checkTolerations } from './scheduling-validation.ts'

export default define(runtimeClasses, {
  generation: false,
  allowCreateOnUpdate: true,
  requireVersionOnUpdate: true,
  validate(object, old) {
    const out: Errors = []
    if (!object.handler) out.push(required('handler'))
    else checkDnsLabel(out, 'handler', object.handler)
    checkResourceList(out, 'overhead.podFixed', object.overhead?.podFixed)
    checkLabels(out, 'scheduling.nodeSelector', object.scheduling?.nodeSelector)
    checkTolerations(out, 'scheduling.tolerations', object.scheduling?.tolerations)
    if (old) checkImmutable(out, 'handler', object.handler, old.handler)
    return out
  },
  columns: [nameColumn, text('Handler', 'Name of the handler in the runtime\'s configuration.', ({ handler = '' }) => handler), ageColumn],
})
