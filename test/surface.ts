/**
 * Prints the exports of curlew's modules as JSON: `surface.ts <mod> <ffi> <constants>
 * <node-libcurl>` with the URL of each. The sources and the package must have the same.
 *
 * @module
 */

import process from "node:process";

type Door = Readonly<Record<string, unknown>>;

const doors: Door[] = [];
for (const url of process.argv.slice(2)) doors.push(await import(url));
const [mod, ffi, constants, nodeLibcurl] = doors as [Door, Door, Door, Door];

/** The kind of a property, its flags, and for a function its name and its number of parameters. */
function property(owner: object, key: PropertyKey): string {
  const { value, get, set, ...flags } = Object.getOwnPropertyDescriptor(owner, key)!;
  const kinds = [
    get && "get",
    set && "set",
    Object.keys(flags).filter((it) => flags[it as "writable"]),
  ];
  if (typeof value === "function") kinds.push(`${value.name}(${value.length})`);
  else if (get === undefined) kinds.push(value === null ? "null" : typeof value);
  return kinds.flat().filter(Boolean).join(" ");
}

function members(owner: object): Record<string, string> {
  return Object.fromEntries(
    Reflect.ownKeys(owner).map((key) => [String(key), property(owner, key)]),
  );
}

/** The members of a value and of its prototypes, up to the runtime's own classes. */
function surface(value: unknown): unknown {
  if (typeof value === "object" && value !== null) return members(value);
  if (typeof value !== "function") return String(value);
  const chain: unknown[] = [];
  for (
    let at = value as { prototype?: object; name: string };
    at.name;
    at = Object.getPrototypeOf(at)
  ) {
    if (/\[native code\]/.test(Function.prototype.toString.call(at))) {
      chain.push(at.name);
      break;
    }
    chain.push({ statics: members(at), prototype: at.prototype ? members(at.prototype) : null });
  }
  return chain;
}

/** The error of a call: its class, its text, and the functions of the project in its stack. */
async function failure(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    const { name, message, stack = "", constructor } = error as Error;
    const frames = stack.split("\n").filter((line) => /\.(?:js|ts):\d/.test(line))
      .map((line) => /^\s*at (?:async )?(?:new )?([^(]*?)\s*\(/.exec(line)?.[1] ?? "");
    return { class: constructor.name, name, message, frames };
  }
  return "no error";
}

// deno-lint-ignore no-explicit-any -- the modules are imported by URLs
const m = mod as any, node = nodeLibcurl as any;
const easy = new m.Easy();
const calls: Record<string, () => unknown> = {
  option: () => easy.setOpt("NO_SUCH_OPTION", 1),
  value: () => easy.setOpt("TIMEOUT_MS", "x"),
  callback: () => easy.setOpt("WRITEFUNCTION", 1),
  info: () => easy.getInfo("NO_SUCH_INFO"),
  perform: () => easy.perform(),
  transferInfo: () => m.transferInfo(1).status,
  share: () => new m.Share({}).setOpt("SHARE", "x"),
  multi: () => new m.Multi().setOpt("MAXCONNECTS", "x"),
  url: () => new m.CurlUrl("http://"),
  mime: () => new m.Mime(easy).addPart({ data: 1 }),
  webSocket: () => new m.CurlWebSocket("gopher://x"),
  fetch: () => m.fetch("gopher://127.0.0.1/"),
  header: () => m.fetch("http://127.0.0.1/", { headers: { "a b": "c" } }),
  fetchSync: () => m.fetchSync("http://127.0.0.1:1/", { timeout: 1 }),
  download: () => m.download("http://127.0.0.1:1/", "/no/such/folder/file"),
  upload: () => m.upload("/no/such/file", "ftp://127.0.0.1:1/"),
  mimeStream: () => m.mimeStream(1),
  configure: () => m.configure({ library: "" }),
  nodeEasy: () => new node.Multi().addHandle({}),
  curly: () => node.curly.get("http://127.0.0.1:1/", { noSuchOption: 1 }),
};

const errors: Record<string, unknown> = {};
for (const [name, call] of Object.entries(calls)) errors[name] = await failure(call);

console.log(JSON.stringify({
  doors: doors.map((door) =>
    Object.fromEntries(Object.keys(door).map((name) => [name, surface(door[name])]))
  ),
  constants: { ...m.constants },
  errors,
  // whether two modules export the same object
  shared: {
    error: new m.CurlEasyError(1) instanceof (ffi["CurlError"] as () => void),
    constants: m.constants === constants["constants"],
    configure: m.configure === ffi["configure"],
    loadError: m.CurlLoadError === ffi["CurlLoadError"],
  },
}));
