// PodTemplate: a stored template that nothing of the cluster itself uses.
import { podTemplates } from '../../api/types-pod.ts'
import { labelsText, nameColumn, text } from './columns.ts'
import { define } from './define.ts'
import { defaultPodTemplate } from './pod-spec-defaults.ts'
import { checkPodTemplate } from './pod-spec-validation.ts'
import type { Errors } from './rules.ts'
import { containerImages, containerNames } from './workload.ts'

export default define(podTemplates, {
  generation: true,
  defaults(object) {
    object.template ??= {}
    defaultPodTemplate(object.template)
  },
  validate(object, old) {
    const out: Errors = []
    checkPodTemplate(out, 'template', object.template ?? {}, old?.template)
    return out
  },
  columns: [
    nameColumn,
    text('Containers', 'Names of the containers in the template.', ({ template }) => containerNames(template)),
    text('Images', 'Images of the containers in the template.', ({ template }) => containerImages(template)),
    text('Pod Labels', 'Labels that pods of this template get.', ({ template }) => labelsText(template?.metadata?.labels)),
  ],
})
