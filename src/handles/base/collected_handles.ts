/**
 * The net below `close()`: frees the C side of a handle that was collected by the garbage collector
 * without having been closed, and warns about it.
 *
 * @module
 */

/** The handles of one class that are not closed yet. */
export class CollectedHandles<Resources extends object> {
  readonly #registry: FinalizationRegistry<Resources>;

  /**
   * `free` frees what is still to be freed of a collected handle. Its result is whether it did:
   * `undefined` where there was nothing to free, `false` where it has to be tried again at a later
   * collection.
   */
  constructor(name: string, free: (resources: Resources) => boolean | undefined) {
    this.#registry = new FinalizationRegistry((resources) => {
      const isFree = free(resources);
      if (isFree) console.warn(`curlew: ${name} was collected without close()`);
      else if (isFree === false) this.#registry.register({}, resources);
    });
  }

  /** A handle was made. `resources` must not refer to it. */
  add(handle: object, resources: Resources): void {
    this.#registry.register(handle, resources, handle);
  }

  /** A handle was closed. */
  delete(handle: object): void {
    this.#registry.unregister(handle);
  }
}
