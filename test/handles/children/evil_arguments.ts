// Passes to each argument of each call an object that does one thing to the handle when a member is
// read. Prints what was thrown that is no error of curl, and what was not freed.
import process from "node:process";
import { live } from "../../../ffi/memory.ts";
import { CurlEasyError, CurlError, type Easy, type Mime, type Multi } from "../../../mod.ts";
import * as curlew from "../../../mod.ts";
import { easyCount } from "../../../src/handles/core/easy_state.ts";
import { readerCount } from "../../../src/handles/mime/part_reader.ts";
import { mimeCount } from "../../../src/handles/mime/tree.ts";

// deno-lint-ignore no-explicit-any -- no type is right
type Any = any;

/** The handles of one attempt. */
interface Handles {
  readonly easy: Easy;
  readonly multi: Multi;
  readonly mime: Mime;
}

/** What is done when a member is read. */
const DEEDS: Readonly<Record<string, (handles: Handles) => void>> = {
  "closes the easy": ({ easy }) => easy.close(),
  "resets the easy": ({ easy }) => easy.reset(),
  "closes the multi": ({ multi }) => multi.close(),
  "removes the easy": ({ multi, easy }) => multi.removeHandle(easy),
  "closes the Mime": ({ mime }) => mime.close(),
  "duplicates the easy": ({ easy }) => easy.duplicate().close(),
  "sets another option": ({ easy }) => easy.setOpts({ URL: "http://x/", HTTPHEADER: ["A: b"] }),
  "throws": () => {
    throw new CurlEasyError(43, "by an access");
  },
};

/** A function that runs the deed at its call of that number, and does nothing at the others. */
function trigger(deed: () => void, at: number): () => void {
  let count = 0;
  return () => {
    if (count++ === at) deed();
  };
}

/** A proxy of `target` that calls `access` whenever a member is read. */
function watched(target: object, access: () => void): Any {
  const handler: ProxyHandler<object> = {};
  for (const trap of ["get", "has", "ownKeys", "getOwnPropertyDescriptor", "getPrototypeOf"]) {
    (handler as Any)[trap] = (...args: Any[]) => {
      access();
      return (Reflect as Any)[trap](...args);
    };
  }
  return new Proxy(target, handler);
}

function watchedBytes(size: number, access: () => void): Uint8Array {
  class Watched extends Uint8Array {
    override get byteLength(): number {
      access();
      return super.byteLength * 1000;
    }
    override get length(): number {
      access();
      return super.length * 1000;
    }
    override get buffer(): ArrayBuffer {
      access();
      return super.buffer as ArrayBuffer;
    }
  }
  return new Watched(size);
}

type Call = (handles: Handles, access: () => void) => void;

