/** Calls on CurlWebSocket; where libcurl has no WebSocket, only the error that says so. */
import { CurlWebSocket } from "../../mod.ts";
import { callback } from "./callbacks.ts";
import { perhapsEvil } from "./evil.ts";
import type { Step } from "./easy_calls.ts";
import { type Any, NUMBERS, odd, oddBytes } from "./odd.ts";
import { easySetting } from "./options.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

function slot(world: World, random: Random): readonly [string, Any, number] {
  const i = random.below(3);
  return [`socket${i}`, world.sockets[i], i];
}

function init(world: World, random: Random): Record<string, Any> {
  const given: Record<string, Any> = { connectTimeout: random.pick([5, 300]) };
  if (random.chance(20)) given["agent"] = random.pick(world.agents);
  if (random.chance(20)) given["signal"] = random.pick(world.controllers).signal;
  if (random.chance(20)) given["maxMessageSize"] = random.pick(NUMBERS);
  if (random.chance(30)) {
    const [, option, value] = easySetting(world, random);
    if (typeof option === "string") given["curl"] = { [option]: value };
  }
  const member = random.pick(["headers", "curl", "agent", "signal", "connectTimeout"]);
  if (random.chance(10)) given[member] = odd(random)[1];
  return perhapsEvil(world, random, given);
}

const EVENTS = ["open", "message", "error", "close", "ping", "pong"];

const open: Step = (world, random) => {
  const [name, old, i] = slot(world, random), { ws, wsRaw, http } = world.ports;
  const path = random.pick(["/echo", "/", "/nowhere"]), own = init(world, random);
  const given = `ws://127.0.0.1:${random.pick([ws, ws, ws, wsRaw, http, 1])}${path}`;
  const [label, url] = random.chance(85) ? [given, given] : odd(random);
  const protocols = random.chance(80) ? [] : odd(random)[1];
  world.call(`${name} = new CurlWebSocket(${label})`, "socket", () => {
    const socket = new CurlWebSocket(url, protocols, own);
    world.sockets[i] = socket;
    for (const event of EVENTS) {
      if (random.chance(50)) socket.addEventListener(event, callback(world, event, random));
    }
    old?.close();
  });
};

const close: Step = (world, random) => {
  const [name, socket] = slot(world, random), code = random.pick([1000, 3000, 1005, ...NUMBERS]);
  const [label, reason] = random.chance(60) ? ["", undefined] : odd(random);
  world.call(`${name}.close(${code}, ${label})`, "socket", () => {
    socket?.close(random.chance(50) ? undefined : code, reason);
  });
};

const send = (method: "send" | "ping"): Step => (world, random) => {
  const [name, socket] = slot(world, random);
  const [label, data] = random.chance(50) ? oddBytes(random) : odd(random);
  world.call(`${name}.${method}(${label})`, "socket", () => socket?.[method](data));
};

const set: Step = (world, random) => {
  const [name, socket] = slot(world, random), event = `on${random.pick(EVENTS)}`;
  const [label, value] = random.chance(60)
    ? ["callback", callback(world, event, random)]
    : odd(random);
  world.call(`${name}.${event} = ${label}`, "socket", () => {
    if (!socket) return;
    // by the standard an exception of a handler is an uncaught error, here one of no class of
    // curlew
    socket[event] = label === "callback" || typeof value !== "function" ? value : null;
    socket.binaryType = random.chance(50) ? "arraybuffer" : value;
    return [socket.readyState, socket.bufferedAmount, socket.protocol, socket.url, socket[event]];
  });
};

export const socketSteps: readonly (readonly [weight: number, step: Step])[] = [
  [4, open],
  [2, close],
  [5, send("send")],
  [2, send("ping")],
  [2, set],
];
