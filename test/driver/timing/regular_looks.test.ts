// Limits that libcurl looks at only when it is called: the agent calls it for them, as often as
// curl_easy_perform() does. Before 8.13 the remedy for lost events calls it too, where the protocol
// is not HTTP: without regular looks those tests fail on later versions only.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  Agent,
  type CurlEasyError,
  type Easy,
  type EasyOptions,
  versionInfo,
} from "../../../mod.ts";
import { RegularLooks } from "../../../src/driver/timing/regular_looks.ts";
import { ActiveTransfers } from "../../../src/driver/transfers.ts";
import { stateOf } from "../../../src/handles/easy/easy.ts";
import { useServer } from "../../use.ts";
import { libcurl } from "../../versions.ts";
import { CONTINUE, easyFor, failure, get, inChild, PAUSE, sleep, until } from "../support.ts";
import { LOSSES, startTftp, type TftpServer } from "./tftp_server.ts";

const server = useServer("http", "silent", "ftp");
let silentTftp: TftpServer;
beforeAll(async () => {
  silentTftp = await startTftp(new Uint8Array(0), null);
  await using first = new Agent(); // loads the library
  await get(first, server.url("/small"));
});
afterAll(() => silentTftp.close());

const TIMEDOUT = 28;
/** When a transfer ends whose limit is overlooked. */
const NEVER_MS = 8000;
/** A limit of about a second, a look after it, and a machine that is busy with other things. */
const SOON_MS = 5000;

// nothing is in flight beside these: they keep the thread from all else
const BLOCKING = /^(file|telnet|rtmp\w*)$/;
// libcurl waits until it can write, which is always: a look that never ends
const SPINNING = /^smbs?$/;

/** The protocols of this libcurl whose transfers wait for the event loop. */
function protocols(pattern = /./): string[] {
  return versionInfo().protocols.filter((name) =>
    !BLOCKING.test(name) && !SPINNING.test(name) && pattern.test(name) &&
    (libcurl.waitsForFtps.holds || name !== "ftps")
  );
}

interface Outcome {
  readonly ms: number;
  readonly code: number;
}

/** A transfer to a server that never says a word; `change` is done to it after 300 ms. */
async function silence(
  scheme: string,
  options: EasyOptions,
  change?: EasyOptions,
): Promise<Outcome> {
  await using agent = new Agent(); // a look for one transfer is one for all of an agent
  const port = scheme === "tftp" ? silentTftp.port : server.silent;
  const given = { USERPWD: "u:p", TIMEOUT_MS: NEVER_MS, ...options };
  using easy = easyFor(`${scheme}://127.0.0.1:${port}/x/y`, given);
  const started = performance.now();
  const running = failure(agent.perform(easy));
  if (change) {
    await sleep(300);
    easy.setOpts(change);
  }
  const { code } = await running as CurlEasyError;
  return { ms: performance.now() - started, code };
}

/** All of those protocols end in time, but not before it. */
async function allEnd(names: string[], run: (name: string) => Promise<Outcome>, leastMs: number) {
  expect(names.length).toBeGreaterThan(0);
  const ends = await Promise.all(names.map(async (name) => [name, await run(name)] as const));
  for (const [name, { ms, code }] of ends) {
    expect(code, name).toBe(TIMEDOUT);
    expect(ms, name).toBeGreaterThan(leastMs);
    expect(ms, name).toBeLessThan(SOON_MS);
  }
}

const LONG = { timeout: 20_000, retry: 1 };
const BY_TURNS = /^(ftp|imap|pop3|smtp)$/;

