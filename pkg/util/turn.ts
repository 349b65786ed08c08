// A turn of the event loop: sockets and timers get theirs before the callback runs.

export type OnNextTurn = (callback: () => void) => void

/** Callbacks that were left in the same turn run one after the other, each with its promises settled. */
export const onNextTurn: OnNextTurn = (callback) => void setImmediate(callback)
