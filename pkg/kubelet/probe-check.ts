// One try of a probe: by command, HTTP, TCP or gRPC.
import { connect } from 'node:net'
import * as grpc from '@grpc/grpc-js'
import type { Pod, ProbeHandler } from '../api/types-pod.ts'
import type { Clock } from '../util/clock.ts'
import { goDuration } from './go-duration.ts'
import { dialWords, httpGet, httpTarget, portNumber } from './http-check.ts'
import type { RuntimeService } from './runtime-service.ts'
import { ExecTimeout } from './runtime-service.ts'

/** `unknown`: the try itself could not be made; it counts for nothing. */
export interface ProbeResult {
  readonly outcome: 'success' | 'failure' | 'unknown'
  readonly output: string
}

export interface ProbeTarget {
  readonly pod: Pod
  readonly containerName: string
  readonly containerId: string
  readonly podIP: string
  readonly timeoutMs: number
}

const probeAgent = 'kube-probe/1.35'
const mostOutput = 10 * 1024

export async function checkProbe(handler: ProbeHandler, target: ProbeTarget, tools: { runtime: Pick<RuntimeService, 'exec'>; clock: Clock }): Promise<ProbeResult> {
  try {
    if (handler.exec) return await checkExec(handler.exec.command ?? [], target, tools.runtime)
    if (handler.httpGet) {
      const port = portNumber(target.pod, target.containerName, handler.httpGet.port)
      const http = httpTarget(handler.httpGet, { podIP: target.podIP, port, agent: probeAgent })
      const answer = await httpGet(http, { timeoutMs: target.timeoutMs, clock: tools.clock }).catch((error: Error) => error)
      if (answer instanceof Error) return { outcome: 'failure', output: answer.message }
      return answer.status >= 200 && answer.status < 400
        ? { outcome: 'success', output: answer.body }
        : { outcome: 'failure', output: `HTTP probe failed with statuscode: ${answer.status}` }
    }
    if (handler.tcpSocket) {
      const port = portNumber(target.pod, target.containerName, handler.tcpSocket.port)
      return await checkTcp(handler.tcpSocket.host || target.podIP, port, target.timeoutMs, tools.clock)
    }
    if (handler.grpc) return await checkGrpc(`${target.podIP}:${handler.grpc.port}`, handler.grpc.service ?? '', target.timeoutMs, tools.clock)
  } catch (error) {
    return { outcome: 'unknown', output: (error as Error).message }
  }
  return { outcome: 'success', output: '' }
}

async function checkExec(command: readonly string[], target: ProbeTarget, runtime: Pick<RuntimeService, 'exec'>): Promise<ProbeResult> {
  try {
    const { exitCode, stdout, stderr } = await runtime.exec(target.containerId, command, target.timeoutMs)
    return { outcome: exitCode === 0 ? 'success' : 'failure', output: `${stdout}${stderr}`.slice(0, mostOutput) }
  } catch (error) {
    if (error instanceof ExecTimeout) return { outcome: 'failure', output: `command timed out: "${command.join(' ')}" timed out after ${goDuration(target.timeoutMs)}` }
    throw error
  }
}

function checkTcp(host: string, port: number, timeoutMs: number, clock: Clock): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const end = (result: ProbeResult): void => {
      timer.cancel()
      socket.destroy()
      resolve(result)
    }
    const timer = clock.setTimer(() => end({ outcome: 'failure', output: `dial tcp ${host}:${port}: i/o timeout` }), timeoutMs)
    socket.on('connect', () => end({ outcome: 'success', output: '' }))
    socket.on('error', (error) => end({ outcome: 'failure', output: dialWords(error, host, port) }))
  })
}

const servingStatuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']

/** grpc.health.v1: the request is one string in field 1, the answer one enum in field 1. */
function checkGrpc(address: string, service: string, timeoutMs: number, clock: Clock): Promise<ProbeResult> {
  const client = new grpc.Client(address, grpc.credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1, 'grpc.primary_user_agent': probeAgent })
  const name = Buffer.from(service)
  const request = service === '' ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, name.length]), name])
  return new Promise((resolve) => {
    client.makeUnaryRequest<Buffer, number>(
      '/grpc.health.v1.Health/Check', (bytes) => bytes, (bytes) => (bytes[0] === 0x08 ? bytes[1] ?? 0 : 0), request, { deadline: clock.now() + timeoutMs },
      (error, status) => {
        client.close()
        if (!error && status === 1) resolve({ outcome: 'success', output: 'service healthy' })
        else if (!error) resolve({ outcome: 'failure', output: `service unhealthy (responded with "${servingStatuses[status ?? 0] ?? String(status)}")` })
        else if (error.code === grpc.status.UNIMPLEMENTED) resolve({ outcome: 'failure', output: `this server does not implement the grpc health protocol (grpc.health.v1.Health): ${error.details}` })
        else resolve({ outcome: 'failure', output: `timeout: failed to connect service "${address}" within ${goDuration(timeoutMs)}: ${error.details}` })
      },
    )
  })
}
