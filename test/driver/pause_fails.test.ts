// A resume that fails has ended its transfer, of which libcurl may tell nobody: the promise of the
// transfer rejects with the cause, and nobody else's.
import { expect, test } from "vitest";
import { Agent, constants, type EasyOptions, Multi } from "../../mod.ts";
import type { UrlKind } from "../server/start.ts";
import { useServer } from "../use.ts";
import { CONTINUE, easyFor, failure, get, PAUSE, sleep, until } from "./support.ts";

const server = useServer("http", "https", "h2");

const UNVERIFIED: EasyOptions = { SSL_VERIFYPEER: 0, SSL_VERIFYHOST: 0 };
const LARGE = 40_000_000;

/** How a callback refuses the bytes that it gets when its transfer is resumed. */
const refusals: Record<string, (length: number) => number> = {
  "throws": () => {
    throw new Error("refused");
  },
  "takes less than there is": (length) => length - 1,
  "returns CURL_WRITEFUNC_ERROR": () => constants.CURL_WRITEFUNC_ERROR,
  "returns nonsense": () => "all" as unknown as number,
};

/** A transfer that pauses at its first bytes and refuses the next ones. */
function refusing(url: string, refuse: (length: number) => number) {
  const seen = { calls: 0 };
  const easy = easyFor(url, {
    ...UNVERIFIED,
    WRITEFUNCTION: (bytes) => seen.calls++ === 0 ? PAUSE : refuse(bytes.length),
  });
  return { easy, seen };
}

/** Where pause() is called from. */
const places: Record<string, (agent: Agent, resume: () => void, url: string) => Promise<void>> = {
  "outside of any callback": (_agent, resume) => Promise.resolve(resume()),
  "in a callback of another transfer": async (agent, resume, url) => {
    let first = true;
    await get(agent, url, {
      ...UNVERIFIED,
      WRITEFUNCTION: (bytes) => {
        if (first) resume();
        first = false;
        return bytes.length;
      },
    });
  },
};

const kinds: UrlKind[] = ["http", "https", "h2"];
const cases = kinds.flatMap((kind) =>
  Object.keys(refusals).flatMap((how) => Object.keys(places).map((where) => ({ kind, how, where })))
);

test.each(cases)("$kind: a callback that $how, resumed $where", async ({ kind, how, where }) => {
  await using agent = new Agent();
  const url = server.url(`/bytes/${LARGE}`, kind);
  let other = 0;
  using neighbour = easyFor(server.url("/bytes/3000000", kind), {
    ...UNVERIFIED,
    WRITEFUNCTION: (bytes) => (other += bytes.length, bytes.length),
  });
  const { easy, seen } = refusing(url, refusals[how]!);
  const running = failure(agent.perform(easy));
  const beside = agent.perform(neighbour);
  await until(() => seen.calls > 0);
  await sleep(20);
  let thrown: unknown;
  const resume = () => {
    try {
      easy.pause(CONTINUE);
    } catch (error) {
      thrown = error;
    }
  };
  await places[where]!(agent, resume, server.url("/small", kind));
  const error = await running;
  expect(error).toMatchObject({ codeName: "CURLE_WRITE_ERROR" });
  expect(error).toBe(thrown);
  const cause = (error as Error).cause;
  if (how === "throws") expect(cause).toMatchObject({ message: "refused" });
  if (how === "returns nonsense") expect(cause).toBeInstanceOf(TypeError);
  await beside;
  expect([other, seen.calls, agent.active]).toEqual([3_000_000, 2, 0]);
  await agent.perform(neighbour); // the agent is as good as before
  easy.close();
});

test("the abort of a transfer counts more than a resume that fails", async () => {
  await using agent = new Agent();
  const { easy, seen } = refusing(server.url(`/bytes/${LARGE}`), refusals["throws"]!);
  const controller = new AbortController();
  const running = failure(agent.perform(easy, { signal: controller.signal }));
  await until(() => seen.calls > 0);
  expect(() => easy.pause(CONTINUE)).toThrow();
  controller.abort("enough");
  expect(await running).toBe("enough");
  easy.close();
});

test("a handle whose resume has failed can be used again at once", async () => {
  await using agent = new Agent();
  const { easy, seen } = refusing(server.url("/bytes/1000000"), (length) => {
    if (seen.calls === 2) throw new Error("once");
    return length;
  });
  const running = failure(agent.perform(easy));
  await until(() => seen.calls > 0);
  expect(() => easy.pause(CONTINUE)).toThrow();
  expect(await running).toMatchObject({ cause: { message: "once" } });
  await agent.perform(easy);
  expect(seen.calls).toBeGreaterThan(2);
  easy.close();
});

test("in a multi of the user's own pause() throws the cause, and so does the end if it is told", () => {
  const { easy, seen } = refusing(server.url("/bytes/1000000"), refusals["throws"]!);
  using multi = new Multi();
  multi.addHandle(easy);
  const end = performance.now() + 5000;
  while (seen.calls === 0 && performance.now() < end) {
    multi.perform();
    multi.poll([], 10);
  }
  expect(() => easy.pause(CONTINUE)).toThrow(
    expect.objectContaining({ cause: expect.objectContaining({ message: "refused" }) }),
  );
  for (let i = 0; i < 20; i++) {
    multi.perform();
    multi.poll([], 10);
  }
  const message = multi.infoRead();
  if (message) expect(message.error).toMatchObject({ cause: { message: "refused" } });
  multi.removeHandle(easy);
  easy.close();
});

test("a pause that is refused since there is no connection ends nothing", async () => {
  await using agent = new Agent();
  using easy = easyFor(server.url("/small"));
  const running = agent.perform(easy);
  expect(() => easy.pause(CONTINUE)).toThrow("bad argument");
  await running;
});
