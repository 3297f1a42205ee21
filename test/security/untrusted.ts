/**
 * Values that throw at any use, for tests of how curlew treats them. Vitest is not imported here.
 */
import { CurlEasyError } from "../../mod.ts";
import { isAborted } from "../../src/signals.ts";

const boom = (): never => {
  throw new Error("touched");
};

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** A proxy whose every trap throws. */
function trapped(target: object): object {
  const handler: Record<string, unknown> = {};
  for (const trap of Object.getOwnPropertyNames(Reflect)) handler[trap] = boom;
  return new Proxy(target, handler as ProxyHandler<object>);
}

function withGetters<T extends object>(object: T, ...names: PropertyKey[]): T {
  for (const name of names) Object.defineProperty(object, name, { get: boom });
  return object;
}

/** "stack" first: Bun derives it from the others when it is first read. */
const GETTERS = ["stack", "message", "cause", "name"];

/** Whether the runtime's own streams can fail with the value: those of Deno read its class. */
export function canFailStreams(value: unknown): boolean {
  if ("Bun" in globalThis) return true;
  try {
    void (value instanceof Error);
    return true;
  } catch {
    return false;
  }
}

/** Values that a user may throw, abort with or fail a stream with. */
export function evilReasons(): Record<string, unknown> {
  return {
    "a revoked proxy": revoked({}),
    "a revoked proxy of a function": revoked(() => {}),
    "a revoked proxy of an error": revoked(new Error("x")),
    "a proxy that throws": trapped({}),
    "a proxy of a TypeError that throws": trapped(new TypeError("x")),
    "an object without a prototype": Object.create(null),
    "an object without a text": { toString: boom, [Symbol.toPrimitive]: boom },
    "an object whose text is none": { toString: () => ({}) },
    "an error whose getters throw": withGetters(new Error("x"), ...GETTERS),
    "a TypeError whose getters throw": withGetters(new TypeError("x"), ...GETTERS),
    "a CurlEasyError whose getters throw": withGetters(
      new CurlEasyError(7),
      ...GETTERS,
      ...["code", "codeName"],
    ),
    "an object with the prototype of one": Object.create(CurlEasyError.prototype),
    "a function whose text throws": Object.assign(() => {}, { toString: boom }),
    "a thenable": { then: (resolve: (value: unknown) => void) => resolve(1) },
    "a thenable that throws": withGetters({}, "then"),
    "a symbol": Symbol("mine"),
    "a bigint": 5n,
    "null": null,
    "NaN": NaN,
    "a text": "mine",
  };
}

/** Whether a rejection is that very value, or has it as the cause of its cause. */
export function leadsTo(rejection: unknown, value: unknown): boolean {
  for (let error = rejection, depth = 0; depth < 5; depth++) {
    if (Object.is(error, value)) return true;
    try {
      error = (error as Error).cause;
    } catch {
      return false;
    }
  }
  return false;
}

/** How a promise ended; the value is in an array, since it may be a thenable. */
export function ending(
  promise: Promise<unknown>,
  ms = 5000,
): Promise<["resolved" | "rejected" | "never", unknown?]> {
  const late = new Promise<["never"]>((resolve) => setTimeout(() => resolve(["never"]), ms));
  const settled = promise.then(
    (value) => ["resolved", [value]] as ["resolved", unknown],
    (reason) => ["rejected", reason] as ["rejected", unknown],
  );
  return Promise.race([settled, late]);
}

/**
 * Whether the runtime itself can abort a signal: Deno reads members that the user may have
 * replaced.
 */
export function canAbort(spoil: (signal: AbortSignal) => unknown): boolean {
  const controller = new AbortController();
  spoil(controller.signal);
  try {
    controller.abort();
    return isAborted(controller.signal);
  } catch {
    return false;
  }
}

/** Ways to replace the members of a signal. */
export function evilSignals(): Record<string, (signal: AbortSignal) => unknown> {
  const members = [
    ...["addEventListener", "removeEventListener", "dispatchEvent", "throwIfAborted", "onabort"],
    ...["aborted", "reason", "constructor", "then", "toString"],
  ];
  const signals: Record<string, (signal: AbortSignal) => unknown> = {};
  for (const name of members) {
    signals[`a getter of ${name} that throws`] = (signal) =>
      Object.defineProperty(signal, name, { get: boom });
    signals[`a ${name} that throws`] = (signal) =>
      Object.defineProperty(signal, name, { value: boom });
  }
  signals["an aborted that is true"] = (signal) =>
    Object.defineProperty(signal, "aborted", { value: true });
  signals["an aborted that changes"] = (signal) => {
    let asked = 0;
    return Object.defineProperty(signal, "aborted", { get: () => asked++ % 2 === 1 });
  };
  signals["listeners that are called at once"] = (signal) =>
    Object.defineProperty(signal, "addEventListener", {
      value: (_: string, listener: () => void) => listener(),
    });
  signals["listeners that are forgotten"] = (signal) =>
    Object.defineProperty(signal, "addEventListener", { value: () => {} });
  signals["a class of its own"] = (signal) => {
    class Evil extends AbortSignal {
      override get aborted(): boolean {
        return boom();
      }
      override get reason(): unknown {
        return boom();
      }
      override addEventListener(): void {
        boom();
      }
      override removeEventListener(): void {
        boom();
      }
    }
    return Object.setPrototypeOf(signal, Evil.prototype);
  };
  return signals;
}
