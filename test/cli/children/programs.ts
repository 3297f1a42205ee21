// Runs programs one after another, and writes what the relays have recorded for each to a file.
//
//   programs.ts CONTROL OUTPUT PROGRAM…
import { appendFileSync } from "node:fs";
import process from "node:process";

const [control = "", output = "", ...programs] = process.argv.slice(2);

// Deno may treat a module without pending events as one that never ends
setInterval(() => {}, 20);

for (const path of programs) {
  await fetch(`${control}/reset`);
  let error = "";
  try {
    await import(path);
  } catch (thrown) {
    error = (thrown as Error).message;
  }
  const taken = await (await fetch(`${control}/peek`)).json();
  appendFileSync(output, `${JSON.stringify({ path, taken, error })}\n`);
}
process.exit(0); // whatever a program has left open
