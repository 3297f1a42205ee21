// Runs programs one after another, and writes what the relays kept of each into a file.
//
//   programs.ts CONTROL OUTPUT PROGRAM…
import { appendFileSync } from "node:fs";
import process from "node:process";

const [control = "", output = "", ...programs] = process.argv.slice(2);

// Deno may take a module that ends without another event for one that never will
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
process.exit(0); // whatever a program left open