describe("a server that says nothing", LONG, () => {
  test("is given up after SERVER_RESPONSE_TIMEOUT, with each protocol that has it", () =>
    allEnd(
      protocols(BY_TURNS),
      (name) => silence(name, { SERVER_RESPONSE_TIMEOUT: 1 }),
      900,
    ));

  test("is given up after a SERVER_RESPONSE_TIMEOUT that is set while the transfer runs", () =>
    allEnd(
      protocols(BY_TURNS),
      (name) => silence(name, {}, { SERVER_RESPONSE_TIMEOUT: 1 }),
      900,
    ));

  test("is given up after a TIMEOUT_MS that is lowered, with each protocol", () =>
    allEnd(protocols(), (name) => silence(name, {}, { TIMEOUT_MS: 800 }), 790));

  test("is given up after a TIMEOUT that is lowered, with each protocol", () =>
    allEnd(protocols(), (name) => silence(name, {}, { TIMEOUT: 1 }), 990));

  test("is waited for as long as a TIMEOUT_MS says that is raised, with each protocol", () =>
    allEnd(
      protocols(),
      (name) => silence(name, { TIMEOUT_MS: 1500 }, { TIMEOUT_MS: 2400 }),
      2390,
    ));

  test("is given up after a CONNECTTIMEOUT_MS that is lowered during the handshake", () =>
    allEnd(
      protocols(/^(https|imaps|pop3s|smtps|ftps|ldaps|ftp|imap|pop3|smtp)$/),
      (name) => silence(name, {}, { CONNECTTIMEOUT_MS: 800 }),
      790,
    ));

  test("is given up by LOW_SPEED_TIME where that is set while the transfer runs", () =>
    allEnd(
      protocols(/^(http|gopher|dict)$/),
      (name) => silence(name, {}, { LOW_SPEED_LIMIT: 1000, LOW_SPEED_TIME: 1 }),
      1000,
    ));
});

describe("of TFTP", { ...LONG, concurrent: true }, () => {
  const content = Uint8Array.from({ length: 1000 }, (_, i) => i);

  for (const [name, loss] of Object.entries(LOSSES)) {
    test(`${name} is sent again when it is lost`, async () => {
      const tftp = await startTftp(content, loss);
      await using agent = new Agent();
      const received: number[] = [];
      let at = 0;
      // libcurl sends again after a time of whole seconds that it makes of TIMEOUT_MS
      using easy = easyFor(`tftp://127.0.0.1:${tftp.port}/name`, {
        TIMEOUT_MS: NEVER_MS,
        UPLOAD: name.includes("upload") || name.startsWith("its") ? 1 : 0,
        WRITEFUNCTION: (bytes) => (received.push(...bytes), bytes.length),
        READFUNCTION: (buffer) => {
          const piece = content.subarray(at, at + buffer.length);
          buffer.set(piece);
          at += piece.length;
          return piece.length;
        },
      });
      await agent.perform(easy);
      expect(tftp.lost).toBe(1);
      if (easy.getInfo("SIZE_UPLOAD_T") > 0) expect(at).toBe(content.length);
      else expect(received).toEqual([...content]);
      tftp.close();
    });
  }
});

