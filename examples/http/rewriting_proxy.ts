// A reverse proxy that changes pages: links to the target become links to the proxy. For that the
// body is decoded, as `fetch` does; the headers of the encoded body, Content-Encoding and
// Content-Length, are left out. (proxy.ts forwards bodies without decoding.)
//
//   deno run --allow-ffi --allow-net examples/http/rewriting_proxy.ts http://127.0.0.1:3000
//   bun examples/http/rewriting_proxy.ts http://127.0.0.1:3000
//   > http://127.0.0.1:… serves what http://127.0.0.1:3000 does
import process from "node:process";
import { fetch } from "curlew";

const [target, port = "0"] = process.argv.slice(2);
if (!target) throw new Error("Usage: rewriting_proxy.ts TARGET [PORT]");
const { origin } = new URL(target);

/** Headers for one connection only, or for the encoded body. */
const LEFT_OUT = ["connection", "keep-alive", "transfer-encoding", "upgrade"];
const OF_ENCODED = ["content-encoding", "content-length", "etag", "accept-ranges"];

async function forward(request: Request): Promise<Response> {
  const { pathname, search, origin: own } = new URL(request.url), { method, signal } = request;
  const sent = new Headers(request.headers);
  for (const name of [...LEFT_OUT, "host", "accept-encoding", "range"]) sent.delete(name);
  try {
    const { body, redirect } = { body: request.body, redirect: "manual" as const };
    const url = `${origin}${pathname}${search}`;
    const response = await fetch(url, { method, headers: sent, signal, body, redirect });
    const headers = new Headers(response.headers), { status, statusText } = response;
    for (const name of [...LEFT_OUT, ...OF_ENCODED]) headers.delete(name);
    const location = headers.get("location");
    if (location) headers.set("location", location.replace(origin, own));
    const isPage = headers.get("content-type")?.startsWith("text/html") && response.body;
    const content = isPage ? (await response.text()).replaceAll(origin, own) : response.body;
    return new Response(content, { status, statusText, headers });
  } catch (error) {
    console.error((error as Error).message);
    return new Response(null, { status: 502 });
  }
}

const options = { hostname: "127.0.0.1", port: Number(port) };
if ("Bun" in globalThis) {
  const { url } = Bun.serve({ ...options, fetch: forward });
  console.log(`${url.origin} serves what ${target} does`);
} else {
  const onListen = ({ port }: Deno.NetAddr) =>
    console.log(`http://127.0.0.1:${port} serves what ${target} does`);
  Deno.serve({ ...options, onListen }, forward);
}
