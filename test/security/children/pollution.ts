// Sets one name after the other on Object.prototype, makes every kind of public call, and prints
// the calls with another result than without the name.
//
//   pollution.ts HTTP_URL WS_URL PROXY_PORT FOLDER [NAME…]
//
// With an empty WS_URL there are no WebSocket calls; without names all names are tried.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import {
  Agent,
  constants,
  CurlUrl,
  CurlWebSocket,
  download,
  Easy,
  fetch,
  fetchSync,
  formatTimings,
  Mime,
  mimeStream,
  Multi,
  Share,
  transferInfo,
  upload,
  versionInfo,
} from "../../../mod.ts";
import { easyOptions, multiOptions } from "../../../ffi/curl/options.ts";

const [base, webSocketUrl, proxyPort, folder, ...only] = process.argv.slice(2) as [
  ...[base: string, webSocketUrl: string, proxyPort: string, folder: string],
  ...string[],
];

/** The names of everything that a public call reads, by name or as a dictionary. */
const DOORS = {
  curl: Object.keys(easyOptions),
  multi: Object.keys(multiOptions),
  fetch: [
    ...["method", "headers", "body", "redirect", "signal", "keepalive", "referrer", "integrity"],
    ...["duplex", "cache", "credentials", "mode", "priority", "referrerPolicy", "window", "curl"],
    ...["agent", "timeout", "connectTimeout", "maxBodySize", "onProgress"],
  ],
  files: ["resume", "overwrite"],
  webSocket: ["maxMessageSize"],
  agent: [
    ...["maxCachedConnections", "maxConnections", "maxHostConnections", "maxConcurrentStreams"],
    ...["multiplex", "share"],
  ],
  mime: [
    ...["name", "data", "file", "reader", "subparts", "filename", "type", "encoder"],
    ...["size", "read", "seek", "free", "contents", "fileContent", "buffer"],
  ],
  handles: [
    "origin",
    "request",
    "fd",
    "events",
    "revents",
    "library",
    "includeSubDomains",
    "expire",
  ],
  headers: ["accept", "x-polluted", "Authorization", "foo"],
};

const isFull = process.env.CURLEW_FULL === "1";
const decoder = new TextDecoder();
const sink = (bytes: Uint8Array) => bytes.length;

/** A request as the server saw it, without the parts that differ each time. */
function shown(text: string): string {
  const { method, url, headers, length, sha256 } = JSON.parse(text);
  const lines = headers.map(([name, value]: [string, string]) =>
    `${name}: ${value.replace(/----curlew-\w+/, "BOUNDARY")}`
  );
  return JSON.stringify([method, url, lines, length, /multipart/.test(text) ? "" : sha256]);
}

/** The runtime's own `Request` reads `Object.prototype` when it is constructed. */
const requests: Request[] = [];

function prepareRequest(): void {
  const headers = { "X-A": "b" };
  requests.push(new Request(`${base}/echo`, { method: "PUT", headers, body: "body" }));
}

