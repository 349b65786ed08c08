// A value that is kept with an object and as long as it, seen by nobody else: a WeakMap without the table, which would be copied whole each time it grows and gone through by each collection.

export interface Keeper<V> {
  get(object: object): V | undefined
  /** The object may be frozen. */
  set(object: object, value: V): void
}

class Itself {
  constructor(object: object) {
    // So that a class that extends this one gives its private fields to the object.
    return object
  }
}

/** For many objects, each with a value. For few, or for values that must be forgotten before their object, a WeakMap is better. */
export function keeper<V>(): Keeper<V> {
  return class Kept extends Itself {
    #value: V

    constructor(object: object, value: V) {
      super(object)
      this.#value = value
    }

    static get(object: object): V | undefined {
      return #value in object ? object.#value : undefined
    }

    static set(object: object, value: V): void {
      if (#value in object) object.#value = value
      else new Kept(object, value)
    }
  }
}
