// Converts random requests to curl commands and back.
//
//   round_trip.ts SEED FROM COUNT
//
// Prints a JSON line every 10,000, and one at the end.
import process from "node:process";
import { Random } from "../../fuzz/random.ts";
import { randomRequest, roundTrip } from "../requests.ts";

const [seed = 1, from = 0, count = 1000] = process.argv.slice(2).map(Number);
const started = performance.now();
const wrong: string[] = [];
let done = 0;

for (let i = from; i < from + count; i++) {
  const random = new Random(Math.imul(seed, 0x9e3779b1) + i);
  try {
    const found = roundTrip(randomRequest(random));
    if (found !== null) wrong.push(`--seed ${seed} --from ${i}: ${found}`);
  } catch (error) {
    wrong.push(`--seed ${seed} --from ${i}: ${(error as Error).stack}`);
  }
  done++;
  if (wrong.length >= 10) break;
  if ((i + 1) % 10_000 === 0) console.log(JSON.stringify({ at: i + 1 }));
}
const ms = Math.round(performance.now() - started);
console.log(JSON.stringify({ done, ms, wrong }));
process.exitCode = wrong.length > 0 ? 1 : 0;
