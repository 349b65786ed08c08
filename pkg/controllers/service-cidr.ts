// ServiceCIDR: tells that the range which services get their addresses from is in use.
import { equalJson } from '../api/json.ts'
import { formatTime } from '../api/times.ts'
import { serviceCIDRs, type ServiceCIDR } from '../api/types-service.ts'
import { controller } from '../controller/controller.ts'

const defaultName = 'kubernetes'

export default controller<ServiceCIDR>({
  name: 'service-cidr',
  for: serviceCIDRs,
  async reconcile({ name }, range, { client, clock }) {
    if (!range || range.metadata.deletionTimestamp) return
    const before = range.status?.conditions?.find(({ type }) => type === 'Ready')
    // Addresses come from the one range that the cluster was started with.
    const next = name === defaultName
      ? { type: 'Ready', status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' }
      : { type: 'Ready', status: 'False', reason: 'NotSupported', message: 'Services get their addresses from the default ServiceCIDR only' }
    const condition = { ...next, lastTransitionTime: before?.status === next.status ? before.lastTransitionTime : formatTime(clock.now()) }
    if (equalJson(before, condition)) return
    const conditions = [...(range.status?.conditions ?? []).filter(({ type }) => type !== 'Ready'), condition]
    await client.update(serviceCIDRs, { ...range, status: { ...range.status, conditions } }, { subresource: 'status' })
  },
})
