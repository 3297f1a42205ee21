// A short wait is worth looking again, a long one is not, and none is looked at for long.
import { expect, test } from "vitest";
import { Agent, constants } from "../../../mod.ts";
import { Spin } from "../../../src/driver/timing/spin.ts";
import { useServer } from "../../use.ts";
import { easyFor, get, sleep } from "../support.ts";

const server = useServer("http");

/** A long time to look, so that a busy machine does not decide. */
const LONG_MS = 10_000;

test("it does not look again unless a wait was short", () => {
  const spin = new Spin(LONG_MS);
  expect(spin.looksAgain()).toBe(false);
  spin.restart();
  expect(spin.looksAgain()).toBe(false);
});

test("after a short wait it looks again, until something else is done or served", () => {
  const spin = new Spin(LONG_MS);
  spin.looksAgain();
  spin.served();
  expect(spin.looksAgain()).toBe(true);
  spin.restart();
  expect(spin.looksAgain()).toBe(true);
});

test("it stops looking when the time is over, and after a long wait", async () => {
  const spin = new Spin(50);
  do {
    spin.looksAgain();
    spin.served();
  } while (!spin.looksAgain()); // where the machine was elsewhere for so long
  await sleep(60);
  expect(spin.looksAgain()).toBe(false);
  spin.served();
  expect(spin.looksAgain()).toBe(false);
});

test("with a time of 0 it never looks again", () => {
  const spin = new Spin(0);
  spin.looksAgain();
  spin.served();
  expect(spin.looksAgain()).toBe(false);
});

test("an agent that spun before does not spin while a server is slow", async () => {
  await using agent = new Agent();
  for (let i = 0; i < 50; i++) await get(agent, server.url("/small"));
  const held = get(agent, server.url("/delay/1000"));
  await sleep(300);
  const { turns } = agent.stats;
  await sleep(300);
  expect(agent.stats.turns - turns).toBeLessThan(5);
  await held;
});

test("a transfer that is unpaused in one direction only goes on", async () => {
  await using agent = new Agent();
  let pieces = 0;
  const { CURLPAUSE_ALL, CURLPAUSE_SEND, CURLPAUSE_CONT, CURL_WRITEFUNC_PAUSE } = constants;
  using easy = easyFor(server.url("/bytes/1000000"), {
    WRITEFUNCTION: (bytes) => pieces++ === 0 ? CURL_WRITEFUNC_PAUSE : bytes.length,
  });
  const running = agent.perform(easy);
  while (pieces === 0) await sleep(1);
  easy.pause(CURLPAUSE_ALL);
  await sleep(20);
  easy.pause(CURLPAUSE_SEND); // it is still paused, so the agent's books do not change
  const received = () => easy.getInfo("SIZE_DOWNLOAD_T");
  const failed = running.catch(() => true);
  while (received() < 1_000_000 && await Promise.race([failed, sleep(1)]) !== true);
  expect(received()).toBe(1_000_000);
  if (agent.active > 0) easy.pause(CURLPAUSE_CONT); // many a libcurl does not end it before
  await running;
});
