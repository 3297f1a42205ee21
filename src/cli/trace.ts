/**
 * `curlew trace`: where the time of one request goes.
 *
 * @module
 */

import { CurlCommandError } from "../command/command_error.ts";
import { parseCurl } from "../command/parse_curl.ts";
import { redactUrl } from "../command/write/redact.ts";
import { CurlEasyError } from "../errors.ts";
import { fetch } from "../http/fetch.ts";
import { transferInfo } from "../http/response/response.ts";
import type { TransferInfo } from "../http/response/info.ts";
import { drawPhases, phasesOf } from "../observe/phases.ts";
import { bytesText } from "./curl/progress.ts";
import { type Io, print } from "./io.ts";

const WIDTH = 50;

/** Fetches what the arguments of curl say, and draws it. Gives the code to exit with. */
export async function runTrace(args: readonly string[], io: Io): Promise<number> {
  try {
    const { readFile, fileTime, env } = io;
    const { url, init } = parseCurl(args, { readFile, fileTime, env });
    const response = await fetch(url, { redirect: "follow", ...followed(init) });
    await response.arrayBuffer();
    print(io, traceText(response, init.method ?? "GET", transferInfo(response), io));
    return 0;
  } catch (error) {
    const cause = error instanceof CurlCommandError ? error : (error as Error).cause;
    const isKnown = cause instanceof CurlEasyError || cause instanceof CurlCommandError;
    print(io, `curlew trace: ${(error as Error).message}\n`, 2);
    return isKnown ? cause.code : 1;
  }
}

/** Redirects are followed, which curl would only do with -L. */
function followed<T extends { readonly redirect?: string }>(init: T): Omit<T, "redirect"> {
  const { redirect: _, ...rest } = init;
  return rest;
}

function traceText(response: Response, method: string, info: TransferInfo, io: Io): string {
  const { httpVersion, primaryIp, primaryPort, redirects, bytesIn, reused, total } = info;
  const isColoured = io.isTerminal(1) && !io.env["NO_COLOR"];
  const facts = [
    `${response.status} ${response.statusText}`.trim(),
    `HTTP/${httpVersion ?? "?"}`,
    primaryIp === null ? "no address" : `${primaryIp} port ${primaryPort}`,
    bytesText(bytesIn),
    ...(redirects > 0 ? [`${redirects} redirect${redirects === 1 ? "" : "s"} before it`] : []),
    ...(reused ? ["on a kept connection"] : []),
  ];
  const drawn = drawPhases(phasesOf(info), { width: WIDTH, from: 0, to: total, isColoured });
  return `${method} ${redactUrl(response.url)}\n${facts.join(", ")}\n\n` +
    `${drawn.join("\n")}\n${"total".padEnd(13 + WIDTH)}${`${total.toFixed(1)} ms`.padStart(12)}\n`;
}
