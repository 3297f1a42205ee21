// Serves docs/dist/ on the loopback interface: browsers do not load module scripts from file: URLs.
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import process from "node:process";
import { DIST } from "./paths.mjs";

const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".woff2": "font/woff2",
};

/** The file for a path of the site, `null` where there is none. */
function fileOf(url) {
  const { pathname } = new URL(url, "http://localhost/");
  const path = normalize(decodeURIComponent(pathname));
  const file = join(DIST, path.endsWith("/") ? `${path}index.html` : path);
  return statSync(file, { throwIfNoEntry: false })?.isFile() ? file : null;
}

/** Starts a server of the site on the given port, or on one that the system chooses. */
export async function serve(port = 0) {
  const server = createServer((request, response) => {
    const file = fileOf(request.url);
    const name = file ?? join(DIST, "404.html");
    const type = TYPES[extname(name)] ?? "application/octet-stream";
    response.writeHead(file ? 200 : 404, { "Content-Type": type });
    createReadStream(name).pipe(response);
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, close };
}

if (process.argv[1] === import.meta.filename) {
  const { origin } = await serve();
  process.stdout.write(`${origin}/ until Ctrl-C\n`);
}
