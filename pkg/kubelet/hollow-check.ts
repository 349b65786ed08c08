// A probe of a hollow container: nothing answers on its network, so its annotations do.
import { hollowScript } from './hollow-script.ts'
import { checkProbe } from './probe-check.ts'

export const hollowCheck: typeof checkProbe = async (handler, target, tools) => {
  if (handler.exec) return checkProbe(handler, target, tools)
  const { probes } = hollowScript(target.pod.metadata.annotations ?? {}, target.containerName)
  return { outcome: probes, output: probes === 'failure' ? 'scripted failure' : '' }
}
