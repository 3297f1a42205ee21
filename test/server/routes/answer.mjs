// Routes for responses: status, headers, redirects, silence, broken connections.
import { json, small } from "../reply.mjs";

/** `/delay/MS` the small response, after a delay */
function delay(_req, res, [ms]) {
  const timer = setTimeout(() => small(res), Number(ms));
  res.once("close", () => clearTimeout(timer));
}

/** `/hold` never answers */
function hold() {}

/** `/status/CODE` */
function status(_req, res, [code]) {
  const bare = code === "204" || code === "304";
  if (bare) return void res.writeHead(Number(code)).end();
  const body = `status ${code}\n`;
  res.writeHead(Number(code), { "content-type": "text/plain", "content-length": body.length });
  res.end(body);
}

function location(res, code, url) {
  res.writeHead(code, { location: url, "content-length": 0 });
  res.end();
}

/** `/redirect/N` redirects to `/redirect/N-1`, `/redirect/0` to `/small`: N + 1 redirects */
function redirect(_req, res, [count], query) {
  const n = Number(count);
  const suffix = query.size > 0 ? `?${query}` : "";
  const next = n > 0 ? `/redirect/${n - 1}${suffix}` : "/small";
  location(res, Number(query.get("status") ?? 302), next);
}

/** `/redirect-to?url=&status=&cookie=`; `&read=1` reads the request's body first */
function redirectTo(req, res, _args, query) {
  if (query.has("cookie")) res.setHeader("set-cookie", query.get("cookie"));
  const answer = () =>
    location(res, Number(query.get("status") ?? 302), query.get("url") ?? "/small");
  if (query.has("read")) req.resume().once("end", answer);
  else answer();
}

/** `/early-hints` 103, then the small response */
function earlyHints(_req, res) {
  res.writeEarlyHints({ link: "</style.css>; rel=preload; as=style" });
  small(res);
}

/** `/headers?n=` many response headers */
function headers(_req, res, _args, query) {
  const n = Number(query.get("n") ?? 10);
  const many = {};
  for (let i = 0; i < n; i++) many[`X-Header-${i}`] = `value ${i}`;
  json(res, 200, { n }, many);
}

const EARLY = "the whole answer";

/**
 * `/early/HOW/WHEN` answers before the request body has ended, and does not need the rest: with a
 * "length", "without" one, by "pieces". WHEN: "unasked" before any of the body, "body" after a part
 * of it, both with the end of the stream at once; any other value ends the stream later
 */
function early(req, res, [how, when]) {
  const answer = () => {
    const type = { "content-type": "text/plain" };
    res.writeHead(200, how === "length" ? { ...type, "content-length": EARLY.length } : type);
    const close = () => res.stream?.close(); // RST_STREAM(NO_ERROR)
    const end = () => res.end(how === "pieces" ? "" : EARLY, when ? close : later(close, 50));
    if (how !== "pieces") return end();
    for (const letter of EARLY) res.write(letter);
    later(end, when ? 0 : 20)();
  };
  if (when === "unasked") answer();
  else req.once("data", answer);
}

const later = (call, ms) => () => setTimeout(call, ms);

/**
 * `/once-on-kept/ID` redirects to itself at the first request on a connection, and closes a
 * connection that is reused without a response; on another one it gives the small response
 */
const redirected = new WeakSet();
const expected = new Set();
function onceOnKept(req, res, [id]) {
  const connection = req.stream?.session ?? req.socket;
  req.resume().once("end", () => {
    if (redirected.has(connection)) {
      expected.add(id);
      return void connection.destroy();
    }
    if (expected.has(id)) return small(res);
    redirected.add(connection);
    location(res, 307, `/once-on-kept/${id}`);
  });
}

/**
 * Under TLS only the inner socket can send a RST; a unix socket has no RST; the socket may be
 * closed.
 */
function abort(socket) {
  const tcp = socket?._parent ?? socket;
  if (tcp?.remoteAddress) tcp.resetAndDestroy();
  else tcp?.destroy();
}

/** `/reset` RST after the headers and 10 of 1000 bytes (h2: RST_STREAM) */
function reset(_req, res) {
  res.writeHead(200, { "content-type": "text/plain", "content-length": 1000 });
  res.write("0123456789", () => {
    if (res.stream) return res.stream.close(2);
    abort(res.socket);
  });
}

/** `/truncated` announces 1000 bytes, sends 10, closes */
function truncated(_req, res) {
  res.writeHead(200, { "content-type": "text/plain", "content-length": 1000 });
  if (res.stream) return void res.end("0123456789");
  res.write("0123456789", () => res.socket?.end());
}

/** `/close` the small response on a connection that is not kept */
function close(_req, res) {
  if (!res.stream) res.shouldKeepAlive = false;
  small(res);
  res.stream?.session?.close();
}

/** `/push/N` (HTTP/2) pushes `/pushed/0` to `/pushed/N-1`, then sends the small response */
function push(_req, res, [count]) {
  if (!res.stream?.pushAllowed) return json(res, 409, { error: "push is not allowed here" });
  for (let i = 0; i < Number(count); i++) {
    res.stream.pushStream({ ":path": `/pushed/${i}`, "x-number": String(i) }, (error, pushed) => {
      if (error) return;
      pushed.on("error", () => {});
      pushed.respond({ ":status": 200, "content-type": "text/plain" });
      pushed.end(`pushed ${i}\n`);
    });
  }
  small(res);
}

export const answerRoutes = {
  delay,
  hold,
  status,
  redirect,
  "redirect-to": redirectTo,
  "early-hints": earlyHints,
  early,
  headers,
  "once-on-kept": onceOnKept,
  reset,
  truncated,
  close,
  push,
};
