/** Small servers for the commands in the heads of examples. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server as TcpServer,
} from "node:net";

/** A server on the loopback interface. */
export interface Served {
  readonly port: number;
  /** The origin of an HTTP server: `http://127.0.0.1:PORT`. */
  readonly origin: string;
  [Symbol.asyncDispose](): Promise<void>;
}

async function listening(server: Server | TcpServer): Promise<Served> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]() {
      if ("closeAllConnections" in server) server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** An HTTP server whose responses are made from the whole body. */
function http(answer: Answer): Promise<Served> {
  return listening(createServer((request, response) => {
    let body = "";
    request.setEncoding("latin1").on("data", (chunk: string) => body += chunk);
    request.on("end", () => answer(request, response, body));
    request.on("error", () => {}); // of a client that has closed
  }));
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
}

/** An API with a login: `users?name=Ada` sets a cookie. */
export const sessionServer = (): Promise<Served> =>
  http(({ url }, response) => {
    const { searchParams } = new URL(url!, "http://x/");
    response.setHeader("Set-Cookie", "sid=1");
    json(response, 200, [{ id: 1, name: searchParams.get("name") }]);
  });

/** Cookies: `login` sets one, each response shows those of the request. */
export const cookieServer = (): Promise<Served> =>
  http(({ url, headers }, response) => {
    const isLogin = url === "/login";
    if (isLogin) response.setHeader("Set-Cookie", "sid=1");
    const shown = isLogin ? "sid=1" : headers.cookie ?? "";
    json(response, 200, Object.fromEntries([shown.split("=")]));
  });

/** Birds: the first GET gets a temporary error, and the first response to a POST is lost. */
export function birdServer(): Promise<Served> {
  const birds = new Map<number, Record<string, unknown>>(), seen = new Map<string, number>();
  birds.set(1, { id: 1, name: "godwit", seen: 4 }).set(2, { id: 2, name: "snipe", seen: 7 });
  let gets = 0;
  return http(({ method, url, headers, socket }, response, body) => {
    const id = Number(/\d+$/.exec(url!)?.[0]);
    if (method === "GET" && ++gets === 1) {
      response.writeHead(503, { "Retry-After": "0" }).end();
    } else if (method === "GET" && !url!.includes("birds/")) {
      json(response, 200, [...birds.values()]);
    } else if (method === "POST") {
      const key = headers["idempotency-key"] as string, known = seen.get(key);
      if (known) return json(response, 201, birds.get(known));
      seen.set(key, birds.size + 1);
      birds.set(birds.size + 1, { id: birds.size + 1, ...JSON.parse(body) });
      socket.destroy();
    } else if (method === "PUT") {
      birds.set(id, JSON.parse(body));
      json(response, 200, birds.get(id));
    } else if (method === "DELETE") {
      birds.delete(id);
      response.writeHead(204).end();
    } else if (birds.has(id)) json(response, 200, birds.get(id));
    else json(response, 404, { error: `there is no bird ${id}` });
  });
}

/** Tokens, and an API that accepts each new one; the first is refused after one request. */
export function oauthServer(): Promise<Served> {
  let tokens = 0, uses = 0;
  return http(({ url, headers }, response, body) => {
    if (url === "/token") {
      const right = `Basic ${btoa("app:s3cr3t")}`;
      if (headers.authorization !== right || body !== "grant_type=client_credentials") {
        return json(response, 401, { error: "invalid_client" });
      }
      const access_token = `token-${++tokens}`;
      return json(response, 200, { access_token, token_type: "Bearer", expires_in: 3600 });
    }
    const isKnown = headers.authorization === `Bearer token-${tokens}`;
    if (!isKnown || tokens === 1 && ++uses > 1) return json(response, 401, {});
    json(response, 200, url === "/me" ? { me: "app" } : { mail: 2 });
  });
}

/**
 * Events in pieces that cut lines and characters; the second time those after the last, then 204.
 */
export function eventServer(): Promise<Served> {
  let asked = 0;
  return http(async ({ headers }, response) => {
    if (++asked === 3) return response.writeHead(204).end();
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    const first = ": a comment\nretry: 20\ndata:hello\nid: 1\n\n" +
      "event: weather\r\ndata: two lines\r\ndata: of rain\r\nid: 2\r\n\r\ndata: not whole\n";
    const text = asked === 1 ? first : `data: after event ${headers["last-event-id"]}\n\n`;
    for (const piece of text.match(/[^]{1,9}/g) ?? []) {
      response.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  });
}

/** The part of tus 1.0.0 that one upload needs, whose first PATCH is cut off. */
export function tusServer(): Promise<Served & { readonly bytes: () => number }> {
  let length = 0, offset = 0, patches = 0;
  const server = createServer((request, response) => {
    const { method, headers } = request;
    if (headers["tus-resumable"] !== "1.0.0") return response.writeHead(412).end();
    response.setHeader("Tus-Resumable", "1.0.0");
    if (method === "POST") {
      length = Number(headers["upload-length"]);
      return response.writeHead(201, { Location: "/upload/1" }).end();
    }
    if (method === "HEAD") {
      return response.writeHead(200, { "Upload-Offset": offset, "Upload-Length": length }).end();
    }
    if (Number(headers["upload-offset"]) !== offset) return response.writeHead(409).end();
    const isCut = ++patches === 1;
    request.on("data", (chunk: Uint8Array) => {
      if (isCut && offset > 500_000) return request.socket.destroy();
      offset += chunk.length;
    });
    request.on("error", () => {});
    request.on("end", () => response.writeHead(204, { "Upload-Offset": offset }).end());
  });
  return listening(server).then((served) => Object.assign(served, { bytes: () => offset }));
}

/** The part of SMTP that one mail needs; test/servers has a real server. */
export async function mailServer(): Promise<Served & { readonly mail: () => string }> {
  let got = "", inMail = false;
  const server = await listening(createTcpServer((socket) => {
    socket.write("220 test\r\n");
    socket.on("data", (chunk: Uint8Array) => {
      got += new TextDecoder().decode(chunk);
      if (inMail && !got.endsWith("\r\n.\r\n")) return;
      const answer = got.endsWith("DATA\r\n") ? 354 : got.endsWith("QUIT\r\n") ? 221 : 250;
      inMail = answer === 354;
      socket.write(`${answer} ok\r\n`);
    });
    socket.on("error", () => {});
  }));
  return Object.assign(server, { mail: () => got });
}

/** The part of Redis that answers PING and QUIT. */
export const pingServer = (): Promise<Served> =>
  listening(createTcpServer((socket) => {
    socket.on("data", (chunk: Uint8Array) => {
      const text = new TextDecoder().decode(chunk);
      if (text.includes("PING")) socket.write("+PONG\r\n");
      if (text.includes("QUIT")) socket.end("+OK\r\n");
    });
    socket.on("error", () => {});
  }));
