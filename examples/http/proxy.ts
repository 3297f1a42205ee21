// A reverse proxy: a server whose answers are another one's. Bodies pass as they are, still encoded,
// so Content-Encoding and Content-Length go on telling the truth about them. (`fetch` decodes a body
// unless ACCEPT_ENCODING is null, and leaves these two headers as the server sent them.)
//
//   deno run --allow-ffi --allow-net examples/http/proxy.ts http://127.0.0.1:3000
//   bun examples/http/proxy.ts http://127.0.0.1:3000
//   > http://127.0.0.1:… serves what http://127.0.0.1:3000 does
import process from "node:process";
import { fetch } from "curlew";

const [target, port = "0"] = process.argv.slice(2);
if (!target) throw new Error("Usage: proxy.ts TARGET [PORT]");

/** Headers that are about one connection, and those that Connection names. */
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
  headers.delete("host"); // the target has a name of its own
  try {
    const response = await fetch(`${new URL(target as string).origin}${pathname}${search}`, {
      method,
      headers,
      signal, // whoever goes away ends the transfer too
      body: request.body,
      redirect: "manual",
      curl: { ACCEPT_ENCODING: null },
    });
    const { status, statusText } = response;
    if (status > 599) return new Response(null, { status: 502 }); // no server can send it on
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
