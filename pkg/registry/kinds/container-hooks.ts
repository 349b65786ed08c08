// Checks of what is done with a running container: probes, hooks, the signal that stops it.
import { headerNameFaults } from '../../api/names.ts'
import type { Container, LifecycleHandler, PodSpec, Probe } from '../../api/types-pod.ts'
import type { Errors } from './rules.ts'
import { addFaults, checkNonNegative, checkPortNumber, checkPortOrName, checkRequired, forbiddenField, invalid, notSupported, required } from './rules.ts'
import { linuxSignals, windowsSignals } from './stop-signals.ts'

type Handler = LifecycleHandler & Probe

/** What the checks of hooks need to know of the pod. */
export interface HookFacts {
  readonly graceSeconds: number
  readonly os?: PodSpec['os']
}

/** One handler, of those that are possible; more than the first are refused. */
function checkHandler(out: Errors, path: string, handler: Handler, kinds: readonly (keyof Handler)[], graceSeconds: number): void {
  const [first, ...others] = kinds.filter((kind) => handler[kind])
  if (first === undefined) out.push(required(path, 'must specify a handler type'))
  else checkAction(out, `${path}.${first}`, { [first]: handler[first] } as Handler, graceSeconds)
  for (const kind of others) out.push(forbiddenField(`${path}.${kind}`, 'may not specify more than 1 handler type'))
}

const schemes = ['HTTP', 'HTTPS']

function checkAction(out: Errors, path: string, { exec, httpGet, tcpSocket, grpc, sleep }: Handler, graceSeconds: number): void {
  if (exec) checkRequired(out, `${path}.command`, exec.command)
  if (httpGet) {
    checkRequired(out, `${path}.path`, httpGet.path)
    checkPortOrName(out, `${path}.port`, httpGet.port)
    if (!schemes.includes(httpGet.scheme ?? '')) out.push(notSupported(`${path}.scheme`, httpGet.scheme ?? '', schemes))
    for (const { name = '' } of httpGet.httpHeaders ?? []) addFaults(out, `${path}.httpHeaders`, name, headerNameFaults(name))
  }
  if (tcpSocket) checkPortOrName(out, `${path}.port`, tcpSocket.port)
  if (grpc) checkPortNumber(out, `${path}.port`, grpc.port ?? 0)
  const seconds = sleep?.seconds ?? 0
  if (sleep && (seconds < 0 || seconds > graceSeconds)) {
    out.push(invalid(path, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`))
  }
}

/** `ready`: of readiness, which comes and goes and never ends a container. */
function checkProbe(out: Errors, path: string, probe: Probe | undefined, ready = false): void {
  if (!probe) return
  checkHandler(out, path, probe, ['exec', 'httpGet', 'tcpSocket', 'grpc'], 0)
  for (const field of ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'] as const) {
    checkNonNegative(out, `${path}.${field}`, probe[field])
  }
  const grace = probe.terminationGracePeriodSeconds
  if (grace !== undefined && grace <= 0) out.push(invalid(`${path}.terminationGracePeriodSeconds`, grace, 'must be greater than 0'))
  if (ready) {
    if (grace !== undefined) out.push(invalid(`${path}.terminationGracePeriodSeconds`, grace, 'must not be set for readinessProbes'))
  } else if ((probe.successThreshold ?? 1) !== 1) out.push(invalid(`${path}.successThreshold`, probe.successThreshold, 'must be 1'))
}

/** What a signal is called depends on the system. */
function checkStopSignal(out: Errors, path: string, signal: string | undefined, os: PodSpec['os']): void {
  if (signal === undefined) return
  if (!os) out.push(forbiddenField(path, 'may not be set for containers with empty `spec.os.name`'))
  else if (os.name === 'windows' || os.name === 'linux') {
    const known = os.name === 'windows' ? windowsSignals : linuxSignals
    if (!known.includes(signal)) out.push(notSupported(path, signal, known))
  }
}

const hooks = ['exec', 'httpGet', 'tcpSocket', 'sleep'] as const

/** Probes and hooks, of containers that run beside others. */
export function checkLifecycle(out: Errors, path: string, { lifecycle, livenessProbe, readinessProbe, startupProbe }: Container, { graceSeconds, os }: HookFacts): void {
  for (const hook of ['postStart', 'preStop'] as const) {
    const handler = lifecycle?.[hook]
    if (handler) checkHandler(out, `${path}.lifecycle.${hook}`, handler, hooks, graceSeconds)
  }
  checkStopSignal(out, `${path}.lifecycle.stopSignal`, lifecycle?.stopSignal, os)
  checkProbe(out, `${path}.livenessProbe`, livenessProbe)
  checkProbe(out, `${path}.readinessProbe`, readinessProbe, true)
  checkProbe(out, `${path}.startupProbe`, startupProbe)
}
