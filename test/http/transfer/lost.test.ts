// Requests that are lost with a kept connection: which are sent again, with which bytes, how often.
import { spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { easyOptions } from "../../../ffi/curl/options.ts";
import { Agent, fetch, type FetchInit, fetchSync, upload, type UploadBody } from "../../../mod.ts";
import { observe, type ObservedTransfer } from "../../../observe.ts";
import { createFetch } from "../../../session.ts";
import { isKnown } from "../../../src/libcurl_versions.ts";
import { findNode } from "../../server/node.ts";
import { useFolder, useServer } from "../../use.ts";
import { codeOf, failure, isBun, sleep } from "../support.ts";

const folder = useFolder("lost"), server = useServer("h2");
let base = "", end = () => {};

const MB = 1_000_000, TIMEOUT = 10_000;
const bytesOf = (size: number) =>
  Uint8Array.from({ length: size }, (_, i) => (i * 7 + (i >> 8)) & 255);
const SMALL = bytesOf(10), ONE = bytesOf(MB), FIVE = bytesOf(5 * MB);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const fileOf = (bytes: Uint8Array) => join(folder, `${bytes.length}`);

beforeAll(async () => {
  const main = fileURLToPath(new URL("./lost_server.mjs", import.meta.url));
  const child = spawn(findNode(), [main], { stdio: ["pipe", "pipe", "inherit"] });
  const line = await new Promise((resolve) => createInterface(child.stdout).once("line", resolve));
  base = `http://127.0.0.1:${line}`;
  end = () => child.stdin.end();
  for (const bytes of [ONE, FIVE]) await writeFile(fileOf(bytes), bytes);
});
afterAll(() => end());

interface Arrived {
  readonly method: string;
  readonly isKept: boolean;
  readonly isWhole: boolean;
  readonly length?: number;
  readonly sha256?: string;
  readonly part?: string;
}

const ownFetch = globalThis.fetch;
const log = async (id: string): Promise<Arrived[]> => (await ownFetch(`${base}/log/${id}`)).json();

/** Leaves a kept connection in the agent. */
async function warm(agent: Agent): Promise<void> {
  expect(await (await fetch(`${base}/warm`, { agent, timeout: TIMEOUT })).text()).toBe("ok");
}

function form(bytes: Uint8Array<ArrayBuffer>): FormData {
  const data = new FormData();
  data.append("file", new Blob([bytes]), "file");
  return data;
}

declare const Bun: { file(path: string): Blob };

interface Kind {
  readonly bytes: Uint8Array<ArrayBuffer> | null;
  readonly isStream?: true;
  readonly body?: () => FetchInit["body"];
  readonly upload?: () => UploadBody;
}

const kinds: Record<string, Kind> = {
  "no body": { bytes: null, body: () => null },
  "10 bytes": { bytes: SMALL, body: () => SMALL },
  "1 MB": { bytes: ONE, body: () => ONE },
  "5 MB": { bytes: FIVE, body: () => FIVE },
  "a small Blob": { bytes: SMALL, body: () => new Blob([SMALL]) },
  "a Blob of 1 MB": { bytes: ONE, body: () => new Blob([ONE]) },
  "a Blob of 5 MB": { bytes: FIVE, body: () => new Blob([FIVE]) },
  "a form with 1 MB": { bytes: ONE, body: () => form(ONE) },
  "a form with 5 MB": { bytes: FIVE, body: () => form(FIVE) },
  ...(isBun ? { "Bun.file()": { bytes: FIVE, body: () => Bun.file(fileOf(FIVE)) } } : {}),
  "a small stream": { bytes: SMALL, isStream: true, body: () => new Blob([SMALL]).stream() },
  "a stream of 5 MB": { bytes: FIVE, isStream: true, body: () => new Blob([FIVE]).stream() },
  "upload of 1 MB": { bytes: ONE, upload: () => ONE },
  "upload of a Blob": { bytes: FIVE, upload: () => new Blob([FIVE]) },
  "upload of a file of 1 MB": { bytes: ONE, upload: () => fileOf(ONE) },
  "upload of a file of 5 MB": { bytes: FIVE, upload: () => fileOf(FIVE) },
  "upload of a stream": { bytes: FIVE, isStream: true, upload: () => new Blob([FIVE]).stream() },
};

async function send(url: string, method: string, kind: Kind, options: FetchInit): Promise<number> {
  if (kind.upload) {
    const { agent, timeout, retryUnsafe, signal } = options as Required<FetchInit>;
    const given = { agent, timeout, retryUnsafe, signal, method };
    return (await upload(kind.upload(), url, given)).status;
  }
  const body = kind.body?.() ?? null;
  const response = await fetch(url, { ...options, method, body });
  await response.text();
  return response.status;
}

/** Checks that a body arrived as it is. */
function expectBody({ bytes }: Kind, name: string, entry: Arrived | undefined): void {
  const found = name.startsWith("a form") ? entry?.part : entry?.sha256;
  expect(found, name).toBe(sha256(bytes ?? new Uint8Array()));
}

const tells = isKnown(easyOptions.PREREQFUNCTION); // otherwise each POST has its own connection

describe.each(["destroy", "reset", "end"])("where the server calls %s", (how) => {
  describe.each(["head", "body"])("in the %s of a request", (when) => {
    const cases: [method: string, retryUnsafe: boolean][] = [
      ...["GET", "PUT", "DELETE", "POST"].map((method): [string, boolean] => [method, false]),
      ["POST", true],
    ];
    test.each(cases)("%s (retryUnsafe: %s)", async (method, retryUnsafe) => {
      for (const [name, kind] of Object.entries(kinds)) {
        if (method === "GET" && name !== "no body") continue;
        await using agent = new Agent();
        await warm(agent);
        const id = randomUUID(), options = { agent, timeout: TIMEOUT, retryUnsafe };
        const result = await send(`${base}/${how}/${when}/${id}`, method, kind, options)
          .catch((error: unknown) => error);
        const arrived = await log(id), whole = arrived.filter(({ isWhole }) => isWhole);
        const last = arrived.at(-1);
        if (method === "POST" && !retryUnsafe && tells) {
          expect(String(result), name).toMatch(
            kind.isStream ? /connection was lost before/ : /retryUnsafe is true/,
          );
          expect(arrived.length, name).toBe(1);
          if (kind.isStream) expect(result, name).toBeInstanceOf(TypeError);
        } else if (kind.isStream && result !== 200) {
          expect(String(result), name).toContain("connection was lost before the answer");
          expect(arrived.length, name).toBe(1);
        } else {
          expect(result, name).toBe(200);
          expect(arrived.length, name).toBeLessThanOrEqual(2);
          expect(last, name).toMatchObject({ method, isKept: false, isWhole: true });
          expectBody(kind, name, last);
        }
        expect(whole.length, name).toBeLessThanOrEqual(2);
      }
    }, 60_000);
  });
});

const LARGE = [
  ["fetch", kinds["5 MB"] as Kind],
  ["fetch of a Blob", kinds["a Blob of 5 MB"] as Kind],
  ["upload", kinds["upload of a file of 5 MB"] as Kind],
] as const;

describe.each(LARGE)("%s", (_name, kind) => {
  async function begin(agent: Agent, path: string, options: FetchInit = {}, method = "PUT") {
    await warm(agent);
    return await send(`${base}/${path}`, method, kind, { agent, timeout: TIMEOUT, ...options });
  }

  test("sends a request again once only, whatever the server does", async () => {
    for (const how of ["destroy", "reset", "end"]) {
      await using agent = new Agent();
      const id = randomUUID();
      const error = await failure(begin(agent, `${how}/head/${id}?always`));
      expect(error).toBeInstanceOf(TypeError);
      expect(codeOf(error)).toMatch(/SEND_ERROR|RECV_ERROR|GOT_NOTHING/);
      expect((await log(id)).map(({ isKept }) => isKept)).toEqual([true, false]);
    }
  });

  test("does not send it again after a 103", async () => {
    await using agent = new Agent();
    const id = randomUUID();
    const error = await failure(begin(agent, `hints/head/${id}`));
    expect(error).toBeInstanceOf(TypeError);
    expect((await log(id)).length).toBe(1);
  });

  test("keeps to the timeout of the call", async () => {
    await using agent = new Agent();
    const id = randomUUID(), started = performance.now();
    const error = await failure(begin(agent, `destroy/head/${id}?hang`, { timeout: 600 }));
    expect(codeOf(error)).toBe("CURLE_OPERATION_TIMEDOUT");
    expect(performance.now() - started).toBeLessThan(3000);
    expect((await log(id)).length).toBe(2);
  });

  test("ends by an abort", async () => {
    await using agent = new Agent();
    const id = randomUUID(), controller = new AbortController(), reason = new Error("enough");
    const sent = failure(begin(agent, `destroy/head/${id}?hang`, { signal: controller.signal }));
    for (let i = 0; i < 100 && (await log(id)).length < 2; i++) await sleep(20);
    controller.abort(reason);
    expect(await sent).toBe(reason);
    expect((await log(id)).length).toBe(2);
  });

  test("is observed as a failed transfer and another one of the same attempt", async () => {
    await using agent = new Agent();
    const seen: ObservedTransfer[] = [];
    using _ = observe(agent, { end: (transfer) => void seen.push(transfer) });
    expect(await begin(agent, `destroy/body/${randomUUID()}?redirect`)).toBe(200);
    const lost = seen.filter(({ state }) => state === "failed");
    const own = seen.slice(1), last = own.at(-1)!; // the first one has warmed the agent
    expect(last).toMatchObject({ state: "done", status: 200, attempt: 0 });
    expect(own.every(({ call, attempt }) => call === last.call && attempt === 0)).toBe(true);
    for (const { redirects, chain } of lost) {
      expect(chain.length).toBe(redirects);
    }
    expect(last.chain.length).toBe(last.redirects);
  });
});

describe("over HTTP/2", () => {
  // the first request is redirected, the second ends the connection
  const call = (agent: Agent, method: string, options: FetchInit) => {
    const curl = { CAINFO: server.ca };
    const url = server.url(`/once-on-kept/${randomUUID()}`, "h2");
    return fetch(url, { agent, timeout: TIMEOUT, method, curl, ...options });
  };

  test("a stream that is lost with its connection is sent again", async () => {
    for (const [method, body] of [["GET"], ["PUT", SMALL], ["PUT", FIVE], ["DELETE"]] as const) {
      await using agent = new Agent();
      const response = await call(agent, method, { body: body ?? null });
      expect(response.status, method).toBe(200);
      await response.text();
    }
    await using agent = new Agent();
    const response = await call(agent, "POST", { body: FIVE, retryUnsafe: true });
    expect(response.status).toBe(200);
    await response.text();
  });

  test.skipIf(!tells)("a POST is not", async () => {
    for (const body of [SMALL, FIVE]) {
      await using agent = new Agent();
      const error = await failure(call(agent, "POST", { body }));
      expect(String(error)).toContain("retryUnsafe is true");
    }
  });
});

test("a POST that is lost while it is sent says why it is not sent again", async () => {
  if (!tells) return;
  await using agent = new Agent();
  for (const [, kind] of LARGE) {
    await warm(agent);
    const options = { agent, timeout: TIMEOUT };
    const error = await failure(send(`${base}/reset/head/${randomUUID()}`, "POST", kind, options));
    expect(codeOf(error)).toMatch(/SEND_ERROR|RECV_ERROR|GOT_NOTHING/);
    expect(String(error)).toMatch(/A POST may have had its effect.*retryUnsafe is true/);
  }
});

test("a repeated request is not a retry of a session", async () => {
  await using agent = new Agent();
  const retries: unknown[] = [], onRetry = (event: unknown) => void retries.push(event);
  const api = createFetch({ agent, timeout: TIMEOUT, retry: { limit: 1, onRetry } });
  await warm(agent);
  const url = `${base}/destroy/head/${randomUUID()}`;
  expect(await (await api(url, { method: "PUT", body: FIVE })).text()).toBe("ok");
  expect(retries).toEqual([]);
});

test("onProgress starts again with the body", async () => {
  await using agent = new Agent();
  await warm(agent);
  const seen: number[] = [];
  const url = `${base}/destroy/body/${randomUUID()}`;
  const options = { agent, timeout: TIMEOUT, method: "PUT", body: FIVE };
  const onProgress: FetchInit["onProgress"] = ({ uploaded }) => void seen.push(uploaded);
  expect(await (await fetch(url, { ...options, onProgress })).text()).toBe("ok");
  expect(Math.max(...seen)).toBe(FIVE.length);
});

test("cookies and options of the call are those of the repeated request too", async () => {
  await using agent = new Agent();
  for (const name of ["fetch", "upload"]) {
    await warm(agent);
    const url = `${base}/destroy/head/${randomUUID()}`;
    const curl = { COOKIELIST: "Set-Cookie: a=1", FORBID_REUSE: 1 };
    const options = { agent, timeout: TIMEOUT, method: "PUT", curl };
    if (name === "upload") expect((await upload(FIVE, url, options)).status).toBe(200);
    else expect(await (await fetch(url, { ...options, body: FIVE })).text()).toBe("ok");
  }
});

test("fetchSync follows the same rule after a redirect", () => {
  for (const how of ["destroy", "reset", "end"]) {
    const url = () => `${base}/${how}/head/${randomUUID()}?redirect`;
    const options = { body: FIVE, timeout: TIMEOUT };
    expect(fetchSync(url(), { ...options, method: "PUT" }).status).toBe(200);
    const post = { ...options, method: "POST" };
    expect(fetchSync(url(), { ...post, retryUnsafe: true }).status).toBe(200);
    if (tells) expect(() => fetchSync(url(), post)).toThrow(/retryUnsafe is true/);
  }
});
