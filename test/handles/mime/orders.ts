// Closes handles, trees of parts and their copies in random orders, with random calls in between.
// Arguments: the URL of a server's /echo, how many orders, and the number of the first.
import process from "node:process";
import { live } from "../../../ffi/memory.ts";
import { CurlEasyError, Easy, Mime } from "../../../mod.ts";
import { easyCount, easyTokens } from "../../../src/handles/core/easy_state.ts";
import { readerCount } from "../../../src/handles/mime/part_reader.ts";
import { mimeCount } from "../../../src/handles/mime/tree.ts";

const [url = "", count = "1000", seed = "1"] = process.argv.slice(2);
let state = Number(seed);
/** A number below `n`, the same in each run. */
function random(n: number): number {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
  return (state >> 8) % n;
}

const counts = () => [
  easyCount.open,
  easyTokens.size,
  mimeCount.open,
  readerCount(),
  live.blocks,
  live.lists,
];

let freed = 0, made = 0, steps = 0, refusals = 0, performed = 0;

function reader() {
  made++;
  let left = 3;
  return {
    read(buffer: Uint8Array) {
      const length = Math.min(left, buffer.length);
      left -= length;
      return length;
    },
    seek: () => void (left = 3),
    free: () => void freed++,
  };
}

function easy(): Easy {
  const handle = new Easy();
  const WRITEFUNCTION = (bytes: Uint8Array) => bytes.length;
  handle.setOpts({ URL: url, TIMEOUT_MS: 5000, NOPROXY: "*", WRITEFUNCTION });
  return handle;
}

/** Makes a call, which curlew may refuse. */
function attempt(step: () => unknown): void {
  steps++;
  try {
    step();
  } catch (error) {
    if (!(error instanceof CurlEasyError)) throw error;
    refusals++;
  }
}

const form = [{ name: "a", contents: "b", headers: ["X: y"] }, {
  name: "c",
  buffer: new Uint8Array(9),
  filename: "d",
}];

function order(performing: boolean): void {
  const easies = [easy(), easy()], mimes = [new Mime(), new Mime(), new Mime(), new Mime()];
  const some = <T>(all: T[]): T => all[random(all.length)] as T;
  for (const mime of mimes) mime.addPart({ name: "n", data: "x", headers: ["X-A: 1"] });
  const actions: (() => unknown)[] = [
    () => some(easies).setOpt("MIMEPOST", some(mimes)),
    () => some(easies).setOpt("MIMEPOST", some(mimes)),
    () => some(easies).setOpt("MIMEPOST", null),
    () => some(easies).setOpt("HTTPPOST", form),
    () => some(easies).setOpt("HTTPHEADER", [`X-B: ${steps}`]),
    () => some(mimes).addPart({ name: "s", subparts: some(mimes) }),
    () => some(mimes).addPart({ name: "s", subparts: some(mimes), encoder: "binary" }),
    () => some(mimes).addPart({ name: "r", reader: reader(), encoder: "base64" }),
    () => some(mimes).addPart({ name: "d", data: new Uint8Array(100) }),
    () => some(mimes).addPart({ name: "f", file: import.meta.filename ?? "/dev/null" }),
    () => easies.push(some(easies).duplicate()),
    () => some(easies).reset(),
    () => some(easies).close(),
    () => some(mimes).close(),
    () => {
      if (!performing) return;
      const one = some(easies);
      one.setOpt("URL", url);
      one.setOpt("TIMEOUT_MS", 5000);
      one.setOpt("WRITEFUNCTION", (bytes) => bytes.length);
      one.perform();
      performed++;
    },
  ];
  for (let i = 0; i < 14; i++) attempt(some(actions));
  const all: Disposable[] = [...easies, ...mimes];
  for (; all.length > 0;) attempt(() => all.splice(random(all.length), 1)[0]![Symbol.dispose]());
}

order(false); // creates what is created only once
const before = counts();
for (let i = 0; i < Number(count); i++) order(i % 4 === 0);
const after = counts();
await new Promise((resolve) => setTimeout(resolve, 10));
console.log(JSON.stringify({ before, after, freed, made, steps, refusals, performed }));