/** Every kind of public call; each returns a text that is the same each time. */
const CALLS: Record<string, () => unknown> = {
  fetch: async () => shown(await (await fetch(`${base}/echo`)).text()),
  "fetch with members": async () => {
    const response = await fetch(`${base}/echo`, {
      method: "POST",
      headers: { "X-A": "b" },
      body: "body",
      curl: { COOKIE: "a=b" },
      timeout: 10_000,
    });
    return [response.status, response.headers.get("content-type"), shown(await response.text())];
  },
  "fetch with members of a class": async () => {
    class Init {
      get method() {
        return "POST";
      }
      get headers() {
        return [["X-A", "b"]] as [string, string][];
      }
    }
    return shown(await (await fetch(`${base}/echo`, new Init())).text());
  },
  "fetch of a Request": async () => {
    return shown(await (await fetch(requests.pop() as Request)).text());
  },
  "fetch of a redirect": async () => {
    const response = await fetch(`${base}/redirect/1`);
    return [response.redirected, response.status, (await response.arrayBuffer()).byteLength];
  },
  "fetch of a form": async () => {
    const form = new FormData();
    form.append("a", "b");
    form.append("file", new Blob(["content"]), "name.txt");
    return shown(await (await fetch(`${base}/echo`, { method: "POST", body: form })).text());
  },
  "fetch of a stream": async () => {
    async function* chunks() {
      yield "one";
      yield new Uint8Array([1, 2]);
    }
    return shown(await (await fetch(`${base}/echo`, { method: "POST", body: chunks() })).text());
  },
  "fetch of a large body": async () => {
    const response = await fetch(`${base}/bytes/300000`), copy = response.clone();
    let length = 0;
    for await (const chunk of response.body!) length += chunk.length;
    const { httpVersion, trailers } = transferInfo(response);
    return [length, (await copy.arrayBuffer()).byteLength, httpVersion, trailers];
  },
  "fetch of data:": async () => await (await fetch("data:text/plain,hello")).text(),
  "fetch that progresses": async () => {
    let last = -1;
    const onProgress = ({ downloaded }: { downloaded: number }) => last = downloaded;
    await (await fetch(`${base}/small`, { onProgress })).text();
    return last;
  },
  "fetch that is aborted": async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort("my reason"), 5);
    return await fetch(`${base}/hold`, { signal: controller.signal }).catch((error) => `${error}`);
  },
  "fetch that fails": async () =>
    await fetch("http://127.0.0.1:1/").catch(({ message, cause }) => [
      message.replace(/after \d+ ms/, ""),
      cause.codeName,
    ]),
  fetchSync: () => {
    const { status, headers, body } = fetchSync(`${base}/echo`, { headers: { "X-A": "b" } });
    return [status, headers.get("content-type"), shown(decoder.decode(body))];
  },
  download: async () => {
    const path = join(folder, "downloaded");
    rmSync(path, { force: true });
    const { bytes, resumed } = await download(`${base}/bytes/1000`, path);
    return [bytes, resumed, readFileSync(path).length, readdirSync(folder).sort()];
  },
  "upload of bytes": async () => {
    const { status, bytes } = await upload(new Uint8Array(10), `${base}/echo`);
    return [status, bytes];
  },
  "upload of a file": async () => {
    const { status, bytes } = await upload(join(folder, "source"), `${base}/echo`);
    return [status, bytes];
  },
  "Agent.perform": async () => {
    await using agent = new Agent({ maxConnections: 2 });
    using easy = new Easy();
    let body = "";
    const WRITEFUNCTION = (bytes: Uint8Array) => (body += decoder.decode(bytes), bytes.length);
    easy.setOpts({
      URL: `${base}/echo`,
      TIMEOUT_MS: 10_000,
      HTTPHEADER: ["X-A: b"],
      WRITEFUNCTION,
    });
    await agent.perform(easy);
    const headers = versionInfo().versionNum >= 0x075300 ? easy.headers().length : 0;
    return [shown(body), headers, easy.getInfo("RESPONSE_CODE"), agent.stats.sockets];
  },
  "Agent.writable": async () => {
    await using agent = new Agent();
    using easy = new Easy();
    easy.setOpts({ URL: base, CONNECT_ONLY: 1, TIMEOUT_MS: 10_000 });
    await agent.perform(easy);
    await agent.writable(easy);
    return easy.send(new Uint8Array([10]));
  },
  "Easy.perform": () => {
    using share = new Share(), url = new CurlUrl(`${base}/small`), easy = new Easy();
    share.setOpt("SHARE", constants.CURL_LOCK_DATA_COOKIE);
    easy.setOpts({ CURLU: url, SHARE: share, TIMEOUT_MS: 10_000, WRITEFUNCTION: sink });
    easy.perform();
    using copy = easy.duplicate();
    copy.setOpts({ TCP_NODELAY: null, HTTPPOST: [{ name: "a", contents: "b" }] });
    copy.perform();
    easy.reset();
    return [copy.getInfo("RESPONSE_CODE"), copy.getInfo("PRIVATE"), `${url}`.slice(-6)];
  },
  Mime: () => {
    using mime = new Mime(), easy = new Easy();
    mime.addPart({ name: "a", data: "b" });
    let at = 0;
    const read = (buffer: Uint8Array) => {
      if (at > 0) return 0;
      buffer.set([65, 66]);
      return at = 2;
    };
    mime.addPart({ name: "c", reader: { read } });
    easy.setOpts({ URL: `${base}/echo`, MIMEPOST: mime, TIMEOUT_MS: 10_000, WRITEFUNCTION: sink });
    easy.perform();
    return [easy.getInfo("RESPONSE_CODE"), easy.getInfo("SIZE_UPLOAD_T") > 100];
  },
  mimeStream: async () => {
    await using agent = new Agent();
    using mime = new Mime().addPart({ name: "a", reader: mimeStream(new Blob(["hello"])) });
    using easy = new Easy();
    easy.setOpts({ URL: `${base}/echo`, MIMEPOST: mime, TIMEOUT_MS: 10_000, WRITEFUNCTION: sink });
    await agent.perform(easy);
    return easy.getInfo("RESPONSE_CODE");
  },
  Multi: () => {
    using multi = new Multi(), easy = new Easy();
    multi.setOpt("MAXCONNECTS", 3);
    easy.setOpts({ URL: `${base}/small`, TIMEOUT_MS: 10_000, WRITEFUNCTION: sink });
    multi.addHandle(easy);
    while (multi.perform() > 0) multi.poll([], 1000);
    return [...multi.messages()].map(({ result }) => result);
  },
  "errors of bad arguments": () => {
    using easy = new Easy(), multi = new Multi();
    const failing: (() => unknown)[] = [
      () => easy.setOpt("NO_SUCH_OPTION" as "URL", "x"),
      () => easy.setOpt("POSTFIELDS", 5 as never),
      () => new Mime().addPart({}),
      () => new Mime().addPart({ name: "a", data: "b", file: "c" } as never),
      () => easy.setOpt("HTTPPOST", [{ name: "a" }]),
      () => multi.poll([{} as never], 0),
      () => easy.setOpt("MAX_RECV_SPEED_LARGE", "x" as never),
      () => easy.setOpt("HTTP_VERSION", null),
    ];
    return failing.map((call) => {
      try {
        return call();
      } catch (error) {
        return (error as Error).message;
      }
    });
  },
  "constants and versions": () => {
    const { version, protocols, library } = versionInfo();
    return [constants.CURLE_OK, Object.keys(constants).length, version, protocols, library];
  },
  formatTimings: async () => {
    const response = await fetch(`${base}/small`);
    await response.text();
    return formatTimings(transferInfo(response)).split("\n").length;
  },
};

