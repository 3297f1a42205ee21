// What some versions of libcurl do in an event loop.
import { expect, test } from "vitest";
import { Agent, constants, Easy } from "../../../mod.ts";
import { EFD_CLOEXEC_NONBLOCK, libc } from "../../../ffi/libc.ts";
import { WakeFd } from "../../../src/driver/quirks/wake_fd.ts";
import { useServer } from "../../use.ts";

const server = useServer("ftp", "http");

test("FTP transfers one after the other are not forgotten", async () => {
  await using agent = new Agent();
  using easy = new Easy();
  let bytes = 0;
  easy.setOpts({
    URL: server.url("/big.bin", "ftp"),
    TIMEOUT_MS: 5000,
    WRITEFUNCTION: (data) => (bytes += data.length, data.length),
  });
  const times: number[] = [];
  for (let i = 0; i < 40; i++) {
    const start = performance.now();
    await agent.perform(easy);
    times.push(performance.now() - start);
  }
  expect(bytes).toBe(40 * 1024 * 1024);
  // a forgotten one waits for its timeout
  expect(Math.max(...times)).toBeLessThan(4000);
});

test("many FTP transfers at once are not forgotten", async () => {
  await using agent = new Agent();
  const results = await Promise.all(Array.from({ length: 20 }, async () => {
    using easy = new Easy();
    let bytes = 0;
    easy.setOpts({
      URL: server.url("/big.bin", "ftp"),
      TIMEOUT_MS: 15_000,
      WRITEFUNCTION: (data) => (bytes += data.length, data.length),
    });
    await agent.perform(easy);
    return bytes;
  }));
  expect(results).toEqual(new Array(20).fill(1024 * 1024));
});

test("transfers with a speed limit that are paused at their end are not forgotten", async () => {
  await using agent = new Agent();
  await Promise.all(Array.from({ length: 20 }, async (_, n) => {
    using easy = new Easy();
    let bytes = 0, pieces = 0;
    easy.setOpts({
      URL: server.url("/bytes/700000"),
      TIMEOUT_MS: 10_000,
      MAX_RECV_SPEED_LARGE: 1_000_000,
      BUFFERSIZE: 64 * 1024,
      WRITEFUNCTION: (data) => {
        if (++pieces % 5 === 0) {
          setTimeout(() => easy.pause(constants.CURLPAUSE_CONT), n);
          return constants.CURL_WRITEFUNC_PAUSE;
        }
        return bytes += data.length, data.length;
      },
    });
    await agent.perform(easy);
    expect(bytes).toBe(700_000);
  }));
});

test("the descriptor that libcurl names while a handle is added is emptied, no other", () => {
  const fds = Array.from({ length: 3 }, () => libc.eventfd(1, EFD_CLOEXEC_NONBLOCK));
  const [wakes, other, closed] = fds as [number, number, number];
  const isFull = (fd: number) => libc.read(fd, new Uint8Array(new ArrayBuffer(8)), 8) === 8;
  const wakeFd = new WakeFd();
  wakeFd.adding(() => wakeFd.socket(closed, 1));
  wakeFd.socket(closed, 4);
  wakeFd.adding(() => wakeFd.socket(wakes, 1));
  wakeFd.socket(other, 1);
  for (const fd of fds) wakeFd.drain(fd);
  expect(fds.map(isFull)).toEqual([false, true, true]);
  for (const fd of fds) libc.close(fd);
});
