// A *DATA option without its function has an effect of its own (rule 18 of the callbacks).
import { expect, test } from "vitest";
import { bytesAt } from "../../ffi/memory.ts";
import { useServer } from "../use.ts";
import { DATA, OPT, Transfer } from "./support.ts";

const server = useServer("http");

/** What the write callback is given, by token. */
function writes(prepare: (transfer: Transfer) => void): Map<number, string> {
  const seen = new Map<number, string>();
  using transfer = new Transfer(server.url("/small")).set(OPT.WRITEDATA, 1);
  transfer.on(OPT.WRITEFUNCTION, DATA, (at, size, count, token) => {
    const text = new TextDecoder().decode(bytesAt(at, size * count));
    seen.set(token, (seen.get(token) ?? "") + text);
    return size * count;
  });
  prepare(transfer);
  expect(transfer.perform()).toBe(0);
  return seen;
}

test("without HEADERDATA the write callback gets the body only", () => {
  const seen = writes(() => {});
  expect([...seen.keys()]).toEqual([1]);
  expect(seen.get(1)).toMatch(/^\{"ok":true/);
});

test("HEADERDATA without HEADERFUNCTION sends the headers to the write callback", () => {
  const seen = writes((transfer) => transfer.set(OPT.HEADERDATA, 2));
  expect([...seen.keys()]).toEqual([2, 1]);
  expect(seen.get(2)).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n$/s);
  expect(seen.get(1)).toMatch(/^\{"ok":true/);
});

test("HEADERDATA of 0 is as good as none", () => {
  const seen = writes((transfer) => transfer.set(OPT.HEADERDATA, 0));
  expect([...seen.keys()]).toEqual([1]);
});

test("HEADERFUNCTION gets the headers line by line, with HEADERDATA as its token", () => {
  const lines: string[] = [];
  const seen = writes((transfer) => {
    transfer.set(OPT.HEADERDATA, 3);
    transfer.on(OPT.HEADERFUNCTION, DATA, (at, size, count, token) => {
      lines.push(`${token} ${new TextDecoder().decode(bytesAt(at, size * count))}`);
      return size * count;
    });
  });
  expect([...seen.keys()]).toEqual([1]);
  expect(lines[0]).toBe("3 HTTP/1.1 200 OK\r\n");
  expect(lines.at(-1)).toBe("3 \r\n");
});
