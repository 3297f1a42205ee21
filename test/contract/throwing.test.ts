// Why every native callback catches: an exception comes out in the caller at best, after C has
// gone on with a result that nobody chose, and what becomes of the callbacks between differs.
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runChild } from "../server/child.ts";
import { useServer } from "../use.ts";
import { DATA, isDeno, OPT, Transfer } from "./support.ts";

const server = useServer("http");

interface Outcome {
  /** Which throw the caller of the C function caught. */
  readonly caught: string;
  /** How many of C's calls reached JS. */
  readonly reached: "one" | "all" | number;
  /** The CURLcode of a transfer afterwards. */
  readonly next: number;
}

async function outcome(where: string): Promise<Outcome> {
  const child = fileURLToPath(new URL("./children/throwing.ts", import.meta.url));
  const done = await runChild(child, { args: [where, server.url("/small")] });
  expect(done, done.stderr).toMatchObject({ code: 0, signal: null });
  return JSON.parse(done.stdout) as Outcome;
}

test("a throw in a write callback surfaces in the caller of curl_easy_perform", async () => {
  expect(await outcome("transfer")).toEqual({ caught: "first", reached: "one", next: 0 });
});

test("a throw in the last callback of a C call surfaces in its caller", async () => {
  expect(await outcome("last")).toEqual({ caught: "last", reached: "all", next: 0 });
});

test("after a throw Deno runs the later callbacks and forgets it, Bun runs none of them", async () => {
  expect(await outcome("first")).toEqual(
    isDeno
      ? { caught: "nothing", reached: "all", next: 0 }
      : { caught: "first", reached: "one", next: 0 },
  );
});

test("where every callback throws, Deno tells the last and Bun the first", async () => {
  expect(await outcome("each")).toEqual(
    isDeno
      ? { caught: "last", reached: "all", next: 0 }
      : { caught: "first", reached: "one", next: 0 },
  );
});

test("a callback that catches fails the transfer with libcurl's own code, and only that", () => {
  let kept: unknown;
  using transfer = new Transfer(server.url("/small"));
  transfer.on(OPT.WRITEFUNCTION, DATA, () => {
    try {
      throw new Error("kept for the caller");
    } catch (error) {
      kept = error;
      return 0xffffffff; // CURL_WRITEFUNC_ERROR
    }
  });
  expect(transfer.perform()).toBe(23); // CURLE_WRITE_ERROR
  expect(kept).toMatchObject({ message: "kept for the caller" });
});
