// Records which of libcurl's functions a test file calls, if CURLEW_CALLS names a folder for that:
// tools/report.mjs evaluates the records of a whole run.
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { afterAll } from "vitest";
import { type CurlSymbols, library } from "../ffi/load.ts";

type Call = (...args: unknown[]) => unknown;
type Table = Record<string, Call>;

/** Replaces a function by one that records the first call and restores the original. */
function watch(table: Table, key: string, note: () => void): void {
  const original = table[key]!;
  table[key] = (...args) => {
    note();
    table[key] = original;
    return original(...args);
  };
}

function watchAll(folder: string): void {
  const { symbols, has } = library();
  const exported = (Object.keys(symbols) as (keyof CurlSymbols)[]).filter(has);
  const called = new Set<string>();
  for (const name of exported) {
    const note = () => void called.add(name);
    const bound: unknown = symbols[name];
    if (typeof bound === "function") watch(symbols as unknown as Table, name, note);
    else for (const shape of Object.keys(bound as Table)) watch(bound as Table, shape, note);
  }
  afterAll(() => {
    const text = JSON.stringify({ exported, called: [...called] });
    writeFileSync(join(folder, `${randomUUID()}.json`), text);
  });
}

const folder = process.env["CURLEW_CALLS"];
if (folder) watchAll(folder);
