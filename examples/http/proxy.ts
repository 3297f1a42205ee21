// A reverse proxy: a server that forwards requests to another one. Bodies are forwarded without
// decoding, so that Content-Encoding and Content-Length stay valid. (`fetch` decodes a body unless
// ACCEPT_ENCODING is null, and keeps these two headers as the server sent them.)
//
//   deno run --allow-ffi --allow-net examples/http/proxy.ts http://127.0.0.1:3000
//   bun examples/http/proxy.ts http://127.0.0.1:3000
//   > http://127.0.0.1:… serves what http://127.0.0.1:3000 does
import process from "node:process";
import { fetch } from "curlew";

const [target, port = "0"] = process.argv.slice(2);
if (!target) throw new Error("Usage: proxy.ts TARGET [PORT]");

/** Headers for one connection only, in addition to those that Connection names. */
const HOP_BY_HOP = "connection keep-alive proxy-connection te trailer transfer-encoding upgrade";

function endToEnd(headers: Headers): Headers {
  const kept = new Headers(headers), named = headers.get("connection") ?? "";
  for (const name of `${HOP_BY_HOP} ${named.replaceAll(",", " ")}`.split(/\s+/)) {
    if (name) kept.delete(name);
  }
  return kept;
}

async function forward(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url), { method, signal } = request;
  const headers = endToEnd(request.headers);
  headers.delete("host"); // the target has another name
  try {
    const response = await fetch(`${new URL(target as string).origin}${pathname}${search}`, {
      method,
      headers,
      signal, // a client that closes its connection ends the transfer
      body: request.body,
      redirect: "manual",
      curl: { ACCEPT_ENCODING: null },
    });
    const { status, statusText } = response;
    // no server can send such a status
    if (status > 599) return new Response(null, { status: 502 });
    return new Response(response.body, { status, statusText, headers: endToEnd(response.headers) });
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
