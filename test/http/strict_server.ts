// A server that parses each connection strictly by RFC 9112, and reports everything else as a
// fault.
import { Buffer } from "node:buffer";
import net from "node:net";
import { afterAll, beforeAll } from "vitest";
import { Agent } from "../../mod.ts";

/** A request as it stands on the wire. */
export interface WireRequest {
  readonly line: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** Whether the body came in chunks. */
  readonly chunked: boolean;
}

/** A connection: the bytes that it has sent so far. */
class Wire {
  readonly requests: WireRequest[] = [];
  /** Why the bytes are not requests. */
  fault: string | null = null;
  open = true;
  #bytes = Buffer.alloc(0);

  add(bytes: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    while (this.fault === null && this.#next());
  }

  /** How many bytes belong to no complete request. */
  get rest(): number {
    return this.#bytes.length;
  }

  #next(): boolean {
    const end = this.#bytes.indexOf("\r\n\r\n");
    if (end < 0) return false;
    const [line = "", ...lines] = this.#bytes.toString("latin1", 0, end).split("\r\n");
    if (!/^[A-Z]+ \S+ HTTP\/1\.[01]$/.test(line)) return this.#fail(`the line "${line}"`);
    const headers = lines.map((text) => {
      const colon = text.indexOf(":");
      return [text.slice(0, colon).toLowerCase(), text.slice(colon + 1).trim()] as const;
    });
    const all = (name: string) => headers.flatMap(([own, value]) => own === name ? [value] : []);
    const lengths = all("content-length"), encodings = all("transfer-encoding");
    if (lengths.length + encodings.length > 1) return this.#fail("two framings");
    if (encodings.length > 0) {
      if (encodings[0]?.toLowerCase() !== "chunked") {
        return this.#fail(`the encoding "${encodings[0]}"`);
      }
      return this.#chunked(end + 4, line, headers);
    }
    const [length = "0"] = lengths;
    if (!/^\d+$/.test(length)) return this.#fail(`the length "${length}"`);
    return this.#take(end + 4, end + 4 + Number(length), line, headers);
  }

  #take(from: number, to: number, line: string, headers: WireRequest["headers"]): boolean {
    if (this.#bytes.length < to) return false;
    const body = this.#bytes.toString("latin1", from, to);
    this.requests.push({ line, headers, body, chunked: false });
    this.#bytes = this.#bytes.subarray(to);
    return true;
  }

  #chunked(from: number, line: string, headers: WireRequest["headers"]): boolean {
    let body = "";
    for (let at = from;;) {
      const end = this.#bytes.indexOf("\r\n", at);
      if (end < 0) return false;
      const size = this.#bytes.toString("latin1", at, end);
      if (!/^[\da-f]+$/i.test(size)) return this.#fail(`the chunk size "${size}"`);
      const length = parseInt(size, 16), next = end + 2 + length + 2;
      if (this.#bytes.length < next) return false;
      body += this.#bytes.toString("latin1", end + 2, end + 2 + length);
      at = next;
      if (length > 0) continue;
      this.requests.push({ line, headers, body, chunked: true });
      this.#bytes = this.#bytes.subarray(next);
      return true;
    }
  }

  #fail(fault: string): false {
    this.fault = fault;
    return false;
  }
}

/** A server that answers each whole request with 200 and its number of body bytes. */
export interface StrictServer extends AsyncDisposable {
  readonly url: string;
  readonly wires: readonly Wire[];
  /** Called for the first bytes of each connection. */
  onFirst: (socket: net.Socket) => void;
  /** Called for the first bytes of each request. */
  onEach: (socket: net.Socket) => void;
  /** All requests, the faults of others, and how many bytes of incomplete requests there are. */
  seen(): { requests: WireRequest[]; faults: string[]; rest: number };
}

/** Starts a {@linkcode StrictServer}. */
export async function strictServer(): Promise<StrictServer> {
  const wires: Wire[] = [], sockets = new Set<net.Socket>();
  const strict = {
    onFirst: (_socket: net.Socket): void => {},
    onEach: (_socket: net.Socket): void => {},
  };
  const server = net.createServer((socket) => {
    const wire = new Wire();
    wires.push(wire);
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      wire.open = false;
      sockets.delete(socket);
    });
    let answered = 0, first = true;
    socket.on("data", (data: Uint8Array) => {
      if (first) strict.onFirst(socket);
      first = false;
      if (wire.rest === 0) strict.onEach(socket);
      wire.add(data);
      if (wire.fault !== null) return socket.destroy();
      for (; answered < wire.requests.length; answered++) {
        const text = String(wire.requests[answered]?.body.length);
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  return Object.assign(strict, {
    url: `http://127.0.0.1:${port}/`,
    wires,
    seen: () => ({
      requests: wires.flatMap(({ requests }) => requests),
      faults: wires.flatMap(({ fault }) => fault === null ? [] : [fault]),
      rest: wires.reduce((sum, { open, rest }) => sum + (open ? rest : 0), 0),
    }),
    async [Symbol.asyncDispose](): Promise<void> {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

/** A {@linkcode StrictServer} and an agent, for all tests of a file. Only tests may read them. */
export function useStrictServer(): { readonly server: StrictServer; readonly agent: Agent } {
  const used = {} as { server: StrictServer; agent: Agent };
  beforeAll(async () => {
    used.server = await strictServer();
    used.agent = new Agent();
  });
  afterAll(async () => {
    await used.agent.close();
    await used.server[Symbol.asyncDispose]();
  });
  return used;
}
