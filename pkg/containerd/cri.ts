// The typed client of the CRI: one promise per call, on the socket of any runtime that speaks runtime.v1.
import type { Clock } from '../util/clock.ts'
import { systemClock } from '../util/clock.ts'
import type * as calls from './cri-calls.ts'
import { criProto } from './cri-proto.ts'
import type { ContainerEventResponse } from './cri-types.ts'
import type { CallOptions } from './grpc-connection.ts'
import { GrpcConnection } from './grpc-connection.ts'
import { ProtoSchema } from './proto-codec.ts'

export type { CallOptions } from './grpc-connection.ts'
export { isAlreadyExists, isNotFound, isUnavailable, isUnimplemented, RpcError } from './grpc-connection.ts'

type Call<Request, Response> = (request: Request, options?: CallOptions) => Promise<Response>
/** What calls without an answer resolve to; nothing is in it. */
type Empty = Record<string, never>

/**
 * Every call rejects with RpcError. Default deadline: two minutes; none for pulls (pass your own signal).
 * Which calls exist depends on the runtime's version: containerd 1.6 has neither RuntimeConfig, UpdatePodSandboxResources
 * nor GetContainerEvents (RpcError UNIMPLEMENTED); containerd's own events (events.ts) are there in all versions.
 */
export interface CriClient {
  version: Call<calls.VersionRequest, calls.VersionResponse>
  status: Call<calls.StatusRequest, calls.StatusResponse>
  updateRuntimeConfig: Call<calls.UpdateRuntimeConfigRequest, Empty>
  runtimeConfig: Call<Empty, calls.RuntimeConfigResponse>

  runPodSandbox: Call<calls.RunPodSandboxRequest, calls.RunPodSandboxResponse>
  stopPodSandbox: Call<calls.StopPodSandboxRequest, Empty>
  removePodSandbox: Call<calls.RemovePodSandboxRequest, Empty>
  podSandboxStatus: Call<calls.PodSandboxStatusRequest, calls.PodSandboxStatusResponse>
  listPodSandbox: Call<calls.ListPodSandboxRequest, calls.ListPodSandboxResponse>
  updatePodSandboxResources: Call<calls.UpdatePodSandboxResourcesRequest, Empty>

  createContainer: Call<calls.CreateContainerRequest, calls.CreateContainerResponse>
  startContainer: Call<calls.StartContainerRequest, Empty>
  /** The default deadline is extended by the request's own timeout. */
  stopContainer: Call<calls.StopContainerRequest, Empty>
  removeContainer: Call<calls.RemoveContainerRequest, Empty>
  containerStatus: Call<calls.ContainerStatusRequest, calls.ContainerStatusResponse>
  listContainers: Call<calls.ListContainersRequest, calls.ListContainersResponse>
  updateContainerResources: Call<calls.UpdateContainerResourcesRequest, Empty>
  reopenContainerLog: Call<calls.ReopenContainerLogRequest, Empty>

  /** `timeout` in the request is in seconds; past it the runtime kills the command and answers DEADLINE_EXCEEDED. */
  execSync: Call<calls.ExecSyncRequest, calls.ExecSyncResponse>
  exec: Call<calls.ExecRequest, calls.ExecResponse>
  attach: Call<calls.AttachRequest, calls.AttachResponse>
  portForward: Call<calls.PortForwardRequest, calls.PortForwardResponse>

  containerStats: Call<calls.ContainerStatsRequest, calls.ContainerStatsResponse>
  listContainerStats: Call<calls.ListContainerStatsRequest, calls.ListContainerStatsResponse>
  podSandboxStats: Call<calls.PodSandboxStatsRequest, calls.PodSandboxStatsResponse>
  listPodSandboxStats: Call<calls.ListPodSandboxStatsRequest, calls.ListPodSandboxStatsResponse>

  listImages: Call<calls.ListImagesRequest, calls.ListImagesResponse>
  /** An image that is not there is no error: `image` is undefined. */
  imageStatus: Call<calls.ImageStatusRequest, calls.ImageStatusResponse>
  pullImage: Call<calls.PullImageRequest, calls.PullImageResponse>
  removeImage: Call<calls.RemoveImageRequest, Empty>
  imageFsInfo: Call<Empty, calls.ImageFsInfoResponse>

  getContainerEvents(options?: CallOptions): AsyncIterable<ContainerEventResponse>
  close(): void
}

const criSchema = new ProtoSchema([criProto])
const untimedCalls = new Set(['PullImage'])
const ownTimeoutCalls = new Set(['StopContainer', 'ExecSync'])
const callTimeoutMs = 120_000

/** Told of every call that has ended: its name, as the CRI has it, how long it took, and whether it failed. */
export type CallEnded = (method: string, ms: number, failed: boolean) => void

/** Opens lazily: nothing is connected until the first call, and a lost connection is opened again by the next one. */
export function connectCri(socketPath: string, clock: Clock = systemClock, ended?: CallEnded): CriClient {
  const connection = new GrpcConnection(socketPath, { clock, schema: criSchema })
  const client: Record<string, unknown> = {
    getContainerEvents: (options?: CallOptions) => connection.stream('runtime.v1.RuntimeService', 'GetContainerEvents', {}, options),
    close: () => connection.close(),
  }
  for (const service of ['runtime.v1.RuntimeService', 'runtime.v1.ImageService']) {
    for (const { name } of criSchema.methods(service)) {
      client[lowerFirst(name)] ??= (request: object, options?: CallOptions) => {
        const beganMs = clock.monotonic()
        const answer = connection.unary(service, name, request, { timeoutMs: defaultTimeoutMs(name, request), ...options })
        if (ended) answer.then(() => ended(name, clock.monotonic() - beganMs, false), () => ended(name, clock.monotonic() - beganMs, true))
        return answer
      }
    }
  }
  return client as unknown as CriClient
}

function defaultTimeoutMs(name: string, request: { timeout?: number }): number {
  if (untimedCalls.has(name)) return 0
  return ownTimeoutCalls.has(name) ? callTimeoutMs + (request.timeout ?? 0) * 1000 : callTimeoutMs
}

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1)

/** A CRI time as milliseconds since the epoch; undefined for "never". */
export const nanosToMs = (nanos: number): number | undefined => (nanos > 0 ? Math.floor(nanos / 1e6) : undefined)
