// CURLEW_DEBUG: what must never be so is planted, and told; where nothing is wrong, nothing is.
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runChild } from "../../server/child.ts";
import { useServer } from "../../use.ts";
import { inChild } from "../support.ts";

const server = useServer("http");

const plants = fileURLToPath(new URL("../children/plants.ts", import.meta.url));

const TOLD: Record<string, RegExp> = {
  "the handle is owned by nobody": /knows no multi/,
  "the book of the multi has another address": /is added under another's address/,
  "its token leads nowhere": /the token of an added easy handle leads elsewhere/,
  "a callback that never ended": /an easy handle is 1 callbacks deep outside of any/,
  "a pause that nobody counted": /has the pause bits 0, its handle 1/,
  "a turn that never comes": /a held transfer has no turn to come/,
  "a value without a descriptor": /the fd table has 1 values for 0 descriptors/,
  "a token without a handle": /\d+ tokens for \d+ easy handles/,
  "memory given back twice": /-1 lists are alive/,
  "a buffer that was not given back": /1 buffers of callbacks were not given back/,
  "a socket that left the kernel's book": /the kernel does not watch fd \d+/,
  "another mask in the kernel": /the kernel watches fd \d+ for 2 instead of 1/,
  "a former life in the kernel": /the kernel knows a former life of fd \d+/,
  "an agent that is not counted": /are counted, \d+ and \d+ are/,
};

test("each planted violation is reported, and ends the transfers in flight", async () => {
  const child = await runChild(plants, {
    args: [server.url("")],
    env: { CURLEW_DEBUG: "1" },
    timeoutMs: 60_000,
  });
  const seen = child.stdout.trim().split("\n").map((line) => JSON.parse(line));
  expect(seen.map(({ name }) => name), child.stderr).toEqual(Object.keys(TOLD));
  for (const { name, told, rejected } of seen) {
    expect(told[0], name).toMatch(/^Error: CURLEW_DEBUG: after turn \d+: /);
    expect(told[0], name).toMatch(TOLD[name]!);
    expect(rejected, `${name}: the transfer rejects with the same`).toBe(true);
  }
}, 70_000);

// in a function: while a module awaits at its top level, Bun goes on after an uncaught error
const BROKEN = `
  import { stateOf } from "#root/src/handles/easy/easy.ts";
  import { PATIENCE } from "#root/test/patience.ts";
  async function main() {
    const agent = new Agent();
    const easy = easyFor(URL_OF_SERVER, { TIMEOUT_MS: 300 * PATIENCE });
    const running = failure(agent.perform(easy));
    await until(() => agent.stats.sockets >= 1);
    stateOf(easy).depth++;
    setTimeout(() => stateOf(easy).depth--, 600 * PATIENCE);
    const other = easyFor(URL_OF_SERVER, { TIMEOUT_MS: 100 }); // has turns come
    failure(agent.perform(other));
    say((await running).message);
    await sleep(1000 * PATIENCE);
    say("went on");
    process.exit(0);
  }
  main();
`;

test("it is an uncaught error, which ends a process that does not listen", async () => {
  const source = BROKEN.replaceAll("URL_OF_SERVER", JSON.stringify(server.url("/hold")));
  const { code, stderr, said } = await inChild(source, { env: { CURLEW_DEBUG: "1" } });
  expect(code, stderr).toBe(1);
  expect(stderr).toContain("callbacks deep outside of any");
  expect(said).not.toContain("went on");
});

// as Deno does: it runs microtasks while it loads a built-in module, also inside a check
const REENTERED = `
  const getBuiltinModule = process.getBuiltinModule;
  const running: Promise<unknown>[] = [];
  let reads = 0, inside = () => {};
  process.getBuiltinModule = (name) => {
    if (name === "node:fs") reads++, inside();
    return getBuiltinModule.call(process, name);
  };
  const agent = new Agent();
  inside = () => {
    if (reads <= 20) running.push(get(agent, URL_OF_SERVER));
  };
  await get(agent, URL_OF_SERVER);
  await until(() => running.length === 20);
  say((await Promise.all(running)).length);
  const other = new Agent();
  inside = () => void other.close();
  say((await failure(get(other, HELD_URL))).codeName);
`;

test("user code that runs inside a check may start transfers, and close the agent", async () => {
  const source = REENTERED.replaceAll("URL_OF_SERVER", JSON.stringify(server.url("/small")))
    .replace("HELD_URL", JSON.stringify(server.url("/hold")));
  const { code, stderr, said } = await inChild(source, { env: { CURLEW_DEBUG: "1" } });
  expect([code, stderr, ...said]).toEqual([0, "", 20, "CURLE_ABORTED_BY_CALLBACK"]);
});

test.concurrent.each(["", "0", "yes"])("CURLEW_DEBUG=%j checks nothing", async (value) => {
  const source = BROKEN.replaceAll("URL_OF_SERVER", JSON.stringify(server.url("/hold")));
  const { code, stderr, said } = await inChild(source, { env: { CURLEW_DEBUG: value } });
  expect([code, said.at(-1)], stderr).toEqual([0, "went on"]);
});
