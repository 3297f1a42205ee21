// A CONNECT_ONLY easy stays in its multi for as long as it is used.
import { expect, test } from "vitest";
import { useServer } from "../use.ts";
import { Loop } from "./loop.ts";
import { cstr, curl, OPT, sleep, Transfer } from "./support.ts";

const CURLE_AGAIN = 81;

const server = useServer("http");

const request = cstr("GET /small HTTP/1.0\r\n\r\n").subarray(0, -1);
const count = new BigInt64Array(1);

function send(transfer: Transfer): number {
  return curl.curl_easy_send(transfer.easy, request, request.length, count);
}

/** What the server says until it closes, or the error of the read. */
async function receive(transfer: Transfer): Promise<string | number> {
  const buffer = new Uint8Array(4096);
  let text = "";
  for (const end = performance.now() + 3000; performance.now() < end;) {
    const code = curl.curl_easy_recv(transfer.easy, buffer, buffer.length, count);
    if (code === CURLE_AGAIN) await sleep(5);
    else if (code !== 0) return code;
    else if (count[0] === 0n) return text;
    else text += new TextDecoder().decode(buffer.subarray(0, Number(count[0])));
  }
  return CURLE_AGAIN;
}

async function connected(loop: Loop, transfer: Transfer): Promise<void> {
  loop.add(transfer);
  await loop.until(() => loop.resultOf(transfer) !== undefined);
  expect(loop.resultOf(transfer)).toBe(0);
}

test("a CONNECT_ONLY easy sends and receives after its message, while it stays added", async () => {
  using loop = new Loop();
  using transfer = new Transfer(server.url("/")).set(OPT.CONNECT_ONLY, 1);
  await connected(loop, transfer);
  expect(send(transfer)).toBe(0);
  expect(Number(count[0])).toBe(request.length);
  expect(await receive(transfer)).toMatch(/^HTTP\/1\.1 200 .*"ok":true/s);
  curl.curl_multi_remove_handle(loop.multi, transfer.easy);
});

test("a CONNECT_ONLY easy is of no use once it is removed", async () => {
  using loop = new Loop();
  using transfer = new Transfer(server.url("/")).set(OPT.CONNECT_ONLY, 1);
  await connected(loop, transfer);
  expect(curl.curl_multi_remove_handle(loop.multi, transfer.easy)).toBe(0);
  expect(send(transfer)).not.toBe(0); // 7.88.1: CURLE_UNSUPPORTED_PROTOCOL
});

test("a CONNECT_ONLY easy keeps its connection while others come and go", async () => {
  using loop = new Loop();
  using first = new Transfer(server.url("/")).set(OPT.CONNECT_ONLY, 1);
  await connected(loop, first);
  for (let i = 0; i < 5; i++) {
    using other = new Transfer(server.url("/small"));
    expect(await loop.perform(other)).toBe(0);
  }
  expect(send(first)).toBe(0);
  expect(await receive(first)).toContain('"ok":true');
  curl.curl_multi_remove_handle(loop.multi, first.easy);
});

test("after a blocking perform a CONNECT_ONLY easy is still connected", async () => {
  using transfer = new Transfer(server.url("/")).set(OPT.CONNECT_ONLY, 1);
  expect(transfer.perform()).toBe(0);
  expect(send(transfer)).toBe(0);
  expect(await receive(transfer)).toContain('"ok":true');
});
