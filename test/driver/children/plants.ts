// Violates one invariant after another in an agent, and prints what CURLEW_DEBUG reports for each.
import process from "node:process";
import { Agent, type Easy } from "../../../mod.ts";
import { epoll, libc } from "../../../ffi/libc.ts";
import { native } from "../../../ffi/mod.ts";
import { live } from "../../../ffi/memory.ts";
import { type EasyState, easyTokens } from "../../../src/handles/core/easy_state.ts";
import { stateOf } from "../../../src/handles/easy/easy.ts";
import type { MultiState } from "../../../src/handles/multi/state.ts";
import { giveBufferBack, takeBuffer } from "../../../src/handles/base/callback_buffers.ts";
import { parking } from "../../../src/driver/parking/parking.ts";
import { createPoller } from "../../../src/driver/poller/create.ts";
import { easyFor, failure, get, say, sleep, until } from "../support.ts";

const base = process.argv[2] as string;

interface Scene {
  readonly easy: Easy;
  readonly state: EasyState;
  /** The socket of the transfer. */
  readonly fd: number;
}

/** A violation; the function that it returns restores the state. */
type Plant = (scene: Scene) => (() => void) | void;

const set = <T extends object, K extends keyof T>(object: T, key: K, value: T[K]) => {
  const before = object[key];
  object[key] = value;
  return () => void (object[key] = before);
};

/** The descriptors of all pollers, one of which watches `fd`. */
function onPollers(op: number, fd: number, events: number, tag: number): void {
  const change = new Int32Array(new ArrayBuffer(16));
  const data = native.arch === "x86_64" ? 1 : 2;
  change[0] = events;
  change[data] = fd;
  change[data + 1] = tag;
  for (let epfd = 0; epfd < 256; epfd++) libc.epoll_ctl(epfd, op, fd, change);
}

const PLANTS: Record<string, Plant> = {
  "the handle is owned by nobody": ({ state }) => void set(state, "multi", null),
  "the book of the multi has another address": ({ state }) => {
    const { easies } = state.multi as MultiState;
    easies.delete(native.address(state.pointer));
    easies.set(1, state);
  },
  "its token leads nowhere": ({ state }) => {
    easyTokens.unroot(state.resources.token);
    return () => easyTokens.root(state.resources.token, state);
  },
  "a callback that never ended": ({ state }) => set(state, "depth", 1),
  "a pause that nobody counted": ({ state }) => {
    // without the setter, which would inform the agent
    const { multi } = state;
    state.multi = null;
    state.paused = 1;
    state.multi = multi;
  },
  "a turn that never comes": ({ state }) => set(state.run, "pausedForFairness", true),
  "a value without a descriptor": ({ state }) => {
    const { assigned } = state.multi as MultiState, id = assigned.reserve("leaked");
    return () => assigned.cancel(id);
  },
  "a token without a handle": () => {
    const token = easyTokens.take();
    return () => easyTokens.release(token);
  },
  "memory given back twice": () => set(live, "lists", -1),
  "a buffer that was not given back": () => {
    takeBuffer(1, null);
    return giveBufferBack;
  },
  "a socket that left the kernel's book": ({ fd }) => onPollers(epoll.DEL, fd, 0, 0),
  "another mask in the kernel": ({ fd }) => onPollers(epoll.MOD, fd, epoll.OUT, 1),
  "a former life in the kernel": ({ fd }) => onPollers(epoll.MOD, fd, epoll.IN, 123_456),
  "an agent that is not counted": () => {
    const poller = createPoller();
    parking.enter(poller.fd, { wakeUp() {} });
    const place = [...parking.places()].at(-1) as { isWaiting: boolean };
    place.isWaiting = true;
    return () => {
      place.isWaiting = false;
      parking.leave(poller.fd);
      poller.close();
    };
  },
};

const uncaught: unknown[] = [];
process.on("uncaughtException", (error) => uncaught.push(error));
process.on("exit", () => {
  if (uncaught.length > 0) say(uncaught.map(String)); // of this script
});

for (const [name, plant] of Object.entries(PLANTS)) {
  if (process.argv[3] !== undefined && process.argv[3] !== name) continue;
  const agent = new Agent();
  let fd = -1;
  // all handles have it: otherwise they would be in different multi handles
  const SOCKOPTFUNCTION = (_data: unknown, opened: number) => void (fd = fd < 0 ? opened : fd);
  const easy = easyFor(`${base}/hold`, { SOCKOPTFUNCTION, TIMEOUT_MS: 5000 });
  const running = failure(agent.perform(easy));
  await until(() => fd >= 0 && agent.stats.sockets >= 1);
  await get(agent, `${base}/small`, { SOCKOPTFUNCTION });
  const undo = plant({ easy, state: stateOf(easy), fd });
  // makes turns happen
  const other = get(agent, `${base}/delay/20`, { SOCKOPTFUNCTION }).catch(() => {});
  await until(() => uncaught.length > 0, 2000);
  undo?.();
  const seen = uncaught.splice(0), rejected = await running;
  say({ name, told: seen.map(String), rejected: seen.includes(rejected) });
  await other;
  await agent.close();
  await sleep(20);
  uncaught.length = 0; // of a second turn before the state was restored
  easy.close();
}
process.exit(0);
