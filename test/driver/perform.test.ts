// What Agent.perform gives back, and what it refuses.
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Agent, CurlEasyError, CurlMultiError, Easy } from "../../mod.ts";
import { useServer } from "../use.ts";
import { easyFor, failure, get, until } from "./support.ts";

const server = useServer("http", "raw", "silent");
let agent: Agent;
beforeEach(() => {
  agent = new Agent();
});
afterEach(() => agent.close());

test("perform gives the handle back when the transfer is over", async () => {
  using easy = easyFor(server.url("/small"));
  expect(await agent.perform(easy)).toBe(easy);
  expect(easy.getInfo("RESPONSE_CODE")).toBe(200);
  expect(agent.active).toBe(0);
});

test("the same handle performs again, on the same connection", async () => {
  using easy = easyFor(server.url("/small"));
  for (let i = 0; i < 10; i++) await agent.perform(easy);
  expect(easy.getInfo("NUM_CONNECTS")).toBe(0);
});

test("active counts the transfers in flight", async () => {
  const easies = Array.from({ length: 5 }, () => easyFor(server.url("/delay/100")));
  const running = easies.map((easy) => agent.perform(easy));
  expect(agent.active).toBe(5);
  await Promise.all(running);
  expect(agent.active).toBe(0);
  for (const easy of easies) easy.close();
});

test("a failed transfer rejects with curl's name, number and words", async () => {
  using easy = easyFor(server.url("/close-now", "raw"));
  const error = await failure(agent.perform(easy)) as CurlEasyError;
  expect(error).toBeInstanceOf(CurlEasyError);
  expect(error).toMatchObject({ code: 52, codeName: "CURLE_GOT_NOTHING" });
  expect(error.message).toMatch(/empty reply/i);
  expect(await get(agent, server.url("/small"))).toContain('"ok":true');
});

test("an exception of a callback is the cause of the failure", async () => {
  const cause = new RangeError("mine");
  using easy = easyFor(server.url("/small"), {
    WRITEFUNCTION: () => {
      throw cause;
    },
  });
  const error = await failure(agent.perform(easy)) as CurlEasyError;
  expect(error).toMatchObject({ codeName: "CURLE_WRITE_ERROR" });
  expect(error.cause).toBe(cause);
});

test("a failure leaves the other transfers alone", async () => {
  const good = Array.from({ length: 10 }, () => get(agent, server.url("/delay/50")));
  const bad = Array.from({ length: 10 }, async () => {
    using easy = easyFor(server.url("/reset-now", "raw"));
    return (await failure(agent.perform(easy)) as CurlEasyError).code;
  });
  expect(await Promise.all(bad)).toEqual(Array(10).fill(56));
  for (const body of await Promise.all(good)) expect(body).toContain('"ok":true');
});

test("TIMEOUT_MS ends a transfer that gets no answer", async () => {
  using easy = easyFor(`http://127.0.0.1:${server.silent}/`, { TIMEOUT_MS: 200 });
  const started = performance.now();
  const error = await failure(agent.perform(easy));
  expect(error).toMatchObject({ codeName: "CURLE_OPERATION_TIMEDOUT" });
  expect(performance.now() - started).toBeGreaterThan(190);
  expect(performance.now() - started).toBeLessThan(400);
});

test("a closed handle rejects with CURLM_BAD_EASY_HANDLE", async () => {
  const easy = new Easy();
  easy.close();
  const error = await failure(agent.perform(easy));
  expect(error).toBeInstanceOf(CurlMultiError);
  expect(error).toMatchObject({ codeName: "CURLM_BAD_EASY_HANDLE" });
  expect(agent.active).toBe(0);
});

test("what is no handle rejects with CURLM_BAD_EASY_HANDLE", async () => {
  for (const wrong of [{}, null, undefined, 1, "easy", agent]) {
    const error = await failure(agent.perform(wrong as Easy));
    expect(error).toMatchObject({ codeName: "CURLM_BAD_EASY_HANDLE" });
  }
});

test("a handle in flight rejects with CURLM_ADDED_ALREADY and goes on", async () => {
  using easy = easyFor(server.url("/delay/100"));
  await using other = new Agent();
  const first = agent.perform(easy);
  const added = { codeName: "CURLM_ADDED_ALREADY" };
  expect(await failure(agent.perform(easy))).toMatchObject(added);
  expect(await failure(other.perform(easy))).toMatchObject(added);
  expect(agent.active).toBe(1);
  expect(await first).toBe(easy);
});

test("a transfer may be started where another one's promise settles", async () => {
  const order: number[] = [];
  const chain = async (left: number): Promise<void> => {
    order.push(left);
    await get(agent, server.url("/small"));
    if (left > 0) await chain(left - 1);
  };
  await chain(20);
  expect(order).toHaveLength(21);
});

test("a transfer that ends inside the call that starts it is not lost", async () => {
  const path = join(tmpdir(), `curlew-perform-${process.pid}`);
  await writeFile(path, "from a file");
  const url = `file://${path}`;
  const bodies = await Promise.all(Array.from({ length: 100 }, () => get(agent, url)));
  expect(new Set(bodies)).toEqual(new Set(["from a file"]));
  expect(await get(agent, url)).toBe("from a file");
  using missing = easyFor(`${url}-missing`);
  expect(await failure(agent.perform(missing)))
    .toMatchObject({ codeName: "CURLE_FILE_COULDNT_READ_FILE" });
  await rm(path);
});

test("an unknown scheme and a bad port fail at once", async () => {
  using scheme = easyFor("nosuch://127.0.0.1/");
  expect(await failure(agent.perform(scheme))).toMatchObject({ code: 1 });
  using refused = easyFor("http://127.0.0.1:1/");
  expect(await failure(agent.perform(refused))).toMatchObject({ code: 7 });
  using none = new Easy();
  expect(await failure(agent.perform(none))).toMatchObject({ codeName: "CURLE_URL_MALFORMAT" });
});

test("bodies of no bytes arrive as such", async () => {
  const none = ["/bytes/0", "/status/204", "/chunked/0"];
  const bodies = none.flatMap((path) => [1, 2, 3].map(() => get(agent, server.url(path))));
  expect(await Promise.all(bodies)).toEqual(Array(9).fill(""));
});

test("a body arrives whole, whatever its size", async () => {
  const size = 5_000_000;
  let total = 0;
  using easy = easyFor(server.url(`/bytes/${size}`), {
    WRITEFUNCTION: (bytes) => {
      total += bytes.length;
      return bytes.length;
    },
  });
  await agent.perform(easy);
  expect(total).toBe(size);
});

test("closing a handle in flight rejects with CURLE_ABORTED_BY_CALLBACK", async () => {
  const easy = easyFor(server.url("/hold"));
  const running = failure(agent.perform(easy));
  await until(() => agent.stats.sockets > 0);
  easy.close();
  expect(await running).toMatchObject({ codeName: "CURLE_ABORTED_BY_CALLBACK" });
  expect(agent.active).toBe(0);
  expect(await get(agent, server.url("/small"))).toContain('"ok":true');
});

test("closing a handle inside its callback is refused, and the transfer goes on", async () => {
  let refused: unknown;
  const easy = easyFor(server.url("/small"), {
    WRITEFUNCTION: (bytes) => {
      try {
        easy.close();
      } catch (error) {
        refused = error;
      }
      return bytes.length;
    },
  });
  await agent.perform(easy);
  expect(refused).toMatchObject({ codeName: "CURLE_RECURSIVE_API_CALL" });
  easy.close();
});
