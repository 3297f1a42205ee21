// Every call that follows redirects decides alike what comes after a response.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { download, fetchSync, transferInfo, upload } from "../../../mod.ts";
import { useFolder, useServer } from "../../use.ts";
import { type Echo, get } from "../support.ts";

const server = useServer("http");
const folder = useFolder("redirects");

/** What a call came to: at most one redirect is followed here before it succeeds. */
interface Outcome {
  readonly status: number;
  readonly redirected: boolean;
  /** With what method `/echo` was reached, "" where it was not. */
  readonly method?: string;
}

const BODY = "hello", timeout = 10_000;
const methodIn = (text: string) => text.startsWith("{") ? (JSON.parse(text) as Echo).method : "";

async function ofFetch(url: string, init: { method?: string; body?: string }): Promise<Outcome> {
  const response = await get(url, init), method = methodIn(await response.text());
  return { status: response.status, redirected: transferInfo(response).redirects === 1, method };
}

function ofFetchSync(url: string, init: { method?: string; body?: string }): Outcome {
  const { status, redirected, body } = fetchSync(url, { timeout, ...init });
  return { status, redirected, method: methodIn(new TextDecoder().decode(body)) };
}

async function ofDownload(url: string): Promise<Outcome> {
  const path = join(folder, "file");
  const { info } = await download(url, path, { timeout, resume: false });
  const method = methodIn(readFileSync(path, "utf8"));
  return { status: 200, redirected: info.redirects === 1, method };
}

async function ofUpload(url: string): Promise<Outcome> {
  const { status, info } = await upload(new TextEncoder().encode(BODY), url, { timeout });
  return { status, redirected: info.redirects === 1 };
}

async function settled(run: () => Outcome | Promise<Outcome>): Promise<Outcome | string> {
  try {
    return await run();
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return String(error).replace(/ (?:fetchSync|download|upload)\b/, " fetch"); // each names itself
  }
}

const FOLLOWED = [301, 302, 303, 307, 308];
const STATUSES = [200, 201, 300, ...FOLLOWED, 304, 305, 306, 309, 404];
/** Where a response points to, and what it comes to where that is followed. */
const TARGETS: Record<string, [target: () => string, error?: string]> = {
  "a path": [() => "/echo"],
  "a URL": [() => server.url("/echo")],
  "another origin": [() => server.url("/echo").replace("127.0.0.1", "localhost")],
  "another scheme": [() => "ftp://127.0.0.1/", 'it redirects to a "ftp:" URL'],
  "no URL": [() => "http://[", "it redirects to an invalid URL"],
  "redirects without end": [() => server.url("/redirect/30"), "it redirects more than 20 times"],
};
const CASES = STATUSES.flatMap((status) =>
  Object.entries(TARGETS).map(([name, [target, error]]) => ({ status, name, target, error }))
);

test.for(CASES)("$status and a Location with $name", async ({ status, target, error }) => {
  const url = server.url(`/redirect-to?status=${status}&url=${encodeURIComponent(target())}`);
  const isFollowed = FOLLOWED.includes(status);
  const got = await settled(() => ofFetch(url, {}));
  const sent = await settled(() => ofFetch(url, { method: "PUT", body: BODY }));
  if (isFollowed && error) {
    for (const outcome of [got, sent]) expect(outcome).toContain(error);
  } else {
    const expected = { status: isFollowed ? 200 : status, redirected: isFollowed };
    expect(got).toEqual({ ...expected, method: isFollowed ? "GET" : "" });
    const method = !isFollowed ? "" : status === 303 ? "GET" : "PUT";
    expect(sent).toEqual({ ...expected, method });
  }
  expect(await settled(() => ofFetchSync(url, {}))).toEqual(got);
  expect(await settled(() => ofFetchSync(url, { method: "PUT", body: BODY }))).toEqual(sent);
  const uploaded = await settled(() => ofUpload(url));
  if (typeof sent === "string") expect(uploaded).toBe(sent);
  else expect(uploaded).toEqual({ status: sent.status, redirected: sent.redirected });
  const downloaded = await settled(() => ofDownload(url));
  if (typeof got === "string") expect(downloaded).toBe(got);
  else if (got.status < 300) expect(downloaded).toEqual({ ...got, status: 200 });
  else expect(downloaded).toContain(`the server answered ${got.status}`);
});
