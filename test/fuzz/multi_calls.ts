/** Calls on Multi: an event loop written by hand, with mistakes. */
import { type Easy, Multi } from "../../mod.ts";
import { pickEasy, readyEasy, slotEasy, type Step } from "./easy_calls.ts";
import { bound } from "./easy_calls.ts";
import { perhapsEvil } from "./evil.ts";
import { type Any, NUMBERS, odd } from "./odd.ts";
import { multiSetting } from "./options.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

function slot(world: World, random: Random): readonly [string, Any, number] {
  const i = random.below(world.multis.length);
  return [`multi${i}`, world.multis[i], i];
}

type Argument = (random: Random, world: World) => readonly [string, Any];

const call = (method: string, ...kinds: Argument[]): Step => (world, random) => {
  const [name, multi] = slot(world, random), args = kinds.map((kind) => kind(random, world));
  const label = `${name}.${method}(${args.map(([text]) => text).join(", ")})`;
  world.call(label, "multi", () => multi[method](...args.map(([, value]) => value)));
};

/** A descriptor that libcurl used, one that it did not, or one that is not open. */
const fd: Argument = (random, world) => {
  if (random.chance(10)) return odd(random);
  const i = random.below(22);
  return [`fd${i}`, world.fds[i] ?? i * 7];
};

const mask: Argument = (random) => {
  const bits = random.pick([0, 1, 2, 3, 4, 7]);
  return random.chance(85) ? [`${bits}`, bits] : odd(random);
};

const value: Argument = (random) => odd(random);

const number: Argument = (random) => {
  const picked = random.chance(70) ? random.below(8) : random.pick(NUMBERS);
  return [`${picked}`, picked];
};

const add: Step = (world, random) => {
  const [name, multi] = slot(world, random), [easyName, easy] = readyEasy(world, random);
  world.call(`${name}.addHandle(${easyName})`, "multi", () => {
    if (world.easies.includes(easy)) bound(easy, 1000);
    multi.addHandle(easy);
  });
};

const remove: Step = (world, random) => {
  const [name, multi] = slot(world, random), [easyName, easy] = pickEasy(world, random);
  world.call(`${name}.removeHandle(${easyName})`, "multi", () => multi.removeHandle(easy));
};

const setOpt: Step = (world, random) => {
  const [name, multi] = slot(world, random);
  const [label, option, given] = multiSetting(world, random);
  world.call(`${name}.setOpt(${label})`, "multi", () => multi.setOpt(option, given));
};

/** Some calls of perform(), so that transfers make progress. */
const drive: Step = (world, random) => {
  const [name, multi] = slot(world, random), rounds = random.below(8);
  world.call(`${name} ${rounds} rounds`, "multi", () => {
    for (let i = 0; i < rounds && multi.perform() > 0; i++) multi.poll([], 5);
    for (const _ of multi.messages());
  });
};

/** The same by socketAction(), as an event loop would. */
const serve: Step = (world, random) => {
  const [name, multi] = slot(world, random);
  world.call(`${name} serves`, "multi", () => {
    multi.socketAction(-1, 0);
    for (const one of world.fds) multi.socketAction(one, 3);
    multi.infoRead();
  });
};

/** Waits for descriptors, some of which are not open. */
const wait = (method: "poll" | "wait"): Step => (world, random) => {
  const [name, multi] = slot(world, random);
  const list = random.chance(70)
    ? perhapsEvil(
      world,
      random,
      [0, 1].map(() =>
        perhapsEvil(world, random, { fd: fd(random, world)[1], events: mask(random, world)[1] })
      ),
    )
    : odd(random)[1];
  // a valid time may be long
  const [label, time] = random.chance(70) ? ["3", 3] : odd(random);
  const late = typeof time === "number" && time > 10;
  world.call(
    `${name}.${method}(…, ${label})`,
    "multi",
    () => multi[method](list, late ? -1 : time),
  );
};

const renew: Step = (world, random) => {
  const [name, multi, i] = slot(world, random);
  world.call(`${name} = new Multi()`, "multi", () => {
    world.multis[i] = new Multi();
    if (random.chance(80)) multi.close();
  });
};

/** A handle is added, and closed, reset or duplicated while it is there. */
const disturb: Step = (world, random) => {
  const [name, multi] = slot(world, random), [easyName, easy] = slotEasy(world, random);
  const method = random.pick(["close", "reset", "duplicate"]);
  world.call(`${name}.addHandle(${easyName}), ${method}()`, "multi", () => {
    bound(easy as Easy, 1000);
    multi.addHandle(easy);
    multi.perform();
    easy[method]();
  });
};

export const multiSteps: readonly (readonly [weight: number, step: Step])[] = [
  [10, setOpt],
  [18, add],
  [7, remove],
  [8, call("socketAction", fd, mask)],
  [2, call("socket", fd)],
  [2, call("socketAll")],
  [6, call("perform")],
  [6, call("assign", fd, value)],
  [2, call("timeout")],
  [3, call("infoRead")],
  [2, call("wakeup")],
  [1, call("fdset")],
  [1, call("waitfds")],
  [2, call("getHandles")],
  [1, call("getOffT", number)],
  [1, call("notifyEnable", number)],
  [1, call("notifyDisable", number)],
  [1, call("close")],
  [14, drive],
  [5, serve],
  [3, wait("poll")],
  [3, wait("wait")],
  [6, renew],
  [3, disturb],
];
