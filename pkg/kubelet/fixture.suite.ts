// Pods and runtime views for the kubelet's tests.
import type { Container, Pod, PodSpec } from '../api/types-pod.ts'
import { containerAnnotations } from './labels.ts'
import type { RuntimeContainer, RuntimePod, RuntimeSandbox } from './runtime-service.ts'

export const startMs = Date.UTC(2026, 0, 1)

export function makePod(spec: Partial<Omit<PodSpec, 'containers'>> & { containers?: (Partial<Container> & { name: string })[] } = {}, metadata: Pod['metadata'] = {}): Pod {
  return {
    apiVersion: 'v1', kind: 'Pod',
    metadata: { name: 'p', namespace: 'ns', uid: 'u', generation: 1, ...metadata },
    spec: { restartPolicy: 'Always', ...spec, containers: spec.containers ?? [{ name: 'c', image: 'i' }] },
  }
}

/** `name:phase`, with the exit code of what has exited, and the attempt: `c:exited/1#2`. */
export function makeContainer(text: string, more: Partial<RuntimeContainer> = {}): RuntimeContainer {
  const [, name = '', phase = '', exitCode = '0', attempt = '0'] = /^([^:]+):(\w+)(?:\/(\d+))?(?:#(\d+))?$/.exec(text) ?? []
  const ended = phase === 'exited'
  return {
    id: `${name}-${attempt}`, sandboxId: 's0', name, attempt: Number(attempt), phase: phase as RuntimeContainer['phase'],
    createdAtMs: startMs, startedAtMs: phase === 'created' ? 0 : startMs + 1000, finishedAtMs: ended ? startMs + 2000 : 0, exitCode: Number(exitCode),
    reason: '', message: '', image: 'i', imageId: 'sha', annotations: containerAnnotations(makePod(), { name, image: 'i' }, Number(attempt), ''), ...more,
  }
}

export const sandbox = (more: Partial<RuntimeSandbox> = {}): RuntimeSandbox => ({ id: 's0', attempt: 0, ready: true, createdAtMs: startMs, ips: ['10.0.0.1'], ...more })

export const makeRuntime = (containers: readonly (string | RuntimeContainer)[], sandboxes: readonly RuntimeSandbox[] = [sandbox()]): RuntimePod => ({
  uid: 'u', name: 'p', namespace: 'ns', sandboxes, containers: containers.map((each) => (typeof each === 'string' ? makeContainer(each) : each)),
})
