/**
 * Arguments that run code whenever a member is read: it makes other calls, throws, or returns
 * another value than before. So a handle may be closed after its pointer was read, and a value may
 * change between its check and its use.
 */
import { Easy } from "../../mod.ts";
import { type Any, Injected, odd } from "./odd.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

/**
 * What happens when a member is read: mostly nothing, sometimes any call of the fuzzer, sometimes a
 * throw.
 */
function access(world: World, random: Random): void {
  if (random.chance(25)) world.reenter(random);
  if (random.chance(3)) throw new Injected("injected by an access");
}

/**
 * The same object behind a proxy: each read calls {@linkcode access}, and may return another value.
 */
function evilObject(world: World, random: Random, target: object): object {
  const traps = ["has", "ownKeys", "getOwnPropertyDescriptor", "getPrototypeOf"] as const;
  const handler: ProxyHandler<object> = {
    get(of, key, receiver) {
      access(world, random);
      return random.chance(6) ? odd(random)[1] : Reflect.get(of, key, receiver);
    },
  };
  for (const trap of traps) {
    handler[trap] = (...args: Any[]) => {
      access(world, random);
      return (Reflect[trap] as Any)(...args);
    };
  }
  return new Proxy(target, handler);
}

/** Bytes whose own members call {@linkcode access}. */
function evilBytes(world: World, random: Random, bytes: Uint8Array): Uint8Array {
  class EvilBytes extends Uint8Array {
    override get byteLength(): number {
      access(world, random);
      return random.chance(30) ? random.below(100_000) : super.byteLength;
    }
    override get length(): number {
      access(world, random);
      return random.chance(30) ? random.below(100_000) : super.length;
    }
    override get byteOffset(): number {
      access(world, random);
      return random.chance(30) ? random.below(1000) : super.byteOffset;
    }
    override get buffer(): ArrayBuffer {
      access(world, random);
      return super.buffer as ArrayBuffer;
    }
  }
  return new EvilBytes(bytes.slice());
}

/** A value of the right kind, but evil; a primitive value stays as it is. */
export function evil(world: World, parent: Random, value: Any): Any {
  const random = parent.fork();
  if (typeof value !== "object" || value === null) return value;
  try {
    if (ArrayBuffer.isView(value)) {
      return value instanceof Uint8Array ? evilBytes(world, random, value) : value;
    }
    // a handle is known by its private members, which a proxy hides
    const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
    return isPlain ? evilObject(world, random, value) : value;
  } catch {
    return value; // a detached view cannot be copied, and one that is evil already may throw
  }
}

/** Makes some of the values evil. */
export const perhapsEvil = (world: World, random: Random, value: Any): Any =>
  random.chance(12) ? evil(world, random, value) : value;

/** A real signal with members that the user has overridden. */
export function evilSignal(world: World, parent: Random, signal: AbortSignal): AbortSignal {
  const random = parent.fork();
  const own = (of: Any) => (...args: Any[]) => {
    access(world, random);
    return of.call(signal, ...args);
  };
  for (const name of ["addEventListener", "removeEventListener", "throwIfAborted"] as const) {
    if (random.chance(50)) {
      Object.defineProperty(signal, name, { value: own(AbortSignal.prototype[name]) });
    }
  }
  for (const name of ["aborted", "reason"] as const) {
    const { get } = Object.getOwnPropertyDescriptor(AbortSignal.prototype, name) as Any;
    if (random.chance(50)) Object.defineProperty(signal, name, { get: own(get) });
  }
  return signal;
}

/** A handle with public methods that the user has overridden. */
export function evilEasy(world: World, parent: Random): Easy {
  const random = parent.fork(), easy = new Easy() as Any;
  for (const name of ["setOpt", "setOpts", "getInfo", "pause", "reset", "close", "headers"]) {
    if (!random.chance(50)) continue;
    easy[name] = (...args: Any[]) => {
      access(world, random);
      return (Easy.prototype as Any)[name].apply(easy, args);
    };
  }
  if (random.chance(50)) {
    Object.defineProperty(easy, "closed", {
      get() {
        access(world, random);
        return random.chance(50);
      },
    });
  }
  return easy;
}
