// Why a container could not be started now: what its status says while it waits, and when to try again.
export class StartFailure extends Error {
  override name = 'StartFailure'
  /** The waiting reason, such as ErrImagePull. */
  readonly reason: string
  readonly retryAtMs: number

  constructor(reason: string, message: string, retryAtMs: number) {
    super(message)
    this.reason = reason
    this.retryAtMs = retryAtMs
  }
}
