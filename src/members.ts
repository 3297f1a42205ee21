/**
 * Members of objects, past what somebody has put on `Object.prototype`: those of objects that users
 * hand in (options, parts, dictionaries), and those of curlew's own that the platform reads.
 *
 * @module
 */

/**
 * The value of a member of the object itself or of its class. What somebody has put on
 * `Object.prototype` is not seen: it would reroute every request of the process.
 *
 * Reading runs the user's code where the member is a getter or the object a proxy: each member is
 * read once, before anything is taken from C.
 */
export function member<T extends object, K extends keyof T>(object: T, key: K): T[K] | undefined {
  if (!(key in Object.prototype)) return object[key];
  for (let owner: object | null = object; owner && owner !== Object.prototype;) {
    if (Object.hasOwn(owner, key)) return object[key];
    owner = Object.getPrototypeOf(owner);
  }
  return undefined;
}

/**
 * A dictionary for the platform, which reads the members that are not there from the prototype: so
 * it has none.
 */
export function dictionary<T extends object>(members: T): T {
  return Object.assign(Object.create(null), members);
}
