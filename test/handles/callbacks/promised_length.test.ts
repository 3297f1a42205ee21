// An upload by READFUNCTION: what INFILESIZE or POSTFIELDSIZE has promised is what is sent.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Agent, CurlEasyError, Easy, type EasyOptions } from "../../../mod.ts";
import { type StrictServer, strictServer } from "../../http/strict_server.ts";
import { failure } from "../../driver/support.ts";

let server: StrictServer;
beforeAll(async () => {
  server = await strictServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const PUT = (size: number): EasyOptions => ({ UPLOAD: 1, INFILESIZE_LARGE: size });
const SMALL_PUT = (size: number): EasyOptions => ({ UPLOAD: 1, INFILESIZE: size });
const POST = (size: number): EasyOptions => ({ POST: 1, POSTFIELDSIZE: size });

/** A source of so many bytes in such pieces; ends with 0. */
function source(length: number, step: number): EasyOptions {
  let at = 0;
  return {
    READFUNCTION: (buffer) => {
      const count = Math.min(step, length - at, buffer.length);
      buffer.fill(0x61 + at % 26, 0, count);
      at += count;
      return count;
    },
    SEEKFUNCTION: (_data, offset) => {
      at = Number(offset);
      return 0;
    },
  };
}

const send = async (agent: Agent, options: EasyOptions): Promise<void> => {
  using easy = new Easy();
  easy.setOpts({
    URL: server.url,
    HTTPHEADER: ["Expect:"],
    TIMEOUT_MS: 5000,
    WRITEFUNCTION: (bytes) => bytes.length,
    ...options,
  });
  await agent.perform(easy);
};

for (const [what, kind] of Object.entries({ PUT, SMALL_PUT, POST })) {
  for (const [size, step] of [[5, 1], [5, 1000], [300_000, 1000], [300_000, 1 << 20]] as const) {
    test(`${what} of ${size} bytes, ${step} at a time: neither more nor less`, async () => {
      await using agent = new Agent();
      for (const more of [0, 1, 60_000]) {
        await send(agent, { ...kind(size), ...source(size + more, step) });
        expect(server.seen().requests.at(-1)?.body.length).toBe(size);
      }
      const before = server.seen().requests.length;
      for (const less of [1, size]) {
        const error = await failure(send(agent, { ...kind(size), ...source(size - less, step) }));
        expect(error).toBeInstanceOf(CurlEasyError);
        const { codeName, cause } = error as CurlEasyError & { cause?: CurlEasyError };
        expect(cause?.codeName ?? codeName).toBe("CURLE_READ_ERROR");
      }
      await send(agent, {});
      expect(server.seen().requests).toHaveLength(before + 1);
      expect(server.seen().faults).toEqual([]);
    });
  }
}

test("without a promise all of it is sent, in chunks", async () => {
  await using agent = new Agent();
  await send(agent, { UPLOAD: 1, ...source(70_000, 1000) });
  expect(server.seen().requests.at(-1)).toMatchObject({ chunked: true });
  expect(server.seen().requests.at(-1)?.body.length).toBe(70_000);
});
