// The messages between a store and its commit worker. Requests are carried out and answered in order, one answer each.

/** Changes as they are kept: columns side by side. A deletion has no value. */
export interface Rows {
  readonly revisions: number[]
  readonly keys: string[]
  readonly values: (string | null)[]
  readonly createRevisions: number[]
}

export type CommitRequest =
  | { readonly type: 'open'; readonly directory: string; readonly maxBytes?: number }
  /** While the file is being opened: the next rows. The answer is rows, or that of `open`. */
  | { readonly type: 'more' }
  /** Everything in one transaction, on disk before the answer. From then on no revision up to `reserve` is given out again, crash or not. */
  | { readonly type: 'commit'; readonly rows: Rows; readonly reserve?: number }
  /** One small step: deletes these rows; the log starts after `compacted` from then on. Survives a crash some time later. */
  | { readonly type: 'prune'; readonly compacted: number; readonly revisions: number[] }
  /** One small step of giving free pages back to the file system. */
  | { readonly type: 'shrink' }
  /** `revision` is where the counter stands. */
  | { readonly type: 'close'; readonly revision: number }

export type CommitAnswer =
  | { readonly type: 'done'; readonly more?: boolean }
  | { readonly type: 'failed'; readonly message: string }
  /** What the file holds, ahead of the answer to `open`: first the counters, then all rows by revision; `more` asks for each further part. */
  | { readonly type: 'counters'; readonly compacted: number; readonly reserved: number }
  | { readonly type: 'rows'; readonly rows: Rows }

export const emptyRows = (): Rows => ({ revisions: [], keys: [], values: [], createRevisions: [] })