if (webSocketUrl !== "") {
  CALLS.CurlWebSocket = () =>
    new Promise((resolve) => {
      const socket = new CurlWebSocket(webSocketUrl), told: unknown[] = [];
      socket.onopen = () => socket.send("hello");
      socket.onmessage = ({ data, origin, lastEventId, source, ports }) => {
        told.push(data, origin, lastEventId, source, ports.length);
        socket.close(1000, "done");
      };
      socket.onclose = ({ code, reason, wasClean }) => resolve([told, code, reason, wasClean]);
    });
  CALLS["CurlWebSocket that fails"] = () =>
    new Promise((resolve) => {
      const socket = new CurlWebSocket("ws://127.0.0.1:1/");
      socket.onerror = ({ error, filename, lineno }) => resolve([error.codeName, filename, lineno]);
    });
}

/** A value that changes the result of a call if the call reads the name. */
function poison(name: string): unknown {
  if (name === "PROXY" || name === "PRE_PROXY") return `http://127.0.0.1:${proxyPort}`;
  if (name === "headers" || name === "HTTPHEADER") return ["X-Polluted: 1"];
  if (name === "curl") return { USERAGENT: "polluted" };
  const thrower = () => {
    throw new Error(`${name} of Object.prototype was called`);
  };
  return Object.assign(thrower, { toString: () => "polluted" });
}

/** Calls of the runtime alone: where one fails, curlew's calls that need it are not at fault. */
const PLATFORM: Record<string, () => unknown> = {
  "listens to an event": () => new EventTarget().addEventListener("x", () => {}),
  "reads a file": async () => await new File([new Blob(["xy"])], "name").arrayBuffer(),
  "looks at a Request": () => {
    const { referrer, referrerPolicy } = requests.at(-1) as Request;
    if (/polluted/.test(`${referrer} ${referrerPolicy}`)) throw new Error("polluted");
  },
};

async function outcome(call: () => unknown): Promise<string> {
  try {
    return JSON.stringify(await call()) ?? "undefined";
  } catch (error) {
    return `threw ${error} ${(error as Error).cause ?? ""}\n${(error as Error).stack}`;
  }
}

/** The result of a call while the name is on Object.prototype. */
async function polluted(name: string, enumerable: boolean, call: () => unknown): Promise<string> {
  const value = poison(name);
  prepareRequest();
  Object.defineProperty(Object.prototype, name, {
    configurable: true,
    enumerable,
    writable: true,
    value,
  });
  try {
    return await outcome(call);
  } finally {
    delete (Object.prototype as Record<string, unknown>)[name];
  }
}

writeFileSync(join(folder, "source"), "x".repeat(100));
const expected: Record<string, string> = {};
for (const [title, call] of Object.entries(CALLS)) {
  for (let i = 0; i < 2; i++) prepareRequest();
  await outcome(call); // loads the modules that are loaded on the first call
  expected[title] = await outcome(call);
}
const wrong: unknown[] = [], platform: Record<string, string[]> = {};
let tried = 0;
for (const name of only.length > 0 ? only : [...new Set(Object.values(DOORS).flat())]) {
  for (const [title, call] of Object.entries(PLATFORM)) {
    const seen = await polluted(name, true, call);
    if (seen.startsWith("threw")) (platform[name] ??= []).push(title);
  }
  for (const [i, [title, call]] of Object.entries(CALLS).entries()) {
    // one of the two for each pair of name and call, unless all are asked for
    for (const enumerable of isFull ? [true, false] : [(name.length + i) % 2 === 0]) {
      const seen = await polluted(name, enumerable, call);
      tried++;
      const mayDiffer = Object.hasOwn(platform, name) && /^threw|^"TypeError/.test(seen);
      if (seen !== expected[title] && !mayDiffer) wrong.push({ name, enumerable, title, seen });
    }
  }
}
console.log(JSON.stringify({ tried, expected, wrong, platform }));
process.exit(0);
