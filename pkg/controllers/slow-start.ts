// Does many equal things in growing batches, so that a refusal of all of them costs only a few requests.

/** Runs `work` up to `count` times, 1, 2, 4 … at once; stops after a batch with a failure. */
export async function slowStart(count: number, work: () => Promise<void>): Promise<{ done: number; error?: unknown }> {
  let done = 0
  for (let size = 1; done < count; size *= 2) {
    const batch = await Promise.allSettled(Array.from({ length: Math.min(size, count - done) }, work))
    const failed = batch.find((result) => result.status === 'rejected')
    done += batch.filter((result) => result.status === 'fulfilled').length
    if (failed) return { done, error: failed.reason }
  }
  return { done }
}
