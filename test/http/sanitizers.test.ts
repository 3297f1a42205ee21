// Deno.test with its sanitizers: an agent of one's own leaves nothing behind but what is loaded once.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { type ChildResult, runProgram } from "../server/child.ts";
import { useFolder, useServer } from "../use.ts";
import { isBun } from "./support.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const server = useServer("http");
const folder = useFolder("sanitizers");
beforeAll(async () => {
  await writeFile(join(folder, "file"), "text");
});

/** What users do with an agent, each as a test of its own. */
const USES = `
import { Agent, download, Easy, fetch, upload } from "${ROOT}mod.ts";
const base = Deno.env.get("BASE"), folder = Deno.env.get("FOLDER");
const text = "x".repeat(100_000), post = { method: "POST" };
const read = async (response) => void await (await response).text();
const nothing = () => {};
const USES = {
  "a body that is read": (agent) => read(fetch(base + "/small", { agent })),
  "a slow response": (agent) => read(fetch(base + "/delay/50", { agent })),
  "time limits": (agent) => read(fetch(base + "/delay/50", { agent, timeout: 5000, connectTimeout: 5000 })),
  "a body that is cancelled": async (agent) => (await fetch(base + "/small", { agent })).body.cancel(),
  "a body that nobody reads": async (agent) => void await fetch(base + "/bytes/1000000", { agent }),
  "a redirect": (agent) => read(fetch(base + "/redirect/2", { agent })),
  "a POST of text": (agent) => read(fetch(base + "/echo", { ...post, agent, body: text })),
  "a POST of a stream": (agent) => read(fetch(base + "/echo", { ...post, agent, body: new Blob([text]).stream() })),
  "many at once": (agent) => Promise.all(Array.from({ length: 20 }, () => read(fetch(base + "/delay/20", { agent })))),
  "an abort": (agent) => fetch(base + "/hold", { agent, signal: AbortSignal.timeout(20) }).catch(nothing),
  "a refused connection": (agent) => fetch("http://127.0.0.1:1/", { agent }).catch(nothing),
  "a name": (agent) => read(fetch(base.replace("127.0.0.1", "localhost") + "/small", { agent })),
  "a download": (agent) => download(base + "/small", folder + "/x", { agent }),
  "an upload": (agent) => upload(folder + "/file", base + "/echo", { agent }),
  "an Easy": async (agent) => {
    using easy = new Easy();
    easy.setOpts({ URL: base + "/small", WRITEFUNCTION: (bytes) => bytes.length });
    await agent.perform(easy);
  },
  // binds curl_easy_pause in any case: whether the body above is paused depends on the time
  "a pause": async (agent) => {
    using easy = new Easy();
    let calls = 0;
    easy.setOpts({ URL: base + "/small", WRITEFUNCTION: ({ length }) => calls++ ? length : 0x10000001 });
    const running = agent.perform(easy);
    while (calls === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    easy.pause(0);
    await running;
  },
  "an agent that is closed in the middle": async (agent) => {
    const running = fetch(base + "/hold", { agent }).catch(nothing);
    await agent.close();
    await running;
  },
  "an agent that does nothing": nothing,
};
const each = async (use) => {
  await using agent = new Agent();
  await use(agent);
};
const strict = { sanitizeOps: true, sanitizeResources: true };
`;

async function denoTest(source: string): Promise<ChildResult> {
  const file = join(folder, "uses_test.ts");
  await writeFile(file, USES + source);
  return await runProgram(process.execPath, {
    args: ["test", "-A", "--no-check", "--no-lock", "--config", join(ROOT, "deno.json"), file],
    env: { BASE: server.url(""), FOLDER: folder, NO_COLOR: "1" },
    timeoutMs: 60_000,
  });
}

describe.skipIf(isBun)("with Deno.test's sanitizers on (Bun has none)", () => {
  test("an agent of one's own leaves nothing behind, once all of it was used", async () => {
    const { code, stdout, stderr } = await denoTest(`
    import { localPort } from "${ROOT}ffi/libc.ts";
    Deno.test("before", async () => {
      localPort(0); // needed only if a body is given up at a certain moment
      for (let i = 0; i < 2; i++) for (const use of Object.values(USES)) await each(use);
    });
    for (const [name, use] of Object.entries(USES)) Deno.test({ ...strict, name, fn: () => each(use) });
    `);
    expect({ code, stderr }, stdout).toMatchObject({ code: 0 });
    expect(stdout).toContain("19 passed | 0 failed");
  }, 90_000);

  test("the first use leaves the library, and callbacks that are made once", async () => {
    const { stdout } = await denoTest(`
    for (const [name, use] of Object.entries(USES)) Deno.test({ ...strict, name, fn: () => each(use) });
    `);
    const leaks = stdout.split("\n").filter((line) => line.startsWith("  - "));
    expect(leaks.length).toBeGreaterThan(0);
    for (const leak of leaks) expect(leak).toMatch(/dynamic library|"unsafecallback"/);
  }, 90_000);
});
