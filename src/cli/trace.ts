/**
 * `curlew trace`: fetches URLs, and draws the phases of each transfer.
 *
 * @module
 */

import { Agent } from "../driver/agent.ts";
import { fetch } from "../http/fetch.ts";
import { recordHar } from "../observe/har/record.ts";
import { waterfall } from "../observe/chart/waterfall.ts";
import { messageOf } from "../untrusted.ts";
import { type Io, print } from "./io.ts";

const USAGE = "Usage: curlew trace URL…\n";
/** The width of the chart where the output is not a terminal. */
const WIDTH = 80;
const TIMEOUT_MS = 60_000;

/** Fetches all URLs at once. Returns the exit code: 1 where a transfer failed. */
export async function runTrace(args: readonly string[], io: Io): Promise<number> {
  if (args.length === 0 || args.some((arg) => arg.startsWith("-"))) {
    print(io, USAGE, 2);
    return 2;
  }
  await using agent = new Agent();
  using recorder = recordHar(agent);
  const results = await Promise.allSettled(args.map((url) => get(agent, withScheme(url))));
  const isTerminal = io.isTerminal(1), width = isTerminal ? Math.max(io.columns(), 30) : WIDTH;
  const color = isTerminal && !io.env["NO_COLOR"];
  print(io, `${waterfall(recorder.har()).text({ width, color })}\n`);
  const failed = results.filter((result) => result.status === "rejected");
  for (const { reason } of failed) print(io, `curlew: ${messageOf(reason)}\n`, 2);
  return failed.length === 0 ? 0 : 1;
}

/** Adds `http://` to a URL without a scheme, as curl does. */
const withScheme = (url: string) => /^[a-z][a-z\d+.-]*:\/\//i.test(url) ? url : `http://${url}`;

async function get(agent: Agent, url: string): Promise<void> {
  const { body } = await fetch(url, { agent, timeout: TIMEOUT_MS });
  if (body) { for await (const _ of body); }
}
