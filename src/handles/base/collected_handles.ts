/**
 * Frees the C side of handles that were garbage-collected without `close()`, and warns about it.
 *
 * @module
 */

/** The handles of one class that are not closed yet. */
export class CollectedHandles<Resources extends object> {
  readonly #registry: FinalizationRegistry<Resources>;

  /**
   * `free` frees the resources of a collected handle. It returns true if it did, `undefined` where
   * nothing was left to free, and `false` where it must be called again after a later collection.
   */
  constructor(name: string, free: (resources: Resources) => boolean | undefined) {
    this.#registry = new FinalizationRegistry((resources) => {
      const isFree = free(resources);
      if (isFree) console.warn(`curlew: ${name} was collected without close()`);
      else if (isFree === false) this.#registry.register({}, resources);
    });
  }

  /** Registers a new handle. `resources` must not refer to the handle, or it is never collected. */
  add(handle: object, resources: Resources): void {
    this.#registry.register(handle, resources, handle);
  }

  /** Unregisters a handle that was closed. */
  delete(handle: object): void {
    this.#registry.unregister(handle);
  }
}
