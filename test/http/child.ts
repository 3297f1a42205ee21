// Starts child processes for the tests of fetch.
import type { ChildOptions } from "../server/child.ts";
import { type Ended, inChild as run } from "../driver/support.ts";
import type { TestServer } from "../server/start.ts";

const PRELUDE = `
import { fetch } from "#root/src/http/fetch.ts";
import { transferInfo } from "#root/src/http/response/response.ts";
import * as shared from "#root/test/http/support.ts";
const { collect, get: ask, rss } = shared;
const ports = JSON.parse(process.env.PORTS ?? "{}");
const base = "http://127.0.0.1:" + ports.http;
`;

/** Runs a script in a process of its own, with `fetch` and the servers' ports in scope. */
export function inChild(
  server: TestServer,
  source: string,
  options: ChildOptions = {},
): Promise<Ended> {
  const env = { PORTS: JSON.stringify(server), ...options.env };
  return run(PRELUDE + source, { ...options, env });
}
