// The failures that a first day meets: each message names the thing and what to do about it.
import { chmod, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Agent, type CurlEasyError, download, Easy, fetch, fetchSync, upload } from "../../mod.ts";
import { NO_NAME } from "../no_name.ts";
import { runProgram } from "../server/child.ts";
import { findNode } from "../server/node.ts";
import { startServer } from "../server/start.ts";
import { useFolder } from "../use.ts";

const folder = useFolder("remedies");

async function failure(call: () => unknown): Promise<Error> {
  try {
    await call();
  } catch (error) {
    return error as Error;
  }
  throw new Error("It did not fail");
}

test.for(
  [
    ["/relative", {}, "the URL is relative: an absolute one is needed"],
    ["no.scheme/x", {}, "the URL is relative"],
    ["http://", {}, "invalid URL"],
    [`http://x/`, { UNIX_SOCKET_PATH: `/tmp/${"a".repeat(200)}` }, "at most 107 bytes"],
    [`http://${NO_NAME}/`, {}, "check the host's name, or give it an address by curl.RESOLVE"],
  ] as const,
)("%s: the message names the remedy", async ([url, curl, remedy]) => {
  const error = await failure(() => fetch(url, { curl: { ...curl, NOPROXY: "*" } }));
  expect(error).toBeInstanceOf(TypeError);
  expect(error.message).toContain(remedy);
});

test("a certificate that does not pass: the message says what to do, by the reason", async () => {
  await using tls = await startServer("tls");
  const CAINFO = tls.ca,
    of = async (kind: "https" | "wronghost" | "expired", curl: object) =>
      (await failure(() => fetch(tls.url("/small", kind), { curl }))).message;
  expect(await of("https", {})).toContain("a certificate authority of your own by curl.CAINFO");
  const wrong = await of("wronghost", { CAINFO }), old = await of("expired", { CAINFO });
  // GnuTLS says no more than that the verification failed
  if (wrong.includes("name")) expect(wrong).toContain("send it to this host by curl.CONNECT_TO");
  if (old.includes("expired")) expect(old).toContain("the server needs a new certificate");
});

/** Each way to make a transfer by a unix socket. */
const WAYS: Readonly<Record<string, (curl: { UNIX_SOCKET_PATH: string }) => unknown>> = {
  fetch: (curl) => fetch("http://x/", { curl }),
  fetchSync: (curl) => fetchSync("http://x/", { curl }),
  download: (curl) => download("http://x/", join(folder, "x"), { curl }),
  upload: (curl) => upload(new Uint8Array(1), "http://x/", { curl }),
  "Easy.perform": (curl) => {
    using easy = new Easy();
    easy.setOpts({ URL: "http://x/", ...curl });
    easy.perform();
  },
  "Agent.perform": async (curl) => {
    await using agent = new Agent();
    using easy = new Easy();
    easy.setOpts({ URL: "http://x/", ...curl });
    await agent.perform(easy);
  },
};

/** A socket that was listened on, by a server that is gone. */
async function deserted(): Promise<string> {
  const path = join(folder, "deserted.sock"), server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  await new Promise((resolve) => server.close(resolve));
  await rm(path, { force: true });
  await writeFile(path, ""); // the system refuses a file as it does a socket without a listener
  return path;
}

async function shut(): Promise<string> {
  const path = join(folder, "shut.sock");
  await writeFile(path, "");
  await chmod(path, 0);
  return path;
}

const CASES: Readonly<Record<string, readonly [() => Promise<string>, RegExp, string]>> = {
  "a path that is not there": [
    () => Promise.resolve(join(folder, "none.sock")),
    /: No such file or directory \(errno 2\)/,
    "start the server, or check the path",
  ],
  "a path on which nobody listens": [deserted, /: Connection refused/, "no process listens"],
  "a path without permission": [shut, /: Permission denied \(errno 13\)/, "no permission"],
};

for (const [name, [path, reason, remedy]] of Object.entries(CASES)) {
  // root may use any path
  const isRoot = process.getuid?.() === 0 && name.includes("permission");
  test.skipIf(isRoot)(
    `the unix socket is named: ${name}${isRoot ? ", NOT RUN: root may" : ""}`,
    async () => {
      const UNIX_SOCKET_PATH = await path();
      for (const [way, call] of Object.entries(WAYS)) {
        const { message, cause } = await failure(() => call({ UNIX_SOCKET_PATH }));
        expect(message, way).toContain(`Cannot connect to the unix socket ${UNIX_SOCKET_PATH}`);
        expect(message, way).toMatch(reason);
        if (!way.includes("perform")) {
          expect(message, way).toContain(remedy);
          expect((cause as CurlEasyError).codeName).toBe("CURLE_COULDNT_CONNECT");
        }
        if (way !== "fetch") expect(message, way).not.toMatch(/\bfetch\b/);
      }
    },
  );
}

test("an abstract unix socket is named, the later option counts, and reset forgets both", async () => {
  const curl = { UNIX_SOCKET_PATH: "/none", ABSTRACT_UNIX_SOCKET: "curlew-nobody" };
  const { message } = await failure(() => fetch("http://x/", { curl }));
  expect(message).toContain("the unix socket @curlew-nobody: Connection refused");
  using easy = new Easy();
  easy.setOpt("UNIX_SOCKET_PATH", "/none");
  easy.reset();
  easy.setOpts({ URL: "http://127.0.0.1:1/", NOPROXY: "*" });
  expect((await failure(() => easy.perform())).message).not.toContain("unix");
  easy.setOpts({ UNIX_SOCKET_PATH: "/none" });
  using copy = easy.duplicate();
  easy.setOpt("UNIX_SOCKET_PATH", null);
  expect((await failure(() => easy.perform())).message).not.toContain("unix");
  expect((await failure(() => copy.perform())).message).toContain("unix socket /none");
});

test.each(["", "--allow-ffi=/usr/lib"])(
  "Deno with %j: the error names the permission",
  async (flag) => {
    const program = join(folder, "main.ts");
    const door = new URL("../../mod.ts", import.meta.url).href;
    await writeFile(
      program,
      `import { fetch } from "${door}";\nawait fetch("http://127.0.0.1:1/");\n`,
    );
    const tool = fileURLToPath(new URL("../../tools/run.mjs", import.meta.url).href);
    const config = fileURLToPath(new URL("../../deno.json", import.meta.url).href);
    const script = "console.log(Deno.execPath())";
    const { stdout } = await runProgram(findNode(), { args: [tool, "deno", "eval", script] });
    const flags = ["--no-prompt", "--no-check", "--config", config, ...(flag ? [flag] : [])];
    const { code, stderr } = await runProgram("run", {
      // a Deno that Deno starts gets every permission, unless its path is not to be seen
      via: ["sh", "-c", 'exec "$TESTED_DENO" "$@"', "sh"],
      args: [...flags, program],
      env: { NO_COLOR: "1", TESTED_DENO: stdout.trim() },
      timeoutMs: 20_000,
    });
    expect(code).toBe(1);
    expect(stderr).toContain("CurlLoadError: Cannot load libcurl without permission");
    expect(stderr).toContain("--allow-ffi, which must have no path behind it");
  },
);
