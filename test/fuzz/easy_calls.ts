/** Calls on Easy, and those that make its transfers run. */
import { infos } from "../../ffi/curl/infos.ts";
import { Easy } from "../../mod.ts";
import { abuse, callback } from "./callbacks.ts";
import { evilEasy, perhapsEvil } from "./evil.ts";
import { type Any, odd, oddBytes } from "./odd.ts";
import { easySetting } from "./options.ts";
import { anyUrl } from "./places.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

export type Step = (world: World, random: Random) => void;

const INFOS = Object.keys(infos);

/** A handle and its name, for the log. */
export function pickEasy(world: World, random: Random): readonly [string, Any] {
  if (random.chance(3)) {
    const [label, value] = odd(random);
    return [label, value];
  }
  const i = random.below(world.easies.length);
  return [`easy${i}`, world.easies[i]];
}

/** A handle of the slots, never a value of another type. */
export function slotEasy(world: World, random: Random): readonly [string, Any, number] {
  const i = random.below(world.easies.length);
  return [`easy${i}`, world.easies[i], i];
}

/** An argument: nothing, or anything. */
export const argument = (random: Random): readonly [string, Any] =>
  random.chance(30) ? ["", undefined] : odd(random);

const call =
  (method: string, ...kinds: ((random: Random) => readonly [string, Any])[]): Step =>
  (world, random) => {
    const [name, easy] = slotEasy(world, random), args = kinds.map((kind) => kind(random));
    const label = `${name}.${method}(${args.map(([text]) => text).join(", ")})`;
    world.call(label, "easy", () => easy[method](...args.map(([, value]) => value)));
  };

/** Limits the time and size of a transfer, whatever was set before. */
export function bound(easy: Easy, milliseconds: number): void {
  const { setOpts } = Easy.prototype; // the methods of an evil handle may do anything
  if (!easy.closed) setOpts.call(easy, { TIMEOUT_MS: milliseconds, SERVER_RESPONSE_TIMEOUT: 1 });
}

const setOpt: Step = (world, random) => {
  const [name, easy] = slotEasy(world, random);
  const [label, option, value] = easySetting(world, random);
  world.call(`${name}.setOpt(${label})`, "easy", () => easy.setOpt(option, value));
};

const setOpts: Step = (world, random) => {
  const [name, easy] = slotEasy(world, random);
  const settings = [0, 1, 2].map(() => easySetting(world, random))
    .filter(([, option]) => typeof option === "string");
  const label = settings.map(([text]) => text).join(", ");
  const options = Object.fromEntries(settings.map(([, option, value]) => [option, value]));
  const given = perhapsEvil(world, random, options);
  world.call(`${name}.setOpts(${label})`, "easy", () => easy.setOpts(given));
};

const FUNCTIONS = ["HEADERFUNCTION", "READFUNCTION", "DEBUGFUNCTION", "XFERINFOFUNCTION"] as const;

/** Puts a new handle that can transfer into a slot, since others are closed or broken. */
export function prepare(world: World, random: Random): readonly [string, Any] {
  const [name, easy, i] = slotEasy(world, random), url = anyUrl(world, random);
  const options: Record<string, unknown> = {
    URL: url,
    TIMEOUT_MS: 200,
    SSL_VERIFYPEER: 0,
    SSL_VERIFYHOST: 0,
    VERBOSE: random.below(2),
    NOPROGRESS: random.below(2),
    WRITEFUNCTION: callback(world, "WRITEFUNCTION", random),
  };
  for (const option of FUNCTIONS) {
    if (random.chance(40)) options[option] = callback(world, option, random);
  }
  const [, option, value] = easySetting(world, random), isEvil = random.chance(12);
  if (typeof option === "string" && random.chance(60)) options[option] = value;
  world.call(`${name} = new Easy() for ${url.slice(0, 60)}`, "easy", () => {
    easy.close();
    world.easies[i] = isEvil ? evilEasy(world, random) : new Easy();
    Easy.prototype.setOpts.call(world.easies[i], options);
  });
  return [name, world.easies[i]];
}

/** A handle that is fit for a transfer, more often than not. */
export function readyEasy(world: World, random: Random): readonly [string, Any] {
  return random.chance(65) ? prepare(world, random) : pickEasy(world, random);
}

const perform: Step = (world, random) => {
  const [name, easy] = random.chance(65) ? prepare(world, random) : slotEasy(world, random);
  const milliseconds = random.pick([5, 20, 80]);
  if (!world.mayBlock()) return;
  world.call(`${name}.perform() in ${milliseconds} ms`, "easy", () => {
    bound(easy, milliseconds);
    easy.perform();
  });
};

const renew: Step = (world, random) => {
  const [name, easy, i] = slotEasy(world, random);
  world.call(`${name} = new Easy()`, "easy", () => {
    world.easies[i] = new Easy();
    if (random.chance(70)) easy.close(); // else the garbage collector has to free it
  });
};

const duplicate: Step = (world, random) => {
  const [name, easy] = slotEasy(world, random), [other, , i] = slotEasy(world, random);
  world.call(`${other} = ${name}.duplicate()`, "easy", () => {
    world.easies[i] = easy.duplicate();
  });
};

const getInfo: Step = (world, random) => {
  const [name, easy] = slotEasy(world, random);
  const [label, info] = random.chance(90) ? [random.pick(INFOS), null] : odd(random);
  world.call(`${name}.getInfo(${label})`, "easy", () => easy.getInfo(info ?? label));
};

/** A call with a buffer that C fills, and that may be detached meanwhile. */
const receive = (method: "recv" | "send" | "wsRecv" | "wsSend"): Step => (world, random) => {
  const [name, easy] = slotEasy(world, random), [label, bytes] = oddBytes(random);
  const data = perhapsEvil(world, random, bytes);
  const [flagsLabel, flags] = argument(random), [, size] = argument(random);
  world.kept[random.below(16)] = data;
  world.call(`${name}.${method}(${label}, ${flagsLabel})`, "easy", () => {
    easy[method](data, random.chance(50) ? random.pick([1, 2, 4, 8, 16, 32]) : flags, size);
  });
};

const flags = (random: Random): readonly [string, Any] => {
  const bits = random.pick([0, 1, 4, 5]);
  return random.chance(80) ? [`${bits}`, bits] : odd(random);
};

const readState: Step = (world, random) => {
  const [name, easy] = slotEasy(world, random);
  world.call(`${name}.closed`, "easy", () => easy.closed);
};

/** Calls, and how often each is drawn. */
export const easySteps: readonly (readonly [weight: number, step: Step])[] = [
  [60, setOpt],
  [6, setOpts],
  [5, prepare],
  [14, perform],
  [6, renew],
  [5, duplicate],
  [8, getInfo],
  [8, call("pause", flags)],
  [5, call("reset")],
  [2, call("upkeep")],
  [2, call("headers", argument)],
  [5, call("close")],
  [1, (world, random) => {
    const [name, easy] = slotEasy(world, random);
    world.call(`${name}[Symbol.dispose]()`, "easy", () => easy[Symbol.dispose]());
  }],
  [1, readState],
  [2, receive("send")],
  [2, receive("recv")],
  [2, receive("wsSend")],
  [2, receive("wsRecv")],
  [1, call("wsMeta")],
  [1, call("wsStartFrame", argument, argument)],
  [2, abuse],
];
