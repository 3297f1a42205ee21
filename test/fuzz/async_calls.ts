/** Calls that end later: Agent, fetch, download, upload, and fetchSync beside them. */
import {
  Agent,
  download,
  type Easy,
  fetch,
  fetchSync,
  formatTimings,
  transferInfo,
  upload,
} from "../../mod.ts";
import { callback } from "./callbacks.ts";
import { evilSignal, perhapsEvil } from "./evil.ts";
import { argument, bound, pickEasy, readyEasy, type Step } from "./easy_calls.ts";
import { type Any, odd, oddBytes } from "./odd.ts";
import { easySetting } from "./options.ts";
import { anyUrl, webUrl } from "./places.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

function slot(world: World, random: Random): readonly [string, Any, number] {
  const i = random.below(world.agents.length);
  return [`agent${i}`, world.agents[i], i];
}

/** A signal that may be aborted already, soon, or in a callback. */
function signal(world: World, random: Random): Any {
  const roll = random.below(10);
  if (roll === 0) return odd(random)[1];
  if (roll >= 5) return undefined;
  if (roll === 4) return evilSignal(world, random, AbortSignal.timeout(random.below(100)));
  return world.controllers[random.below(world.controllers.length)]!.signal;
}

const abort: Step = (world, random) => {
  const i = random.below(world.controllers.length), [label, reason] = odd(random);
  const given = reason === undefined ? reason : new DOMException(label); // judged as an AbortError
  world.call(`controllers${i}.abort(${label})`, "http", () => world.controllers[i]!.abort(given));
  world.controllers[i] = new AbortController();
};

const perform: Step = (world, random) => {
  const [name, agent] = slot(world, random), [easyName, easy] = readyEasy(world, random);
  const options = random.chance(80)
    ? perhapsEvil(world, random, { signal: signal(world, random) })
    : argument(random)[1];
  world.call(`${name}.perform(${easyName})`, "agent", () => {
    if (world.easies.includes(easy)) bound(easy, random.pick([20, 200, 500]));
    return agent.perform(easy, options);
  });
};

/** Makes a CONNECT_ONLY connection. */
const connect: Step = (world, random) => {
  const [name, agent] = slot(world, random), i = random.below(world.easies.length);
  const easy = world.easies[i] as Easy, { http, echo } = world.ports;
  const [label, data] = oddBytes(random), URL = `http://127.0.0.1:${random.pick([http, echo])}/`;
  world.call(`${name} connects easy${i}, sends ${label}`, "agent", async () => {
    easy.setOpts({ URL, CONNECT_ONLY: random.below(3), TIMEOUT_MS: 500 });
    await agent.perform(easy);
    await agent.writable(easy);
    easy.send(data);
    await agent.readable(easy, { signal: AbortSignal.timeout(100) });
    easy.recv(data);
  });
};

const wait: Step = (world, random) => {
  const [name, agent] = slot(world, random), [easyName, easy] = pickEasy(world, random);
  const method = random.pick(["readable", "writable"]);
  const options = random.chance(80) ? { signal: AbortSignal.timeout(50) } : argument(random)[1];
  world.call(`${name}.${method}(${easyName})`, "agent", () => agent[method](easy, options));
};

const readAgent: Step = (world, random) => {
  const [name, agent] = slot(world, random);
  world.call(`${name}.stats`, "agent", () => [agent.stats, agent.active]);
};

const closeAgent: Step = (world, random) => {
  const [name, agent] = slot(world, random);
  world.call(`${name}.close()`, "agent", () => agent.close());
};

const AGENT_OPTIONS = [
  "maxCachedConnections",
  "maxConnections",
  "maxHostConnections",
  "maxConcurrentStreams",
  "multiplex",
  "share",
];

const newAgent: Step = (world, random) => {
  const [name, agent, i] = slot(world, random), options: Record<string, unknown> = {};
  const option = random.pick(AGENT_OPTIONS), [label, value] = odd(random);
  if (random.chance(50)) options[option] = value;
  else if (random.chance(30)) options["share"] = random.pick(world.shares);
  else options["maxConnections"] = 1 + random.below(3);
  const what = Object.hasOwn(options, option) ? `${option} ${label}` : "";
  world.call(`${name} = new Agent(${what})`, "agent", () => {
    const given = perhapsEvil(world, random, options);
    world.agents[i] = new Agent(random.chance(90) ? given : odd(random)[1]);
    return agent.close();
  });
};

const MEMBERS = [
  "method",
  "headers",
  "body",
  "redirect",
  "signal",
  "referrer",
  "referrerPolicy",
  "integrity",
  "duplex",
  "curl",
  "connectTimeout",
  "maxBodySize",
  "onProgress",
  "overwrite",
  "resume",
  "agent",
];

