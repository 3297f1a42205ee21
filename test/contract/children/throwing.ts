// A callback throws. Prints as JSON where the exception was caught, the result that C got, and
// whether the runtime still works.
import process from "node:process";
import { libcPath } from "../../../ffi/libc.ts";
import { native } from "../../../ffi/runtime.ts";
import { DATA, OPT, Transfer } from "../support.ts";

const [where, url] = process.argv.slice(2) as [string, string];
let calls = 0, caught = "nothing";

function attempt(call: () => void): void {
  try {
    call();
  } catch (error) {
    caught = (error as Error).message;
  }
}

const { qsort } = native.open(libcPath, {
  qsort: { args: ["buffer", "usize", "usize", "pointer"], result: "void" },
});

/** C calls back several times and ignores the results: qsort(3). Returns the number of calls. */
function sort(onCall: () => void): number {
  calls = 0;
  const compare = native.callback({ args: ["pointer", "pointer"], result: "i32" }, () => {
    calls++;
    onCall();
    return 0;
  });
  attempt(() => qsort!(new Int32Array(8), 8, 4, compare.pointer));
  compare.close();
  return calls;
}

const total = sort(() => {});

function throwAt(isDue: (call: number) => boolean): void {
  sort(() => {
    if (isDue(calls)) throw new Error(calls === total ? "last" : calls === 1 ? "first" : "other");
  });
}

function transfer(): void {
  calls = 0;
  using transfer = new Transfer(url);
  transfer.on(OPT.WRITEFUNCTION, DATA, (_at, size, count) => {
    if (++calls === 1) throw new Error("first");
    return size * count;
  });
  attempt(() => transfer.perform());
}

if (where === "transfer") transfer();
if (where === "first") throwAt((call) => call === 1);
if (where === "each") throwAt(() => true);
if (where === "last") throwAt((call) => call === total);
using next = new Transfer(url);
const reached = calls === 1 ? "one" : calls === total ? "all" : calls;
console.log(JSON.stringify({ caught, reached, next: next.perform() }));
