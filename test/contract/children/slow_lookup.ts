// One transfer to a name whose lookup takes three seconds. Prints the milliseconds until the
// transfer ended or was aborted, and for how long each call of the cleanup blocked.
import process from "node:process";
import { curl, OPT, sleep, Transfer } from "../support.ts";
import { Loop } from "../loop.ts";

const [mode, quickExit] = process.argv.slice(2);

function timed(call: () => unknown): number {
  const started = performance.now();
  call();
  return Math.round(performance.now() - started);
}

const CURLMOPT_QUICK_EXIT = 21; // since 8.20, where lookup threads belong to the multi handle
const loop = new Loop();
if (quickExit === "1") curl.curl_multi_setopt.long(loop.multi, CURLMOPT_QUICK_EXIT, 1);
const transfer = new Transfer("http://3000.slow.test:9/");
if (quickExit !== "default") transfer.set(OPT.QUICK_EXIT, Number(quickExit));
if (mode === "timeout") transfer.set(OPT.TIMEOUT_MS, 300);
const started = performance.now();
loop.add(transfer);
const abortAt = started + 300;
const isOver = () =>
  mode !== "timeout" ? performance.now() > abortAt : loop.resultOf(transfer) !== undefined;
await loop.until(isOver);
const ended = Math.round(performance.now() - started);
const remove = timed(() => curl.curl_multi_remove_handle(loop.multi, transfer.easy));
const easyCleanup = timed(() => transfer[Symbol.dispose]());
const multiCleanup = timed(() => loop[Symbol.dispose]());
// the abandoned lookup ends meanwhile; a new one must work after that
if (mode === "survive") {
  await sleep(3500);
  using next = new Loop();
  using transfer = new Transfer("http://50.slow.test:9/");
  console.error(`a second lookup: ${await next.perform(transfer)}`);
}
const code = loop.resultOf(transfer) ?? null;
console.log(JSON.stringify({ ended, code, remove, easyCleanup, multiCleanup }));
