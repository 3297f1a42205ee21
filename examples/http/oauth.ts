// OAuth 2.0 with client credentials (RFC 6749, section 4.4): all requests share a token, which is
// requested once, then again shortly before it expires, and when the API refuses it.
//
//   CLIENT_ID=app CLIENT_SECRET=s3cr3t deno run --allow-ffi --allow-env examples/http/oauth.ts \
//     https://login.example/token https://api.example/me https://api.example/mail
//   CLIENT_ID=app CLIENT_SECRET=s3cr3t bun examples/http/oauth.ts \
//     https://login.example/token https://api.example/me https://api.example/mail
//   > {"me":"app"}
//   > {"mail":2}
//   2> a token for 3600 s
//   2> refused, so another token
//   2> a token for 3600 s
import { Buffer } from "node:buffer";
import process from "node:process";
import { fetch, type FetchInit } from "curlew";

const { CLIENT_ID: id = "", CLIENT_SECRET: secret = "" } = process.env;
const [tokenUrl, ...urls] = process.argv.slice(2);
if (!tokenUrl || !id) throw new Error("Usage: CLIENT_ID=… CLIENT_SECRET=… oauth.ts TOKEN_URL URL…");

interface Token {
  readonly value: string;
  /** The end, on the clock of `performance.now()`, which is never adjusted. */
  readonly expires: number;
}

async function newToken(url: string): Promise<Token> {
  const asked = performance.now();
  const credentials = [id, secret].map(encodeURIComponent).join(":");
  const response = await fetch(url, {
    method: "POST",
    headers: { Authorization: `Basic ${Buffer.from(credentials).toString("base64")}` },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
    timeout: 10_000,
  });
  if (!response.ok) throw new Error(`No token: ${response.status} ${await response.text()}`);
  const { access_token: value, expires_in: seconds = 300 } = await response.json();
  console.error(`a token for ${seconds} s`);
  return { value, expires: asked + (seconds - 30) * 1000 };
}

/** A promise, so that simultaneous requests wait for the same token. */
let current: Promise<Token> | null = null;

async function token(refused?: Token): Promise<Token> {
  const known = await current?.catch(() => null);
  const isGood = known && known !== refused && performance.now() < known.expires;
  return isGood ? known : await (current = newToken(tokenUrl as string));
}

/** fetch with a token. */
async function authorized(url: string, init: FetchInit = {}): Promise<Response> {
  const send = ({ value }: Token) =>
    fetch(url, { timeout: 30_000, ...init, headers: { Authorization: `Bearer ${value}` } });
  const first = await token(), response = await send(first);
  if (response.status !== 401) return response;
  await response.body?.cancel();
  console.error("refused, so another token");
  return await send(await token(first));
}

for (const url of urls) console.log(await (await authorized(url)).text());