/** A stream that gives bytes, chunks of a wrong type, or fails. */
function stream(random: Random): ReadableStream<Any> {
  const own = random.fork();
  return new ReadableStream({
    pull(controller) {
      const roll = own.below(10);
      if (roll < 5) controller.enqueue(new Uint8Array(own.below(5000)));
      else if (roll < 7) controller.close();
      else if (roll < 8) controller.enqueue(odd(own)[1]);
      else if (roll < 9) return new Promise((resolve) => setTimeout(resolve, 3));
      else controller.error(new DOMException("injected"));
    },
  });
}

function body(random: Random): Any {
  const roll = random.below(6);
  if (roll === 0) return stream(random);
  if (roll === 1) return new Blob(["text", new Uint8Array(1000)]);
  if (roll === 2) return new URLSearchParams({ a: "b" });
  return roll === 3 ? oddBytes(random)[1] : "text";
}

/** The second argument of the functions over HTTP. */
function init(world: World, random: Random): Record<string, Any> {
  const given: Record<string, Any> = { timeout: random.pick([5, 50, 300]) };
  if (random.chance(30)) given["agent"] = random.pick(world.agents);
  if (random.chance(40)) given["signal"] = signal(world, random);
  if (random.chance(30)) {
    given["method"] = random.pick(["POST", "PUT", "HEAD", "patch"]);
    given["body"] = body(random);
  }
  if (random.chance(20)) given["redirect"] = random.pick(["manual", "error", "follow"]);
  if (random.chance(20)) given["onProgress"] = callback(world, "onProgress", random);
  if (random.chance(20)) given["maxBodySize"] = random.below(2000);
  if (random.chance(30)) {
    const [, option, value] = easySetting(world, random);
    if (typeof option === "string") given["curl"] = { [option]: value };
  }
  if (random.chance(20)) given[random.pick(MEMBERS)] = odd(random)[1];
  if (given["curl"]) given["curl"] = perhapsEvil(world, random, given["curl"]);
  return perhapsEvil(world, random, given);
}

/** Reads a response in some way, or leaves it unread. */
async function consume(response: Response, random: Random): Promise<void> {
  const roll = random.below(8);
  if (roll === 0) await response.body?.cancel();
  else if (roll === 1) await response.text();
  else if (roll === 2) await Promise.all([response.clone().bytes(), response.bytes()]);
  else if (roll === 3) {
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
  } else if (roll === 4) await response.bytes();
  else if (roll === 5) formatTimings(transferInfo(response));
  else if (roll === 6) {
    const reader = response.body?.getReader({ mode: "byob" } as never) as Any;
    await reader?.read(new Uint8Array(10));
    await reader?.cancel();
  }
}

const target = (world: World, random: Random): readonly [string, Any] => {
  if (random.chance(8)) return odd(random);
  const url = random.chance(80) ? webUrl(world, random) : anyUrl(world, random);
  if (random.chance(10)) return [url, new Request(`http://127.0.0.1:${world.ports.http}/echo`)];
  return [url.slice(0, 60), url];
};

const doFetch: Step = (world, random) => {
  const [label, url] = target(world, random), own = random.fork(), given = init(world, random);
  world.call(`fetch(${label})`, "http", async () => consume(await fetch(url, given), own));
};

const doFetchSync: Step = (world, random) => {
  const [label, url] = target(world, random), given = init(world, random);
  if (!world.mayBlock()) return;
  const isPlain = random.chance(80);
  world.call(`fetchSync(${label})`, "http", () => {
    const bounded: Record<string, Any> = { ...given, timeout: 50 }; // it may be evil
    if (isPlain) { for (const name of ["agent", "signal"]) delete bounded[name]; }
    return fetchSync(url, bounded as Any);
  });
};

const doDownload: Step = (world, random) => {
  const [label, url] = target(world, random), given = init(world, random);
  const paths = ["out.bin", ".", "none/x", "/dev/null", "a\0b", "", undefined, null, 5, Symbol()];
  const path = random.pick(paths) as Any;
  world.call(`download(${label}, ${String(path)})`, "http", () => download(url, path, given));
};

const doUpload: Step = (world, random) => {
  const [label, url] = target(world, random), given = init(world, random);
  const source = random.pick([body(random), "file.txt", "nowhere", "", null, 5, Symbol()]) as Any;
  world.call(`upload(…, ${label})`, "http", () => upload(source, url, given));
};

export const asyncSteps: readonly (readonly [weight: number, step: Step])[] = [
  [16, perform],
  [4, connect],
  [4, wait],
  [2, readAgent],
  [1, closeAgent],
  [2, newAgent],
  [5, abort],
  [8, doFetch],
  [2, doFetchSync],
  [3, doDownload],
  [3, doUpload],
];