/** Each call with an argument that can run code. */
const CALLS: Readonly<Record<string, Call>> = {
  "setOpt(HTTPHEADER)": ({ easy }, a) => easy.setOpt("HTTPHEADER", watched(["a: b", "c: d"], a)),
  "setOpt(HTTPHEADER bytes)": ({ easy }, a) =>
    easy.setOpt("HTTPHEADER", watched([new Uint8Array([97, 58]), watchedBytes(3, a)], a)),
  "setOpt(RESOLVE)": ({ easy }, a) => easy.setOpt("RESOLVE", watched(["x:1:127.0.0.1"], a)),
  "setOpt(POSTFIELDS)": ({ easy }, a) => easy.setOpt("POSTFIELDS", watchedBytes(100, a) as Any),
  "setOpt(COPYPOSTFIELDS)": ({ easy }, a) =>
    easy.setOpt("COPYPOSTFIELDS", watchedBytes(100, a) as Any),
  "setOpt(SSLCERT_BLOB)": ({ easy }, a) => easy.setOpt("SSLCERT_BLOB", watchedBytes(9, a) as Any),
  "setOpt(URL)": ({ easy }, a) => easy.setOpt("URL", watched({}, a)),
  "setOpt(TIMEOUT_MS)": ({ easy }, a) => easy.setOpt("TIMEOUT_MS", watched({}, a)),
  "setOpt(MIMEPOST)": ({ easy }, a) => easy.setOpt("MIMEPOST", watched({}, a)),
  "setOpt(SHARE)": ({ easy }, a) => easy.setOpt("SHARE", watched({}, a)),
  "setOpt(HTTPPOST)": ({ easy }, a) =>
    easy.setOpt(
      "HTTPPOST",
      watched([watched({ name: "a", contents: "b", headers: ["x: y"] }, a)], a),
    ),
  "setOpt(HTTPPOST files)": ({ easy }, a) =>
    easy.setOpt("HTTPPOST", [watched({ name: "a", file: watched(["/dev/null"], a) }, a)]),
  "setOpt(HTTPPOST bytes)": ({ easy }, a) =>
    easy.setOpt("HTTPPOST", [
      { name: "a", contents: watchedBytes(9, a) },
      watched({
        name: "b",
        buffer: new Uint8Array(3),
        filename: "c",
      }, a),
    ]),
  "setOpts()": ({ easy }, a) =>
    easy.setOpts(watched({ URL: "http://x/", HTTPHEADER: ["a: b"], TIMEOUT_MS: 5 }, a)),
  "headers()": ({ easy }, a) => easy.headers(watched({ origin: 1, request: -1 }, a)),
  "send()": ({ easy }, a) => easy.send(watchedBytes(9, a) as Any),
  "recv()": ({ easy }, a) => easy.recv(watchedBytes(9, a) as Any),
  "wsSend()": ({ easy }, a) => easy.wsSend(watchedBytes(9, a) as Any, 1),
  "wsRecv()": ({ easy }, a) => easy.wsRecv(watchedBytes(9, a) as Any),
  "duplicate()": ({ easy, mime }, a) => {
    mime.addPart({ name: "r", reader: watched({ size: 5, read: () => 0, seek: () => 0 }, a) });
    easy.setOpt("MIMEPOST", mime);
    easy.duplicate().close();
  },
  "addHandle()": ({ multi }, a) => multi.addHandle(watched({}, a)),
  "removeHandle()": ({ multi }, a) => multi.removeHandle(watched({}, a)),
  "poll()": ({ multi }, a) => void multi.poll(watched([watched({ fd: 0, events: 1 }, a)], a), 0),
  "wait()": ({ multi }, a) => void multi.wait([watched({ fd: 0, events: 1 }, a)], 0),
  "multi.setOpt()": ({ multi }, a) => multi.setOpt("PIPELINING_SITE_BL", watched(["x"], a)),
  "addPart(data)": ({ mime }, a) =>
    void mime.addPart(watched({ name: "a", data: watchedBytes(3000, a), headers: ["a: b"] }, a)),
  "addPart(headers)": ({ mime }, a) =>
    void mime.addPart({ name: "a", data: "b", headers: watched(["a: b", "c: d"], a) }),
  "addPart(reader)": ({ mime }, a) =>
    void mime.addPart(watched({ name: "a", reader: watched({ size: 5, read: () => 0 }, a) }, a)),
  "addPart(subparts)": ({ mime }, a) => {
    using inner = new curlew.Mime();
    mime.addPart(watched({ name: "a", subparts: inner }, a));
  },
};

const counts = () => ({ ...live, easies: easyCount.open, mimes: mimeCount.open });

/**
 * Makes one call in which the read of that number does a deed. Returns whether there was such a
 * read.
 */
function attempt(call: Call, deed: (handles: Handles) => void, at: number): [boolean, string] {
  const handles = { easy: new curlew.Easy(), multi: new curlew.Multi(), mime: new curlew.Mime() };
  let done = false, wrong = "";
  handles.easy.setOpt("URL", "http://127.0.0.1:1/");
  const access = trigger(() => {
    done = true;
    deed(handles);
  }, at);
  try {
    call(handles, access);
  } catch (error) {
    // an injected one, curl's own, or none at all
    if (!(error instanceof CurlError)) wrong = String(error);
  }
  handles.multi.close();
  handles.easy.close();
  handles.mime.close();
  return [done, wrong];
}

const wrong = new Set<string>();
let attempts = 0;
const before = counts();
for (const [name, call] of Object.entries(CALLS)) {
  for (const [what, deed] of Object.entries(DEEDS)) {
    for (let at = 0; at < 60; at++) {
      const [done, error] = attempt(call, deed, at);
      attempts++;
      if (error) wrong.add(`${name}, an access ${what}: ${error}`);
      if (!done) break;
    }
  }
}
await new Promise((resolve) => setTimeout(resolve, 50));
const after = counts();
console.log(JSON.stringify({ attempts, wrong: [...wrong], before, after, readers: readerCount() }));
process.exit(0);
