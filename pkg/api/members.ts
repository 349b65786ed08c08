// How many members one object of a request may have.
import { entityTooLarge } from './status-error.ts'

/**
 * To begin with the keys of an object takes as long as it has members, in one go: some 8 ms for so many. An object that is stored
 * with the owners of its fields could hardly have more.
 */
const mostMembers = 65_536

/** Fails with 413. */
export function checkMembers(count: number): void {
  if (count > mostMembers) throw entityTooLarge(mostMembers, ' members of one object')
}
