// DefaultIngressClass: an Ingress that names no class gets the one that is marked as default.
import type { Ingress, IngressClass } from '../api/types-service.ts'
import { ingressClasses, ingresses } from '../api/types-service.ts'
import type { AdmissionPlugin } from './admission.ts'
import { isCreateOf } from './admission.ts'
import { newestFirst } from './admission-storage.ts'

const defaultAnnotation = 'ingressclass.kubernetes.io/is-default-class'
const classAnnotation = 'kubernetes.io/ingress.class'

export const defaultIngressClass: AdmissionPlugin = {
  name: 'DefaultIngressClass',
  mutate(draft, request) {
    if (!isCreateOf(request, ingresses)) return
    const ingress = draft as unknown as Ingress
    if (ingress.spec?.ingressClassName !== undefined || ingress.metadata.annotations?.[classAnnotation] !== undefined) return
    const marked = request.view.list<IngressClass>(ingressClasses).filter(({ metadata }) => metadata.annotations?.[defaultAnnotation] === 'true')
    const [first] = marked.sort(newestFirst)
    if (first?.metadata.name) ingress.spec = { ...ingress.spec, ingressClassName: first.metadata.name }
  },
}
