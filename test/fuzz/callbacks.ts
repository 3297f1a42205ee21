/** Callbacks of every kind that call back, throw, and return nonsense. */
import { constants } from "../../mod.ts";
import { type Any, Injected, odd } from "./odd.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

type Usual = (args: Any[], random: Random) => unknown;

const { CURL_WRITEFUNC_PAUSE, CURL_READFUNC_PAUSE, CURL_READFUNC_ABORT } = constants;

const takeAll: Usual = ([bytes], random) => random.chance(4) ? CURL_WRITEFUNC_PAUSE : bytes.length;

/** What a callback returns when it behaves; success, where it has no entry. */
const USUAL: Record<string, Usual> = {
  WRITEFUNCTION: takeAll,
  HEADERFUNCTION: ([bytes]) => bytes.length,
  INTERLEAVEFUNCTION: ([bytes]) => bytes.length,
  READFUNCTION: ([buffer], random) => {
    const roll = random.below(100);
    if (roll < 4) return roll < 2 ? CURL_READFUNC_PAUSE : CURL_READFUNC_ABORT;
    return roll < 60 ? 0 : random.below(buffer.length + 1);
  },
  OPENSOCKETFUNCTION: () => undefined,
  TRAILERFUNCTION: ([lines], random) => {
    if (random.chance(50)) lines.push("X-Trailer: yes");
    if (random.chance(20)) lines.push(odd(random)[1]);
  },
  HSTSREADFUNCTION: ([, entry], random) => {
    entry.name = random.chance(30) ? "" : `a${random.below(9)}.test`;
    if (random.chance(10)) entry.name = odd(random)[1];
    if (random.chance(10)) entry.expire = odd(random)[1];
    return random.chance(40) ? 1 : 0;
  },
  FNMATCH_FUNCTION: (_, random) => random.below(3),
  CHUNK_BGN_FUNCTION: (_, random) => random.below(3),
};

/**
 * Whether a callback may return the value. Closing the descriptor of other code is no misuse of
 * this library, so only descriptors that are not open are returned.
 */
const mayReturn = (name: string, value: unknown): boolean =>
  name !== "OPENSOCKETFUNCTION" || typeof value !== "number" || !(value >= 0) || value > 99_999;

/** Keeps the arguments, to use them after the callback, when they are no longer valid. */
function keep(world: World, args: Any[], random: Random): void {
  if (random.chance(5)) world.kept[random.below(16)] = random.pick(args);
  for (const fd of args) {
    if (typeof fd === "number" && fd > 2 && fd < 65536) world.fds[random.below(12)] = fd;
  }
}

/** Uses what was kept, and detaches its memory. */
export function abuse(world: World, random: Random): void {
  const value = random.pick(world.kept.length > 0 ? world.kept : [null]);
  try {
    if (value instanceof Uint8Array) {
      if (random.chance(50)) value.fill(0xff);
      else (value.buffer as ArrayBuffer).transfer();
    } else if (typeof value === "object" && value !== null) {
      for (const key in value) void value[key];
      value.byName?.("x");
      value.byNumber?.(0);
    }
  } catch {
    // a frozen object, or one that throws since it is no longer valid
  }
}

/** A function for the option of that name. It draws from a random sequence of its own. */
export function callback(world: World, name: string, parent: Random): (...args: Any[]) => unknown {
  const random = parent.fork();
  const mood = random.below(4); // behaves, makes calls, throws, or returns values of a wrong type
  return (...args) => {
    keep(world, args, random);
    if (mood > 0 && random.chance(40)) world.reenter(random);
    if (mood > 0 && random.chance(5)) abuse(world, random);
    if (mood === 2 && random.chance(10)) throw new Injected(`injected by ${name}`);
    if (mood === 3 && random.chance(10)) {
      const value = random.chance(50) ? odd(random)[1] : random.below(70) - 5;
      if (mayReturn(name, value)) return value;
    }
    return USUAL[name]?.(args, random);
  };
}
