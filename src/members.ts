/**
 * Reads members of objects without those of `Object.prototype`: of objects that users pass
 * (options, parts, dictionaries), and of curlew's own objects that the platform reads.
 *
 * @module
 */

/**
 * The value of a member of the object itself or of its class. Members of `Object.prototype` are
 * ignored: one that other code has added there would change every request of the process.
 *
 * Reading runs the user's code where the member is a getter or the object a proxy. So each member
 * is read once, before C memory or a C handle is used.
 */
export function member<T extends object, K extends keyof T>(object: T, key: K): T[K] | undefined {
  if (!(key in Object.prototype)) return object[key];
  for (let owner: object | null = object; owner && owner !== Object.prototype;) {
    if (Object.hasOwn(owner, key)) return object[key];
    owner = Object.getPrototypeOf(owner);
  }
  return undefined;
}

/** Whether `Object.prototype` has none of these names, so that each can be read without a check. */
export function areOwn(names: readonly string[]): boolean {
  for (const name of names) if (name in Object.prototype) return false;
  return true;
}

/**
 * Makes an object without a prototype, for the platform or a table, whose reader also reads members
 * that are missing: a prototype would supply them.
 */
export function dictionary<T extends object>(members: T): T {
  return Object.assign(Object.create(null), members);
}
