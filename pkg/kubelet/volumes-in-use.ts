// Which attachable volumes this node uses: what the node's status says, so that nobody detaches them under us.
export class VolumesInUse {
  /** By the volume's unique name: the pods that want it, and '' while it is staged. */
  readonly #users = new Map<string, Set<string>>()
  #told: () => Promise<void> = () => Promise.resolve()

  /** Who brings the node's status up to date. */
  tellBy(told: () => Promise<void>): void {
    this.#told = told
  }

  names(): string[] {
    return [...this.#users.keys()].sort()
  }

  /** Resolves when the node's status says so. */
  async add(name: string, user: string): Promise<void> {
    const users = this.#users.get(name)
    if (users) {
      users.add(user)
      // Another pod may have added it a moment ago, and not be through yet.
      return this.#told()
    }
    this.#users.set(name, new Set([user]))
    await this.#told()
  }

  async remove(name: string, user: string): Promise<void> {
    const users = this.#users.get(name)
    if (!users?.delete(user) || users.size > 0) return
    this.#users.delete(name)
    await this.#told()
  }

  /** The pod is gone: what it only wanted is not in use. */
  async forget(user: string): Promise<void> {
    for (const name of this.names()) await this.remove(name, user)
  }
}
