// Errors of gRPC calls as a Go client words them, because these texts end up in events and container statuses.
import { RpcError } from '../containerd/grpc-connection.ts'

export function plainWords(error: unknown): unknown {
  return error instanceof RpcError ? new Error(`rpc error: code = ${goCode(error.codeName)} desc = ${error.details}`, { cause: error }) : error
}

const goCode = (name: string): string => name.toLowerCase().replace(/(^|_)(\w)/g, (_all, _gap, letter: string) => letter.toUpperCase()).replace('Cancelled', 'Canceled')

/** Whether the call's answer tells that nothing is going on any more: otherwise it may still take effect. */
export function isFinal(error: unknown): boolean {
  const cause = error instanceof Error && error.cause instanceof RpcError ? error.cause : error
  return cause instanceof RpcError && !['CANCELLED', 'DEADLINE_EXCEEDED', 'UNAVAILABLE', 'RESOURCE_EXHAUSTED', 'ABORTED'].includes(cause.codeName)
}
