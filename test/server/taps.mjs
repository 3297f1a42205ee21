// Relays that record what a client sends, in front of servers of every line protocol. An HTTP
// server returns the recording: `GET /take` by tap when the clients have closed, `GET /peek` at
// once, and `GET /reset` deletes it.
import { Buffer } from "node:buffer";
import http from "node:http";
import net from "node:net";
import { startFtp } from "./ftp/ftp.mjs";
import { files, folders } from "./ftp/tree.mjs";
import { startHttp } from "./http.mjs";
import { listen } from "./listen.mjs";
import { startProxy } from "./proxy/proxy.mjs";
import { SCRIPTS, startScript } from "./scripts.mjs";
import { startSocks } from "./proxy/socks.mjs";

/**
 * By tap: the bytes of each connection, in the order of the connections, and whether it is closed.
 */
const kept = new Map();

/** Listens in front of a server. Returns the port. */
async function tap(name, port) {
  kept.set(name, []);
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    const connection = { bytes: [], isOver: false, isOld: false },
      upstream = net.connect({ port, host: "127.0.0.1" });
    kept.get(name).push(connection);
    client.on("data", (chunk) => connection.bytes.push(chunk));
    client.pipe(upstream);
    upstream.pipe(client);
    client.once("end", () => connection.isOver = true); // the client has sent everything
    client.once("close", () => {
      connection.isOver = true;
      upstream.destroy();
    });
    upstream.once("close", () => client.destroySoon());
    for (const socket of [client, upstream]) socket.on("error", () => {});
  });
  return await listen(server);
}

const PROXIES = ["proxy", "proxyAuth", "socks", "socksAuth"];

/** The taps that clients have used. Behind a proxy only the tap of the proxy counts. */
function used() {
  const all = [...kept].map(([name, connections]) => [
    name,
    connections.filter(({ bytes, isOld }) => !isOld || bytes.length > 0),
  ]).filter(([, connections]) => connections.length > 0);
  const behind = all.some(([name]) => PROXIES.includes(name));
  return behind ? all.filter(([name]) => PROXIES.includes(name)) : all;
}

function taken() {
  const all = {};
  for (const [name, connections] of used()) {
    all[name] = connections.map(({ bytes }) => Buffer.concat(bytes).toString("base64"));
  }
  return all;
}

const original = { files: new Map(files), folders: new Set(folders) };

/** Deletes the recordings, except for open connections, and restores the FTP server's files. */
function reset() {
  for (const [name, connections] of kept) {
    const rest = connections.filter(({ isOver }) => !isOver);
    for (const connection of rest) Object.assign(connection, { bytes: [], isOld: true });
    kept.set(name, rest);
  }
  files.clear();
  folders.clear();
  for (const [path, bytes] of original.files) files.set(path, bytes);
  for (const path of original.folders) folders.add(path);
}

/** Responds when the clients have closed, since their last bytes may still be in transit. */
function control(req, res) {
  const isOpen = () =>
    req.url !== "/peek" &&
    used().some(([, all]) => all.some(({ isOver, isOld }) => !isOver && !isOld));
  const answer = (tries) => {
    if (isOpen() && tries > 0) return void setTimeout(answer, 5, tries - 1);
    const body = JSON.stringify(req.url === "/reset" ? {} : taken());
    if (req.url === "/reset") reset();
    res.end(body);
  };
  answer(req.url === "/reset" ? 0 : 400);
}

export async function startTaps() {
  const { http: web } = await startHttp(), { ftp } = await startFtp();
  const { proxy, proxyAuth } = await startProxy(), { socks, socksAuth } = await startSocks();
  const ports = { http: web, ftp, proxy, proxyAuth, socks, socksAuth };
  for (const name of Object.keys(SCRIPTS)) ports[name] = await startScript(name);
  const taps = { control: await listen(http.createServer(control)), web };
  for (const [name, port] of Object.entries(ports)) taps[name] = await tap(name, port);
  return { taps };
}
