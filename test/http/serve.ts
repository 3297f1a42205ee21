/** The runtime's own HTTP server, for tests of what a handler may return. */
import { isBun } from "./support.ts";

type Handler = (request: Request) => Response | Promise<Response>;

interface BunServer {
  readonly port: number;
  stop(closeConnections: boolean): Promise<void>;
}

interface DenoServer {
  readonly addr: { readonly port: number };
  shutdown(): Promise<void>;
}

const runtime = globalThis as unknown as {
  readonly Bun: { serve(options: object): BunServer };
  readonly Deno: { serve(options: object, handler: Handler): DenoServer };
};

/** A running server. */
export interface OwnServer {
  readonly url: string;
  /**
   * The messages of the errors that the handler, or the server with its response, has failed with.
   */
  readonly errors: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts `Bun.serve` or `Deno.serve` with a handler. An error of the handler is answered with 500.
 */
export function serveWith(handler: Handler): OwnServer {
  const errors: string[] = [];
  const onError = (error: Error) => {
    errors.push(error.message);
    return new Response("error", { status: 500 });
  };
  const options = { port: 0, hostname: "127.0.0.1", onListen() {}, onError, error: onError };
  const server = isBun
    ? runtime.Bun.serve({ ...options, fetch: handler })
    : runtime.Deno.serve(options, handler);
  const port = "port" in server ? server.port : server.addr.port;
  return {
    url: `http://127.0.0.1:${port}/`,
    errors,
    [Symbol.asyncDispose]: () => "stop" in server ? server.stop(true) : server.shutdown(),
  };
}
