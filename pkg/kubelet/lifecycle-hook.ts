// Runs a container's postStart or preStop hook.
import type { Container, LifecycleHandler, Pod } from '../api/types-pod.ts'
import type { Clock } from '../util/clock.ts'
import { sleep } from '../util/clock.ts'
import { connect } from 'node:net'
import { httpGet, httpTarget, portNumber } from './http-check.ts'
import type { RuntimeService } from './runtime-service.ts'

export interface HookTarget {
  readonly pod: Pod
  readonly container: Container
  readonly containerId: string
  readonly podIP: string
  readonly timeoutMs: number
}

/** Throws when the hook fails. */
export async function runHook(handler: LifecycleHandler, target: HookTarget, tools: { runtime: Pick<RuntimeService, 'exec'>; clock: Clock; signal?: AbortSignal }): Promise<void> {
  if (handler.exec) {
    const { exitCode, stdout, stderr } = await tools.runtime.exec(target.containerId, handler.exec.command ?? [], target.timeoutMs)
    if (exitCode !== 0) throw new Error(`command "${(handler.exec.command ?? []).join(' ')}" exited with ${exitCode}: ${stdout}${stderr}`)
  } else if (handler.httpGet) {
    const port = portNumber(target.pod, target.container.name, handler.httpGet.port)
    await httpGet(httpTarget(handler.httpGet, { podIP: target.podIP, port, agent: 'kube-lifecycle/1.35' }), { timeoutMs: target.timeoutMs, clock: tools.clock })
  } else if (handler.sleep) {
    await sleep(tools.clock, Math.min(handler.sleep.seconds * 1000, target.timeoutMs), tools.signal)
  } else if (handler.tcpSocket) {
    await touch(handler.tcpSocket.host || target.podIP, portNumber(target.pod, target.container.name, handler.tcpSocket.port))
  }
}

function touch(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    socket.on('connect', () => {
      socket.destroy()
      resolve()
    })
    socket.on('error', reject)
  })
}