describe("without a cause libcurl is not called:", () => {
  test("transfers by HTTP cost no regular turn", async () => {
    await using agent = new Agent();
    const controller = new AbortController(), curl = { TIMEOUT_MS: 30_000 };
    const held = Array.from({ length: 5 }, async () => {
      using easy = easyFor(server.url("/hold"), curl);
      await failure(agent.perform(easy, controller));
    });
    await until(() => agent.stats.sockets === 5);
    await sleep(300);
    const { turns } = agent.stats;
    await sleep(2500);
    expect(agent.stats.turns - turns).toBeLessThan(2);
    controller.abort();
    await Promise.all(held);
  });

  test("after the last transfer of another protocol there is no turn either", async () => {
    await using agent = new Agent();
    await get(agent, server.url("/", "ftp"), { DIRLISTONLY: 1 });
    await sleep(1500); // one alarm may be under way
    const { turns } = agent.stats;
    await sleep(2500);
    expect(agent.stats.turns - turns).toBeLessThan(2);
  });

  interface Watch {
    readonly looks: RegularLooks;
    /** When there were looks, in milliseconds from the first moment. */
    readonly times: number[];
    end(): void;
  }

  /** A watchlist with one transfer, and what an agent does when it is told. */
  function watching(easy: Easy, limitChanged = false): Watch {
    const transfers = new ActiveTransfers(), started = performance.now(), times: number[] = [];
    const looks: RegularLooks = new RegularLooks(transfers.watchlist, () => {
      if (looks.take()) times.push(performance.now() - started);
    });
    const transfer = transfers.add(stateOf(easy), { resolve() {}, reject() {} });
    transfer.limitChanged = limitChanged;
    transfers.watchlist.add(transfer);
    if (limitChanged) looks.limitChanged();
    else looks.watch();
    return { looks, times, end: () => looks.end() };
  }

  test("a transfer that may change to another protocol has no regular looks while it is HTTP", async () => {
    using http = easyFor(server.url("/small"), { FOLLOWLOCATION: 1 });
    using ftp = easyFor(server.url("/", "ftp"));
    using changed = easyFor(server.url("/small"), { TIMEOUT_MS: 500 });
    const all = [watching(http), watching(ftp), watching(changed, true)];
    await sleep(2600);
    for (const { end } of all) end();
    const [ofHttp, ofFtp, ofChanged] = all.map(({ times }) => times) as [
      number[],
      number[],
      number[],
    ];
    expect(ofHttp).toEqual([]);
    expect(ofFtp.length).toBe(2);
    expect(ofFtp[0]).toBeGreaterThan(1000);
    // at once, at the timeout, and then each second
    expect(ofChanged[0]).toBeLessThan(500);
    expect(ofChanged[1]).toBeGreaterThan(500);
    expect(ofChanged.length).toBeGreaterThanOrEqual(3);
    await sleep(1500);
    expect(ofFtp.length).toBe(2);
  });

  test("a limit that is changed all the time costs ten looks a second", async () => {
    using easy = easyFor(server.url("/small"), { TIMEOUT_MS: 60_000 });
    const { looks, times, end } = watching(easy, true), started = performance.now();
    for (let i = 0; i < 200; i++) {
      looks.limitChanged();
      await sleep(5);
    }
    end();
    expect(times.length).toBeGreaterThan(3);
    expect(times.length).toBeLessThan((performance.now() - started) / 100 + 2);
  });
});

describe("the looks keep no process alive:", () => {
  /** It ends by itself, long before its transfer would. */
  async function ends(source: string): Promise<void> {
    const child = await inChild(source, { timeoutMs: 9000 });
    expect(child, child.stderr).toMatchObject({ code: 0, timedOut: false });
    expect(child.exitMs).toBeLessThan(4000);
  }

  test.concurrent("neither looks for a paused transfer", () =>
    ends(`const agent = new Agent();
      let calls = 0;
      const WRITEFUNCTION = () => (calls++, support.PAUSE);
      const easy = easyFor("${server.url("/big.bin", "ftp")}", { WRITEFUNCTION, TIMEOUT_MS: 0 });
      agent.perform(easy);
      await until(() => calls > 0);
      easy.setOpt("TIMEOUT_MS", 60000);
      mark();`));

  test.concurrent("nor looks for one that has ended", () =>
    ends(`const agent = new Agent();
      await get(agent, "${server.url("/", "ftp")}");
      mark();`));

  test.concurrent("and one that waits keeps it alive until its limit", async () => {
    const url = `smtp://127.0.0.1:${server.silent}`;
    const child = await inChild(`const agent = new Agent();
      const limits = { SERVER_RESPONSE_TIMEOUT: 1, TIMEOUT_MS: 0 };
      agent.perform(easyFor("${url}", limits)).catch((error) => say(error.code));
      mark();`);
    expect(child, child.stderr).toMatchObject({ code: 0, said: [TIMEDOUT] });
    expect(child.exitMs).toBeGreaterThan(800);
    expect(child.exitMs).toBeLessThan(SOON_MS);
  });
});

test("a limit that is set inside a callback counts", LONG, async () => {
  await using agent = new Agent();
  let isPaused = false;
  using easy = easyFor(server.url("/slow/100000/1"), {
    TIMEOUT_MS: NEVER_MS,
    WRITEFUNCTION: (bytes) => {
      easy.setOpt("TIMEOUT_MS", 900);
      if (!isPaused) return (isPaused = true), PAUSE;
      return bytes.length;
    },
  });
  const started = performance.now(), running = failure(agent.perform(easy));
  await until(() => isPaused);
  await sleep(100);
  easy.pause(CONTINUE);
  expect(await running).toMatchObject({ code: TIMEDOUT });
  expect(performance.now() - started).toBeLessThan(SOON_MS);
});
